package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.record.LockRecord;
import io.garrick.flashkv.kv.RegionSnapshot;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/**
 * Keeps transactions that choose their own commit ts (async commit, one-phase commit) above
 * everything that was read. A reader first raises max_ts, then looks at the locks in memory; a
 * writer, in one step, takes a ts above max_ts and puts its lock here, where it stays until it is
 * applied. So one of the two always sees the other (tikv/tikv {@code
 * components/concurrency_manager}).
 *
 * <p>Safe for use by many threads; nothing waits, but for a timestamp from PD once per term and
 * region.
 */
final class ConcurrencyManager {
    private record Synced(long term, long version) {}

    private final LongSupplier timestamps;
    private final TreeMap<Key, LockRecord.Single> locks = new TreeMap<>();
    private final Map<Long, Synced> synced = new ConcurrentHashMap<>();
    private long maxTs;

    /** {@code timestamps} asks PD; it may throw when PD does not answer. */
    ConcurrencyManager(LongSupplier timestamps) {
        this.timestamps = timestamps;
    }

    /** {@code ts} of all ones means "the newest", not a moment, and is left out. */
    synchronized void observe(long ts) {
        if (ts != -1L && Long.compareUnsigned(ts, maxTs) > 0) {
            maxTs = ts;
        }
    }

    synchronized long maxTs() {
        return maxTs;
    }

    // ---- writers

    /**
     * Chooses a commit ts's lower bound above max_ts and {@code floorTs}, and locks the key in
     * memory with it, until {@link #release}.
     *
     * @param ceilingTs 0 for none
     * @param lock makes the lock of its minimal commit ts
     * @return empty if the bound would pass {@code ceilingTs}; then nothing is locked
     */
    synchronized OptionalLong lock(
            Key key, long floorTs, long ceilingTs, LongFunction<LockRecord.Single> lock) {
        long minCommitTs = maxUnsigned(maxTs + 1, floorTs);
        if (ceilingTs != 0 && Long.compareUnsigned(minCommitTs, ceilingTs) > 0) {
            return OptionalLong.empty();
        }
        locks.put(key, lock.apply(minCommitTs));
        return OptionalLong.of(minCommitTs);
    }

    synchronized void release(Collection<Key> keys) {
        keys.forEach(locks::remove);
    }

    static long maxUnsigned(long a, long b) {
        return Long.compareUnsigned(a, b) >= 0 ? a : b;
    }

    /**
     * A new leader does not know what was read from the old one: PD's present is above all of it.
     * Nor does a region that took in another.
     *
     * @throws Regions.Refusal while PD does not answer
     */
    void requireSynced(RegionSnapshot snapshot) {
        long regionId = snapshot.region().getId();
        Synced now = new Synced(snapshot.term(), snapshot.region().getRegionEpoch().getVersion());
        if (now.equals(synced.get(regionId))) {
            return;
        }
        long present;
        try {
            present = timestamps.getAsLong();
        } catch (RuntimeException e) {
            throw Regions.maxTimestampNotSynced(regionId, e);
        }
        observe(present);
        synced.put(regionId, now);
    }

    // ---- readers

    /** A key that is locked in memory, against a reader. */
    record Blocked(Key key, LockRecord.Single lock) {}

    /** Raises max_ts first. */
    Optional<Blocked> read(Collection<Key> keys, long ts, Set<Long> bypass) {
        observe(ts);
        synchronized (this) {
            for (Key key : keys) {
                LockRecord.Single lock = locks.get(key);
                if (lock != null && lock.blocksRead(ts, bypass)) {
                    return Optional.of(new Blocked(key, lock));
                }
            }
            return Optional.empty();
        }
    }

    /** Raises max_ts first. */
    Optional<Blocked> read(KeyRange range, long ts, Set<Long> bypass) {
        observe(ts);
        synchronized (this) {
            for (var entry : within(range).entrySet()) {
                if (entry.getValue().blocksRead(ts, bypass)) {
                    return Optional.of(new Blocked(entry.getKey(), entry.getValue()));
                }
            }
            return Optional.empty();
        }
    }

    /** The first lock of a transaction at or below {@code ts}, of whatever kind. */
    Optional<Blocked> lockUpTo(KeyRange range, long ts) {
        observe(ts);
        synchronized (this) {
            for (var entry : within(range).entrySet()) {
                if (Long.compareUnsigned(entry.getValue().startTs(), ts) <= 0) {
                    return Optional.of(new Blocked(entry.getKey(), entry.getValue()));
                }
            }
            return Optional.empty();
        }
    }

    synchronized boolean holdsNone() {
        return locks.isEmpty();
    }

    private Map<Key, LockRecord.Single> within(KeyRange range) {
        if (range.isEmpty()) {
            return Map.of();
        }
        return range.end().isEmpty()
                ? locks.tailMap(range.start(), true)
                : locks.subMap(range.start(), true, range.end(), false);
    }
}
