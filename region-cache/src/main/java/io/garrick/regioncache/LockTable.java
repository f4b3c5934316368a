package io.garrick.regioncache;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.record.LockRecord;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The locks of one region, by encoded key. A count of blocking locks per start ts lets a read below
 * all of them skip the range check.
 */
final class LockTable {
    /** {@code saved}: the {@code cache} store has exactly these bytes. */
    static final class Entry {
        final LockRecord record;
        final byte[] bytes;
        boolean saved;

        Entry(LockRecord record, byte[] bytes, boolean saved) {
            this.record = record;
            this.bytes = bytes;
            this.saved = saved;
        }
    }

    private final NavigableMap<Key, Entry> locks = new TreeMap<>();
    private final NavigableMap<Long, Integer> blockingByStartTs = new TreeMap<>();

    /** The previous entry under the key, if any. */
    @Nullable Entry put(Key key, Entry entry) {
        Entry previous = locks.put(key, entry);
        if (previous != null) {
            uncount(previous);
        }
        if (entry.record instanceof LockRecord.Single single && mayBlock(single)) {
            blockingByStartTs.merge(single.startTs(), 1, Integer::sum);
        }
        return previous;
    }

    @Nullable Entry remove(Key key) {
        Entry previous = locks.remove(key);
        if (previous != null) {
            uncount(previous);
        }
        return previous;
    }

    private void uncount(Entry entry) {
        if (entry.record instanceof LockRecord.Single single && mayBlock(single)) {
            blockingByStartTs.computeIfPresent(
                    single.startTs(), (_, count) -> count == 1 ? null : count - 1);
        }
    }

    /**
     * Pessimistic, lock-only and shared locks change no data, so no snapshot read waits for them.
     */
    private static boolean mayBlock(LockRecord lock) {
        return switch (lock) {
            case LockRecord.Single single ->
                    switch (single.kind()) {
                        case PUT, DELETE -> true;
                        case LOCK, PESSIMISTIC -> false;
                    };
            case LockRecord.Shared _ -> false;
        };
    }

    /**
     * The first lock in the range that a read at {@code ts} must not pass (tikv/tikv,
     * components/txn_types/src/lock.rs, check_ts_conflict).
     */
    Optional<BlockingLock> blocking(KeyRange range, long ts, Set<Long> bypass) {
        if (blockingByStartTs.isEmpty()
                || Long.compareUnsigned(blockingByStartTs.firstKey(), ts) > 0) {
            return Optional.empty();
        }
        for (Map.Entry<Key, Entry> lock : within(range).entrySet()) {
            if (lock.getValue().record instanceof LockRecord.Single single
                    && single.blocksRead(ts, bypass)) {
                Key rawKey = Memcomparable.decode(lock.getKey());
                return Optional.of(new BlockingLock(rawKey, single));
            }
        }
        return Optional.empty();
    }

    NavigableMap<Key, Entry> within(KeyRange range) {
        return range.end().isEmpty()
                ? locks.tailMap(range.start(), true)
                : locks.subMap(range.start(), true, range.end(), false);
    }

    NavigableMap<Key, Entry> all() {
        return locks;
    }

    int count() {
        return locks.size();
    }
}
