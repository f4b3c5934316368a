package io.garrick.mergetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random histories against a sorted map of all versions. */
final class ModelOracleTest {
    private static final long TABLE = 77;
    private static final int HANDLES = 300;

    @TempDir Path directory;

    /** Handle to commit ts to image; a null image is a deletion. */
    private final TreeMap<Long, TreeMap<Long, Version>> model = new TreeMap<>();

    // Rows a restart must bring back, in the order of the region's log.
    private final List<CommittedRow> raftLog = new ArrayList<>();
    private TableSchema table = Rig.table(TABLE);
    // Odd seeds: the handle is a clustered primary key in bytes.
    private boolean common;
    private Random random = new Random(0);
    private long now = 1000;
    private long safepoint;
    private long raftIndex;
    private long sequence;

    record Version(Rig.@Nullable Image image) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void everySnapshotEqualsTheModel(long seed) throws IOException {
        random = new Random(seed);
        common = seed % 2 == 1;
        table = common ? Rig.commonTable(TABLE) : Rig.table(TABLE);
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            rig.schemas.put(TABLE, table);
            for (int step = 0; step < 150; step++) {
                String operation = step(rig);
                check(rig, "seed " + seed + " step " + step + " " + operation);
            }
        }
    }

    private String step(Rig rig) throws IOException {
        return switch (random.nextInt(20)) {
            case 0, 1 -> {
                assertThat(rig.store.flush(FlushScope.ALL).complete()).isTrue();
                yield "flush";
            }
            case 2, 3 -> "compact " + rig.store.compactOnce();
            case 4 -> {
                rig.restart();
                // A replay may begin long before the last flush.
                rig.store.append(raftLog);
                yield "restart";
            }
            case 5 -> {
                safepoint = Math.max(safepoint, now - random.nextInt(400));
                rig.store.advanceSafepoint(new Timestamp(safepoint));
                yield "safepoint " + safepoint;
            }
            case 6 -> purge(rig);
            case 7 -> ingest(rig);
            case 8 -> duplicate(rig);
            default -> append(rig);
        };
    }

    private String append(Rig rig) {
        List<CommittedRow> rows = new ArrayList<>();
        int count = 1 + random.nextInt(60);
        raftIndex++;
        for (int i = 0; i < count; i++) {
            long handle = handle();
            // Sometimes a version that is older than what is there (PITR).
            boolean late = random.nextInt(10) == 0;
            long ts = late ? Math.max(safepoint + 1, now - random.nextInt(200)) : ++now;
            TreeMap<Long, Version> versions = model.computeIfAbsent(handle, _ -> new TreeMap<>());
            if (versions.containsKey(ts)) {
                continue;
            }
            Rig.@Nullable Image image = random.nextInt(4) == 0 ? null : image();
            versions.put(ts, new Version(image));
            rows.add(committed(handle, ts, image, i));
        }
        raftLog.addAll(rows);
        rig.store.append(rows);
        return "append " + rows.size();
    }

    private CommittedRow committed(long handle, long ts, Rig.@Nullable Image image, int ordinal) {
        byte[] bytes = image == null ? new byte[0] : Rig.row(image);
        boolean delete = image == null;
        return common
                ? new CommittedRow(
                        TABLE, 0, Rig.bytes(handle), ts, delete, bytes, 5, raftIndex, ordinal)
                : new CommittedRow(TABLE, handle, null, ts, delete, bytes, 5, raftIndex, ordinal);
    }

    private String duplicate(Rig rig) {
        raftIndex++;
        int ordinal = 0;
        List<CommittedRow> rows = new ArrayList<>();
        for (Map.Entry<Long, TreeMap<Long, Version>> entry : model.entrySet()) {
            for (Map.Entry<Long, Version> version : entry.getValue().entrySet()) {
                if (version.getKey() > safepoint && random.nextInt(5) == 0) {
                    rows.add(
                            committed(
                                    entry.getKey(),
                                    version.getKey(),
                                    version.getValue().image(),
                                    ordinal++));
                }
            }
        }
        raftLog.addAll(rows);
        rig.store.append(rows);
        return "duplicate " + rows.size();
    }

    private String purge(Rig rig) throws IOException {
        long from = handle();
        long to = from + random.nextInt(HANDLES);
        forget(from, to);
        rig.store.purge(range(from, to), op());
        return "purge " + from + ".." + to;
    }

    private String ingest(Rig rig) throws IOException {
        long from = handle();
        long to = from + random.nextInt(HANDLES);
        // The snapshot has the range's rows, except for a few that the leader changed before.
        TreeMap<Long, TreeMap<Long, Version>> rows = new TreeMap<>();
        model.subMap(from, to)
                .forEach((handle, versions) -> {
                    if (random.nextInt(5) > 0) {
                        rows.put(handle, new TreeMap<>(versions));
                    }
                });
        for (int i = 0; i < 30 && from < to; i++) {
            long handle = from + random.nextInt((int) (to - from));
            rows.computeIfAbsent(handle, _ -> new TreeMap<>())
                    .put(++now, new Version(random.nextInt(4) == 0 ? null : image()));
        }
        forget(from, to);
        model.putAll(rows);
        OpId opId = op();
        rig.store.ingest(source(rows, range(from, to)), opId);
        // A crash may repeat it.
        rig.store.ingest(source(rows, range(from, to)), opId);
        return "ingest " + from + ".." + to;
    }

    /** Versions of the model as a region snapshot gives them. */
    private MapSource source(
            Map<Long, ? extends NavigableMap<Long, Version>> versions, KeyRange range) {
        List<MapSource.Row> rows = new ArrayList<>();
        versions.forEach((handle, byTs) ->
                byTs.descendingMap()
                        .forEach((ts, version) ->
                                rows.add(new MapSource.Row(handle, ts, version.image()))));
        return new MapSource(TABLE, range, common, rows.iterator());
    }

    private void forget(long from, long to) {
        model.subMap(from, to).clear();
        raftLog.removeIf(row -> from <= handle(row) && handle(row) < to);
    }

    private OpId op() {
        return new OpId(5, raftIndex, sequence++);
    }

    private static long handle(CommittedRow row) {
        byte[] bytes = row.commonHandle();
        return bytes == null ? row.handle() : ByteBuffer.wrap(bytes).getLong(1) ^ Long.MIN_VALUE;
    }

    private KeyRange range(long from, long to) {
        return new KeyRange(key(from), key(to));
    }

    private Key key(long handle) {
        return common
                ? TableKeys.recordKey(TABLE, Rig.bytes(handle))
                : TableKeys.recordKey(TABLE, handle);
    }

    private long handle() {
        return random.nextLong(HANDLES) - HANDLES / 2;
    }

    private Rig.Image image() {
        return new Rig.Image(
                random.nextInt(5) == 0 ? null : random.nextLong() >> random.nextInt(64),
                random.nextInt(5) == 0 ? null : "s".repeat(random.nextInt(5)) + random.nextInt(20),
                random.nextInt(5) == 0 ? null : BigDecimal.valueOf(random.nextInt() - 1L, 2));
    }

    private void check(Rig rig, String where) throws IOException {
        for (long ts : List.of(now, Long.MAX_VALUE, safepoint + random.nextInt(500))) {
            if (ts < safepoint) {
                continue;
            }
            assertThat(rig.read(table, ts)).as("%s ts %d", where, ts).isEqualTo(expected(ts));
        }
        long from = handle();
        long to = from + random.nextInt(100);
        NavigableMap<Long, Rig.Image> part =
                rig.read(table, now, List.of(handles(from, to)), List.of());
        assertThat(part).as("%s range", where).isEqualTo(expected(now).subMap(from, to + 1));
        if (safepoint > 1) {
            assertThatThrownBy(() -> rig.read(table, safepoint - 1))
                    .isInstanceOf(ReadTooOldException.class);
        }
    }

    private HandleRange handles(long from, long to) {
        return common
                ? new HandleRange.Bytes(Key.wrap(Rig.bytes(from)), Key.wrap(Rig.bytes(to + 1)))
                : new HandleRange.Ints(from, to);
    }

    private NavigableMap<Long, Rig.Image> expected(long ts) {
        TreeMap<Long, Rig.Image> result = new TreeMap<>();
        model.forEach((handle, versions) -> {
            Map.Entry<Long, Version> visible = versions.floorEntry(ts);
            if (visible != null && visible.getValue().image() != null) {
                result.put(handle, visible.getValue().image());
            }
        });
        return result;
    }
}
