package io.garrick.mergetree;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * One history of flushes, compactions, a purge, an ingest and a dropped table; the power is cut
 * before every single step that the disk or the manifest takes, and again while the store recovers.
 * Whatever was durable is there, once; what was in memory comes back by replay.
 */
final class CrashPointsTest {
    private static final long TABLE = 77;
    private static final long OTHER = 78;
    private static final long HANDLES = 12;
    private static final int TRIES_PER_POINT = 4;

    private final TableSchema table = Rig.table(TABLE);

    /** One step of the history; a structural one is repeated after a crash, as its caller would. */
    private interface Step {
        void run(SimRig rig, History history) throws IOException;
    }

    private record Version(Rig.@Nullable Image image) {}

    private static final class History {
        final List<CommittedRow> log = new ArrayList<>();
        final TreeMap<Long, TreeMap<Long, Version>> model = new TreeMap<>();
        long safepoint;
        long index;

        void put(SimRig rig, long handle, long ts, long value) {
            Rig.Image image = new Rig.Image(value, "v" + value, null);
            model.computeIfAbsent(handle, _ -> new TreeMap<>()).put(ts, new Version(image));
            append(rig, CommittedRow.put(TABLE, handle, ts, Rig.row(image), 3, ++index, 0));
        }

        void delete(SimRig rig, long handle, long ts) {
            model.computeIfAbsent(handle, _ -> new TreeMap<>()).put(ts, new Version(null));
            append(rig, CommittedRow.delete(TABLE, handle, ts, 3, ++index, 0));
        }

        private void append(SimRig rig, CommittedRow row) {
            log.add(row);
            rig.store.append(List.of(row));
        }

        void forget(long from, long to) {
            model.subMap(from, to).clear();
            log.removeIf(row -> from <= row.handle() && row.handle() < to);
        }

        NavigableMap<Long, Rig.Image> at(long ts) {
            TreeMap<Long, Rig.Image> result = new TreeMap<>();
            model.forEach((handle, versions) -> {
                Map.Entry<Long, Version> version = versions.floorEntry(ts);
                Rig.Image image = version == null ? null : version.getValue().image();
                if (image != null) {
                    result.put(handle, image);
                }
            });
            return result;
        }
    }

    private static KeyRange handles(long from, long to) {
        return new KeyRange(TableKeys.recordKey(TABLE, from), TableKeys.recordKey(TABLE, to));
    }

    private static List<Step> steps() {
        List<Step> steps = new ArrayList<>();
        for (long round = 0; round < 5; round++) {
            long ts = 10 + round * 10;
            steps.add((rig, history) -> {
                for (long handle = 0; handle < HANDLES; handle++) {
                    if ((handle + ts / 10) % 3 != 0) {
                        history.put(rig, handle, ts + handle % 3, ts + handle);
                    }
                }
                history.delete(rig, (ts / 10) % HANDLES, ts + 5);
            });
            steps.add((rig, _) -> rig.store.flush(FlushScope.ALL));
        }
        steps.add((rig, _) ->
                rig.store.append(
                        List.of(
                                CommittedRow.put(
                                        OTHER,
                                        1,
                                        10,
                                        Rig.row(new Rig.Image(1L, null, null)),
                                        4,
                                        1,
                                        0))));
        steps.add((rig, _) -> rig.store.flush(FlushScope.ALL));
        steps.add((rig, _) -> rig.store.dropTable(OTHER, new Timestamp(30)));
        steps.add(CrashPointsTest::purge);
        steps.add((rig, history) -> history.put(rig, 4, 70, 700));
        steps.add(CrashPointsTest::ingest);
        steps.add((rig, history) -> history.put(rig, 8, 80, 800));
        steps.add((rig, history) -> {
            history.safepoint = 35;
            rig.store.advanceSafepoint(new Timestamp(35));
        });
        steps.add(CrashPointsTest::compactAll);
        steps.add((rig, _) -> rig.store.flush(FlushScope.ALL));
        steps.add(CrashPointsTest::compactAll);
        return steps;
    }

    private static void compactAll(SimRig rig, History history) throws IOException {
        boolean more = true;
        while (more) {
            more = rig.store.compactOnce();
        }
    }

    private static void purge(SimRig rig, History history) throws IOException {
        history.forget(2, 5);
        rig.store.purge(handles(2, 5), new OpId(3, 50, 1));
    }

    private static void ingest(SimRig rig, History history) throws IOException {
        history.forget(6, 9);
        List<MapSource.Row> rows = new ArrayList<>();
        for (long handle = 6; handle < 9; handle++) {
            for (long ts : new long[] {75, 15}) {
                Rig.Image image = new Rig.Image(handle * ts, null, null);
                history.model
                        .computeIfAbsent(handle, _ -> new TreeMap<>())
                        .put(ts, new Version(image));
                rows.add(new MapSource.Row(handle, ts, image));
            }
        }
        rig.store.ingest(
                new MapSource(TABLE, handles(6, 9), false, rows.iterator()), new OpId(3, 60, 2));
    }

    @Test
    void noCutOfThePowerLosesOrDoublesARow() throws IOException {
        long points = run(Long.MAX_VALUE, 0);
        assertThat(points).isGreaterThan(100);
        for (long point = 0; point < points; point++) {
            for (int attempt = 0; attempt < TRIES_PER_POINT; attempt++) {
                run(point, attempt);
            }
        }
    }

    @Test
    void aFailedStepLosesNothingEither() throws IOException {
        List<Step> steps = steps();
        long points = run(Long.MAX_VALUE, 0);
        for (long point = 0; point < points; point++) {
            try (SimRig rig = new SimRig(Rig.SMALL, table, Rig.table(OTHER))) {
                History history = new History();
                rig.power.failAfter(point);
                for (Step step : steps) {
                    retried(rig, history, step);
                }
                check(rig, history, "failure of step " + point);
                rig.crash(new SplittableRandom(point));
                rig.start();
                rig.store.append(history.log);
                check(rig, history, "restart after failure of step " + point);
            }
        }
    }

    private static void retried(SimRig rig, History history, Step step) throws IOException {
        try {
            step.run(rig, history);
        } catch (IOException e) {
            step.run(rig, history);
        }
    }

    /** Gives the number of steps the machine took. */
    private long run(long cutBefore, int attempt) throws IOException {
        SplittableRandom chance = new SplittableRandom(cutBefore * TRIES_PER_POINT + attempt);
        try (SimRig rig = new SimRig(Rig.SMALL, table, Rig.table(OTHER))) {
            History history = new History();
            if (cutBefore < Long.MAX_VALUE) {
                rig.power.cutAfter(cutBefore);
            }
            for (Step step : steps()) {
                try {
                    step.run(rig, history);
                } catch (IOException e) {
                    restart(rig, chance);
                    rig.store.append(history.log);
                    step.run(rig, history);
                    check(rig, history, "cut before step " + cutBefore + " attempt " + attempt);
                }
            }
            check(rig, history, "end, cut before step " + cutBefore + " attempt " + attempt);
            long points = rig.power.steps();
            restart(rig, chance);
            rig.store.append(history.log);
            check(rig, history, "restart, cut before step " + cutBefore + " attempt " + attempt);
            assertThat(rig.store.stats().tables())
                    .noneMatch(stats -> stats.tableId() == OTHER && stats.partRows() > 0);
            return points;
        }
    }

    /** A second cut may come while the store recovers from the first. */
    private static void restart(SimRig rig, SplittableRandom chance) throws IOException {
        rig.crash(chance);
        rig.power.cutAfter(chance.nextInt(4));
        try {
            rig.start();
            rig.store.close();
        } catch (IOException e) {
            // Cut again; the store never came up.
        }
        rig.crash(chance);
        rig.start();
    }

    private void check(SimRig rig, History history, String where) throws IOException {
        LongStream.of(90, 72, 48, 35)
                .filter(ts -> ts >= history.safepoint)
                .forEach(ts -> {
                    try {
                        assertThat(rig.read(table, ts))
                                .as("%s, read at %d", where, ts)
                                .isEqualTo(history.at(ts));
                    } catch (IOException e) {
                        throw new AssertionError(where, e);
                    }
                });
    }
}
