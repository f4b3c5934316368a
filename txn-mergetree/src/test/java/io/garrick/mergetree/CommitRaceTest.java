package io.garrick.mergetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens between the writing of a part and its commit. */
final class CommitRaceTest {
    private static final int PARTS = 4;

    @TempDir Path directory;
    private final TableSchema table = Rig.table(1);
    private long index;

    private void put(Rig rig, long handle, long ts, long value) {
        byte[] row = Rig.row(new Rig.Image(value, null, null));
        rig.store.append(List.of(CommittedRow.put(1, handle, ts, row, 3, ++index, 0)));
    }

    private Rig rig() throws IOException {
        Rig rig = new Rig(directory, Rig.SMALL);
        rig.schemas.put(1L, table);
        return rig;
    }

    private void fillParts(Rig rig) throws IOException {
        for (int handle = 0; handle < PARTS; handle++) {
            put(rig, handle, 10, handle);
            rig.store.flush(FlushScope.ALL);
        }
    }

    private static KeyRange handles(long from, long to) {
        return new KeyRange(TableKeys.recordKey(1, from), TableKeys.recordKey(1, to));
    }

    @BeforeEach
    void start() {
        index = 0;
    }

    @Test
    void killsThatArriveDuringACompactionReachItsOutput() throws IOException {
        try (Rig rig = rig()) {
            fillParts(rig);
            rig.beforeCommit =
                    () -> {
                        put(rig, 1, 20, 100);
                        put(rig, 2, 20, 200);
                        // Flushed ones are in the manifest against a part that is about to go.
                        rig.store.flush(FlushScope.ALL);
                        put(rig, 3, 20, 300);
                        assertThat(rig.read(table, 20)).hasSize(PARTS);
                    };
            assertThat(rig.store.compactOnce()).isTrue();
            for (int round = 0; round < 2; round++) {
                var now = rig.read(table, 20);
                assertThat(now.get(1L)).isEqualTo(new Rig.Image(100L, null, null));
                assertThat(now.get(2L)).isEqualTo(new Rig.Image(200L, null, null));
                assertThat(now.get(3L)).isEqualTo(new Rig.Image(300L, null, null));
                assertThat(rig.read(table, 19).get(1L)).isEqualTo(new Rig.Image(1L, null, null));
                rig.store.flush(FlushScope.ALL);
                rig.restart();
            }
        }
    }

    @Test
    void aPurgeDuringACompactionHoldsInItsOutput() throws IOException {
        try (Rig rig = rig()) {
            put(rig, 1, 10, 1);
            put(rig, 2, 10, 2);
            rig.store.flush(FlushScope.ALL);
            for (int handle = 3; handle < 7; handle++) {
                put(rig, handle, 10, handle);
                rig.store.flush(FlushScope.ALL);
            }
            rig.beforeCommit = () -> rig.store.purge(handles(2, 3), new OpId(1, 1, 1));
            assertThat(rig.store.compactOnce()).isTrue();
            assertThat(rig.read(table, 20).keySet()).containsExactly(1L, 3L, 4L, 5L, 6L);
            rig.restart();
            assertThat(rig.read(table, 20).keySet()).containsExactly(1L, 3L, 4L, 5L, 6L);
        }
    }

    @Test
    void aCompactionWhoseInputWasPurgedGivesUp() throws IOException {
        try (Rig rig = rig()) {
            fillParts(rig);
            rig.beforeCommit = () -> rig.store.purge(handles(2, 3), new OpId(1, 1, 1));
            assertThat(rig.store.compactOnce()).isFalse();
            assertThat(rig.read(table, 20).keySet()).containsExactly(0L, 1L, 3L);
            rig.restart();
            assertThat(rig.read(table, 20).keySet()).containsExactly(0L, 1L, 3L);
        }
    }

    @Test
    void newerVersionsAndPurgesDuringAFlushHoldInItsPart() throws IOException {
        try (Rig rig = rig()) {
            put(rig, 1, 10, 1);
            put(rig, 2, 10, 2);
            put(rig, 3, 10, 3);
            rig.beforeCommit =
                    () -> {
                        put(rig, 1, 20, 100);
                        assertThat(rig.read(table, 20)).hasSize(3);
                        rig.store.purge(handles(2, 3), new OpId(1, 1, 1));
                    };
            rig.store.flush(FlushScope.ALL);
            assertThat(rig.read(table, 20).keySet()).containsExactly(1L, 3L);
            assertThat(rig.read(table, 20).get(1L)).isEqualTo(new Rig.Image(100L, null, null));
            // The unflushed version is lost with memory; what it ended stays as it is on disk.
            rig.restart();
            assertThat(rig.read(table, 19).get(1L)).isEqualTo(new Rig.Image(1L, null, null));
            put(rig, 1, 20, 100);
            assertThat(rig.read(table, 20).get(1L)).isEqualTo(new Rig.Image(100L, null, null));
            assertThat(rig.read(table, 20).keySet()).containsExactly(1L, 3L);
        }
    }

    @Test
    void aFailureBeforeTheCommitLosesNothing() throws IOException {
        try (Rig rig = rig()) {
            put(rig, 1, 10, 1);
            rig.beforeCommit =
                    () -> {
                        throw new IOException("disk full");
                    };
            assertThatThrownBy(() -> rig.store.flush(FlushScope.ALL))
                    .isInstanceOf(IOException.class);
            assertThat(rig.read(table, 20).keySet()).containsExactly(1L);
            assertThat(directory.resolve("data/parts")).isEmptyDirectory();
            assertThat(rig.store.flush(FlushScope.ALL).complete()).isTrue();
            rig.restart();
            assertThat(rig.read(table, 20).keySet()).containsExactly(1L);
        }
    }

    @Test
    void readsBelowTheSafepointStayRefusedAfterARestart() throws IOException {
        try (Rig rig = rig()) {
            rig.store.advanceSafepoint(new Timestamp(50));
            rig.restart();
            assertThatThrownBy(() -> rig.read(table, 49)).isInstanceOf(ReadTooOldException.class);
            assertThat(rig.read(table, 50)).isEmpty();
        }
    }

    @Test
    void aDroppedTableGoesAtTheSafepoint() throws IOException {
        try (Rig rig = rig()) {
            fillParts(rig);
            rig.store.dropTable(1, new Timestamp(60));
            assertThat(rig.read(table, 20)).hasSize(PARTS);
            rig.restart();
            rig.store.advanceSafepoint(new Timestamp(60));
            assertThat(rig.read(table, 60)).isEmpty();
            assertThat(directory.resolve("data/parts")).isEmptyDirectory();
        }
    }

    @Test
    void versionsThatNobodyCanSeeGoWithARewrite() throws IOException {
        try (Rig rig = rig()) {
            for (int handle = 0; handle < 20; handle++) {
                put(rig, handle, 10, handle);
                put(rig, handle, 20, handle);
            }
            rig.store.append(List.of(CommittedRow.delete(1, 0, 30, 3, ++index, 0)));
            rig.store.flush(FlushScope.ALL);
            assertThat(rig.store.compactOnce()).isFalse();
            rig.store.advanceSafepoint(new Timestamp(30));
            assertThat(rig.store.compactOnce()).isTrue();
            assertThat(rig.store.stats().partRows()).isEqualTo(19);
            assertThat(rig.read(table, 30)).hasSize(19);
            assertThat(rig.store.compactOnce()).isFalse();
        }
    }

    @Test
    void aTombstoneStaysWhileAnOlderVersionIsInMemory() throws IOException {
        try (Rig rig = rig()) {
            put(rig, 1, 10, 1);
            rig.store.append(List.of(CommittedRow.delete(1, 1, 30, 3, ++index, 0)));
            rig.store.flush(FlushScope.ALL);
            put(rig, 1, 20, 2);
            rig.store.advanceSafepoint(new Timestamp(30));
            while (rig.store.compactOnce()) {
                assertThat(rig.read(table, 30)).isEmpty();
            }
            // Lost and replayed, the version must still find its end.
            rig.restart();
            put(rig, 1, 20, 2);
            assertThat(rig.read(table, 30)).isEmpty();
        }
    }
}
