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
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A lock as readers see it, from prewrite to commit. */
final class LockTest {
    private static final Key VALUE = Key.wrap(new byte[] {7});
    private static final Key KEY = RegionLog.encodedKey(4);

    /** Notes, for each row that becomes visible, whether its lock was still in the way. */
    private static final class Observer implements CommittedRows {
        final List<Boolean> lockedAtAppend = new ArrayList<>();
        Optional<RegionCache> cache = Optional.empty();

        @Override
        public void append(List<CommittedRow> rows) {
            lockedAtAppend.add(
                    cache.orElseThrow().blockingLock(1, KeyRange.ALL, 100, Set.of()).isPresent());
        }

        @Override
        public boolean hasVersion(Key rawKey, long commitTs) {
            return false;
        }

        @Override
        public Map<OpId, KeyRange> openOperations() {
            return Map.of();
        }

        @Override
        public void replaceRange(OpId op, KeyRange encodedRange, Iterator<CommittedRow> rows) {}

        @Override
        public void purgeRange(OpId op, KeyRange encodedRange) {}

        @Override
        public void closeOperation(OpId op) {}
    }

    private final Observer rows = new Observer();

    private RegionCache open() throws IOException {
        RegionCache cache =
                RegionCache.open(
                        new SimStore(OrderedStore.Mode.ATOMIC_FLUSH, RegionCache.FAMILIES), rows);
        rows.cache = Optional.of(cache);
        cache.regionsChanged(
                List.of(
                        new RegionState(
                                1,
                                new KeyRange(RegionLog.encodedKey(0), RegionLog.encodedKey(100)),
                                Key.EMPTY,
                                10,
                                6,
                                1)),
                List.of());
        return cache;
    }

    private static CfWrite lock(LockRecord.Kind kind, long startTs) {
        return RegionLog.put(
                CfWrite.Family.LOCK,
                KEY,
                Key.wrap(LockRecord.Single.of(kind, RegionLog.rawKey(4), startTs, 1000).encode()));
    }

    @Test
    void aRowIsVisibleBeforeItsLockIsGone() throws IOException {
        RegionCache cache = open();
        cache.apply(1, 11, 6, List.of(lock(LockRecord.Kind.PUT, 50)));
        cache.apply(
                1,
                12,
                6,
                List.of(
                        RegionLog.put(
                                CfWrite.Family.WRITE,
                                MvccKey.append(KEY, 61),
                                Key.wrap(new WriteRecord.Put(50, VALUE).encode())),
                        new CfWrite(CfWrite.Family.LOCK, CfWrite.Op.DELETE, KEY, Key.EMPTY)));
        assertThat(rows.lockedAtAppend).containsExactly(true);
        assertThat(cache.blockingLock(1, KeyRange.ALL, 100, Set.of())).isEmpty();
    }

    @Test
    void aPessimisticLockDoesNotBlockReadsUntilItsPrewriteRewritesIt() throws IOException {
        RegionCache cache = open();
        cache.apply(1, 11, 6, List.of(lock(LockRecord.Kind.PESSIMISTIC, 50)));
        assertThat(cache.blockingLock(1, KeyRange.ALL, 100, Set.of())).isEmpty();
        cache.apply(1, 12, 6, List.of(lock(LockRecord.Kind.PUT, 50)));
        assertThat(cache.blockingLock(1, KeyRange.ALL, 100, Set.of())).isPresent();
        assertThat(cache.stats().locks()).isEqualTo(1);
    }
}
