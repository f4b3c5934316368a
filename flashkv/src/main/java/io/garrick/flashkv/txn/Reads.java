package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.record.LockRecord;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.kvrpc.IsolationLevel;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Snapshot reads at a timestamp: what a lock means for the reader, then the newest version at or
 * below.
 *
 * @param bypass start ts of transactions known to be no obstacle: they commit later, or never
 * @param access start ts of transactions known to be committed at or below {@code ts}: their locks
 *     are read as data
 */
record Reads(long ts, IsolationLevel isolation, Set<Long> bypass, Set<Long> access) {
    Reads {
        bypass = Set.copyOf(bypass);
        access = Set.copyOf(access);
    }

    static Reads of(Context context, long ts) {
        return new Reads(
                ts,
                context.getIsolationLevel(),
                new HashSet<>(context.getResolvedLocksList()),
                new HashSet<>(context.getCommittedLocksList()));
    }

    sealed interface Outcome {
        record Value(Key value) implements Outcome {}

        record Absent() implements Outcome {}

        record Locked(LockRecord.Single lock) implements Outcome {}
    }

    Outcome get(MvccReader reader, Key key) {
        return read(reader, key, reader.lock(key));
    }

    /** A lock that several share stops no reader: none of its owners writes data. */
    Outcome read(MvccReader reader, Key key, Optional<LockRecord> lock) {
        if (lock.isPresent()
                && lock.get() instanceof LockRecord.Single single
                && blocks(key, single)) {
            if (!access.contains(single.startTs())) {
                return new Outcome.Locked(single);
            }
            return reader.lockedValue(key, single)
                    .<Outcome>map(value -> new Outcome.Value(Key.wrap(value)))
                    .orElseGet(Outcome.Absent::new);
        }
        return reader.valueAt(key, ts)
                .<Outcome>map(value -> new Outcome.Value(Key.wrap(value)))
                .orElseGet(Outcome.Absent::new);
    }

    private boolean blocks(Key key, LockRecord.Single lock) {
        if (isolation == IsolationLevel.RC || !lock.blocksRead(ts, bypass)) {
            return false;
        }
        // "The newest" need not wait for a primary lock: had it committed, the lock would be gone.
        boolean newestOfPrimary =
                ts == -1L
                        && !lock.usesAsyncCommit()
                        && Memcomparable.encode(lock.primary()).equals(key);
        return !newestOfPrimary;
    }
}
