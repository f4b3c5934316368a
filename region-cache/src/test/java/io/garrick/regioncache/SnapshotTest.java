package io.garrick.regioncache;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.SimStore;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Region snapshots, removal, and records that arrive in an unusual order. */
class SnapshotTest {
    private static final Key LONG_VALUE = Key.wrap(new byte[300]);
    private static final Key SHORT_VALUE = Key.wrap(new byte[] {7});

    private final SimStore disk =
            new SimStore(OrderedStore.Mode.ATOMIC_FLUSH, RegionCache.FAMILIES);
    private final ModelStore model = new ModelStore();
    private final Random random = new Random(1);

    /** A snapshot in memory, sorted as TiKV sends it. */
    private static final class Files implements SnapshotSource {
        final Map<CfWrite.Family, TreeMap<Key, Key>> entries = new TreeMap<>();

        Files put(CfWrite.Family family, Key key, Key value) {
            entries.computeIfAbsent(family, _ -> new TreeMap<>()).put(key, value);
            return this;
        }

        Files write(long handle, long commitTs, WriteRecord record) {
            return put(
                    CfWrite.Family.WRITE,
                    MvccKey.append(RegionLog.encodedKey(handle), commitTs),
                    Key.wrap(record.encode()));
        }

        Files value(long handle, long startTs, Key value) {
            return put(
                    CfWrite.Family.DEFAULT,
                    MvccKey.append(RegionLog.encodedKey(handle), startTs),
                    value);
        }

        Files lock(long handle, long startTs) {
            return put(
                    CfWrite.Family.LOCK,
                    RegionLog.encodedKey(handle),
                    Key.wrap(
                            LockRecord.Single.of(
                                            LockRecord.Kind.PUT,
                                            RegionLog.rawKey(handle),
                                            startTs,
                                            1000)
                                    .encode()));
        }

        @Override
        public Entries open(CfWrite.Family family) {
            Iterator<Map.Entry<Key, Key>> iterator =
                    entries.getOrDefault(family, new TreeMap<>()).entrySet().iterator();
            List<Map.Entry<Key, Key>> current = new ArrayList<>();
            return new Entries() {
                @Override
                public boolean next() {
                    current.clear();
                    if (iterator.hasNext()) {
                        current.add(iterator.next());
                        return true;
                    }
                    return false;
                }

                @Override
                public byte[] key() {
                    return current.getFirst().getKey().toBytes();
                }

                @Override
                public byte[] value() {
                    return current.getFirst().getValue().toBytes();
                }

                @Override
                public void close() {}
            };
        }
    }

    private static RegionState region(long id, long index, long sequence) {
        return new RegionState(
                id,
                new KeyRange(RegionLog.encodedKey(0), RegionLog.encodedKey(100)),
                Key.EMPTY,
                index,
                6,
                sequence);
    }

    private static String row(long handle, long ts, Key value) {
        return RegionLog.rawKey(handle) + "@" + ts + "=" + value;
    }

    private static CfWrite put(CfWrite.Family family, Key key, Key value) {
        return RegionLog.put(family, key, value);
    }

    private static CfWrite commit(long handle, long commitTs, WriteRecord record) {
        return put(
                CfWrite.Family.WRITE,
                MvccKey.append(RegionLog.encodedKey(handle), commitTs),
                Key.wrap(record.encode()));
    }

    private static void install(RegionCache cache, RegionState state, SnapshotSource source)
            throws IOException {
        cache.installSnapshot(state, source, 0);
    }

    @Test
    void aSnapshotGivesCommittedRowsAndLeavesTransactionsInFlightPending() throws IOException {
        RegionCache cache = RegionCache.open(disk, model);
        install(
                cache,
                region(1, 10, 1),
                new Files()
                        .write(1, 21, new WriteRecord.Put(20))
                        .value(1, 20, LONG_VALUE)
                        .write(1, 11, new WriteRecord.Put(10, SHORT_VALUE))
                        .write(2, 31, new WriteRecord.Delete(30))
                        .write(3, 41, new WriteRecord.Rollback(41))
                        .value(4, 50, LONG_VALUE)
                        .lock(4, 50));
        assertThat(model.contents())
                .containsExactly(
                        row(1, 11, SHORT_VALUE),
                        row(1, 21, LONG_VALUE),
                        RegionLog.rawKey(2) + "@31 deleted");
        assertThat(cache.blockingLock(1, KeyRange.ALL, 60, Set.of())).isPresent();
        assertThat(cache.blockingLock(1, KeyRange.ALL, 49, Set.of())).isEmpty();

        cache.apply(1, 11, 6, List.of(commit(4, 61, new WriteRecord.Put(50))));
        assertThat(model.contents()).contains(row(4, 61, LONG_VALUE));
    }

    @Test
    void aFencedRecordOfASnapshotEndsWhereItsCollectedSuccessorBegan() throws IOException {
        RegionCache cache = RegionCache.open(disk, model);
        WriteRecord.Details fence = new WriteRecord.Details(SHORT_VALUE, true, 30L, null, 0);
        install(cache, region(1, 10, 1), new Files().write(1, 20, new WriteRecord.Put(10, fence)));
        assertThat(model.contents())
                .containsExactly(row(1, 20, SHORT_VALUE), RegionLog.rawKey(1) + "@30 deleted");
    }

    @Test
    void aFencedRecordInTheLogIsTheRepetitionOfACommit() throws IOException {
        RegionCache cache = RegionCache.open(disk, model);
        install(cache, region(1, 10, 1), new Files());
        WriteRecord.Details fence = new WriteRecord.Details(null, true, 0L, null, 0);
        cache.apply(1, 11, 6, List.of(commit(1, 20, new WriteRecord.Put(10, fence))));
        assertThat(model.contents()).isEmpty();
        assertThat(cache.firstOrphanCommitTs(1)).isEmpty();
    }

    @Test
    void aCommitBeforeItsValueMakesReadsWaitUntilTheValueComes() throws IOException {
        RegionCache cache = RegionCache.open(disk, model);
        install(cache, region(1, 10, 1), new Files());
        cache.apply(1, 11, 6, List.of(commit(1, 20, new WriteRecord.Put(10))));
        assertThat(cache.firstOrphanCommitTs(1)).contains(20L);

        cache.checkpoint(model);
        RegionCache restarted = RegionCache.open(disk.crash(random), model);
        assertThat(restarted.firstOrphanCommitTs(1)).contains(20L);
        restarted.apply(
                1,
                12,
                6,
                List.of(
                        put(
                                CfWrite.Family.DEFAULT,
                                MvccKey.append(RegionLog.encodedKey(1), 10),
                                LONG_VALUE)));
        assertThat(restarted.firstOrphanCommitTs(1)).isEmpty();
        assertThat(model.contents()).containsExactly(row(1, 20, LONG_VALUE));
    }

    @Test
    void whatASnapshotReplacesDoesNotComeBackAfterACrash() throws IOException {
        RegionCache cache = RegionCache.open(disk, model);
        install(cache, region(1, 10, 1), new Files());
        cache.apply(1, 11, 6, List.of(commit(1, 20, new WriteRecord.Put(10, SHORT_VALUE))));
        cache.checkpoint(model);
        install(
                cache,
                region(1, 50, 2),
                new Files().write(2, 40, new WriteRecord.Put(39, SHORT_VALUE)));

        model.crash();
        RegionCache restarted = RegionCache.open(disk.crash(random), model);
        assertThat(model.contents()).containsExactly(row(2, 40, SHORT_VALUE));
        assertThat(restarted.regions().getFirst().appliedIndex()).isEqualTo(50);
    }

    @Test
    void aSnapshotCutOffBetweenTheTwoStoresIsRepeatedAndChangesNothingTwice() throws IOException {
        RegionCache cache = RegionCache.open(disk, model);
        install(cache, region(1, 10, 1), new Files());
        cache.apply(1, 11, 6, List.of(commit(1, 20, new WriteRecord.Put(10, SHORT_VALUE))));
        cache.checkpoint(model);
        Files files =
                new Files()
                        .write(2, 40, new WriteRecord.Put(39, SHORT_VALUE))
                        .value(3, 45, LONG_VALUE)
                        .lock(3, 45);
        disk.failAfterWrites(0);
        try {
            install(cache, region(1, 50, 2), files);
            throw new AssertionError("the disk should have failed");
        } catch (IOException expected) {
            assertThat(expected).hasMessageContaining("no space");
        }

        model.crash();
        RegionCache restarted = RegionCache.open(disk.crash(random), model);
        assertThat(model.contents())
                .as("the leftover of the replaced range is not loaded")
                .containsExactly(row(2, 40, SHORT_VALUE));
        install(restarted, region(1, 50, 2), files);
        assertThat(model.contents()).containsExactly(row(2, 40, SHORT_VALUE));
        assertThat(restarted.blockingLock(1, KeyRange.ALL, 60, Set.of())).isPresent();
        assertThat(model.openOperations()).isEmpty();
    }

    @Test
    void aRemovedRegionLeavesNothing() throws IOException {
        RegionCache cache = RegionCache.open(disk, model);
        install(
                cache,
                region(1, 10, 1),
                new Files().write(1, 20, new WriteRecord.Put(10, SHORT_VALUE)).lock(2, 30));
        cache.remove(1, 2);
        assertThat(model.contents()).isEmpty();
        model.crash();
        RegionCache restarted = RegionCache.open(disk.crash(random), model);
        assertThat(restarted.regions()).isEmpty();
        assertThat(restarted.stats().locks()).isZero();
        assertThat(model.openOperations()).isEmpty();
    }

    @Test
    void aMergedRegionHandsItsLocksOn() throws IOException {
        RegionCache cache = RegionCache.open(disk, model);
        RegionState left =
                new RegionState(
                        1,
                        new KeyRange(RegionLog.encodedKey(0), RegionLog.encodedKey(50)),
                        Key.EMPTY,
                        10,
                        6,
                        1);
        RegionState right =
                new RegionState(
                        2,
                        new KeyRange(RegionLog.encodedKey(50), RegionLog.encodedKey(100)),
                        Key.EMPTY,
                        10,
                        6,
                        1);
        install(cache, left, new Files());
        install(cache, right, new Files().lock(60, 30));
        cache.regionsChanged(List.of(region(1, 12, 1)), List.of(2L));
        cache.settle();
        assertThat(cache.blockingLock(1, KeyRange.ALL, 60, Set.of())).isPresent();
        RegionCache restarted = RegionCache.open(disk.crash(random), model);
        assertThat(restarted.regions()).hasSize(1);
        assertThat(restarted.blockingLock(1, KeyRange.ALL, 60, Set.of())).isPresent();
    }
}
