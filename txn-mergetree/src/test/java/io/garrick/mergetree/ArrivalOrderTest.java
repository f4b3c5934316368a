package io.garrick.mergetree;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every order of arrival of a handle's versions, over memory and parts, gives the same reads. */
final class ArrivalOrderTest {
    private static final int VERSIONS = 4;
    // Version i has commit ts 10 * (i + 1); this one is a deletion.
    private static final int DELETION = 2;

    @TempDir Path directory;
    private final TableSchema table = Rig.table(1);

    @Test
    void visibilityDoesNotDependOnTheOrderOfArrival() throws IOException {
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            rig.schemas.put(1L, table);
            List<List<Integer>> orders = new ArrayList<>();
            permute(new ArrayList<>(), orders);
            // Each order is a handle of its own; flushes after step f if bit f is set, for all.
            long index = 0;
            for (int flushes = 0; flushes < 1 << (VERSIONS - 1); flushes++) {
                for (int step = 0; step < VERSIONS; step++) {
                    List<CommittedRow> rows = new ArrayList<>();
                    index++;
                    for (int handle = 0; handle < orders.size(); handle++) {
                        rows.add(version(handle, orders.get(handle).get(step), index, handle));
                    }
                    rig.store.append(rows);
                    check(rig, orders, step + 1);
                    if ((flushes >> step & 1) != 0) {
                        rig.store.flush(FlushScope.ALL);
                        check(rig, orders, step + 1);
                    }
                }
                while (rig.store.compactOnce()) {
                    check(rig, orders, VERSIONS);
                }
                rig.restart();
                rig.store.purge(
                        new KeyRange(TableKeys.recordKey(1, -1), TableKeys.recordKey(1, 1000)),
                        new OpId(1, index, flushes));
                assertThat(rig.read(table, 1000)).isEmpty();
            }
        }
    }

    private static CommittedRow version(long handle, int version, long index, int ordinal) {
        long ts = 10L * (version + 1);
        return version == DELETION
                ? CommittedRow.delete(1, handle, ts, 3, index, ordinal)
                : CommittedRow.put(
                        1,
                        handle,
                        ts,
                        Rig.row(new Rig.Image((long) version, null, null)),
                        3,
                        index,
                        ordinal);
    }

    private void check(Rig rig, List<List<Integer>> orders, int arrived) throws IOException {
        for (long ts = 5; ts <= 10L * VERSIONS + 5; ts += 5) {
            var rows = rig.read(table, ts);
            for (int handle = 0; handle < orders.size(); handle++) {
                long newest = -1;
                for (int version : orders.get(handle).subList(0, arrived)) {
                    if (10L * (version + 1) <= ts) {
                        newest = Math.max(newest, version);
                    }
                }
                Rig.Image expected =
                        newest < 0 || newest == DELETION ? null : new Rig.Image(newest, null, null);
                assertThat(rows.get((long) handle))
                        .as("order %s arrived %d ts %d", orders.get(handle), arrived, ts)
                        .isEqualTo(expected);
            }
        }
    }

    private static void permute(List<Integer> prefix, List<List<Integer>> result) {
        if (prefix.size() == VERSIONS) {
            result.add(List.copyOf(prefix));
        }
        for (int next = 0; next < VERSIONS; next++) {
            if (!prefix.contains(next)) {
                prefix.add(next);
                permute(prefix, result);
                prefix.removeLast();
            }
        }
    }

    @Test
    void anOpenSnapshotKeepsItsRowsThroughEverything() throws IOException {
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            rig.schemas.put(1L, table);
            for (int part = 0; part < 5; part++) {
                rig.store.append(List.of(version(part, 0, part + 1, 0)));
                rig.store.flush(FlushScope.ALL);
            }
            try (Snapshot snapshot = rig.store.pin(1, new Timestamp(10))) {
                rig.store.append(List.of(version(0, 1, 6, 0), version(1, DELETION, 6, 1)));
                rig.store.flush(FlushScope.ALL);
                rig.store.advanceSafepoint(new Timestamp(100));
                assertThat(rig.store.compactOnce()).isTrue();
                rig.store.purge(KeyRange.ALL, new OpId(1, 1, 1));
                assertThat(rig.read(table, 100)).isEmpty();
                var before = rig.read(snapshot, table, List.of(), List.of());
                assertThat(before.keySet()).containsExactly(0L, 1L, 2L, 3L, 4L);
                assertThat(before.get(0L)).isEqualTo(new Rig.Image(0L, null, null));
            }
        }
        // Files went with the last pin.
        assertThat(directory.resolve("data/parts")).isEmptyDirectory();
    }
}
