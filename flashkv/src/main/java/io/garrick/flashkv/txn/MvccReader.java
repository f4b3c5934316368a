package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.record.LastChange;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.RegionSnapshot;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looks up locks, write records and values of encoded keys in one snapshot, which it does not own.
 */
final class MvccReader implements AutoCloseable {
    /** A write record and where it stands. */
    record Found(long commitTs, WriteRecord write) {}

    /** What is known of a transaction at a key that does not hold its lock. */
    sealed interface TxnRecord {
        record Committed(long commitTs) implements TxnRecord {}

        record RolledBack() implements TxnRecord {}

        /**
         * Nothing.
         *
         * @param overlapped another transaction's commit that stands exactly at the start ts
         * @param nextTs the commit ts of the next newer version of {@code overlapped}, 0 for none
         */
        record Nothing(@Nullable WriteRecord overlapped, long nextTs) implements TxnRecord {}
    }

    /** No version of the key exists. */
    static final LastChange NOT_EXIST = new LastChange(0, 1);

    private final RegionSnapshot snapshot;
    private RegionSnapshot.@Nullable Cursor writes;

    MvccReader(RegionSnapshot snapshot) {
        this.snapshot = snapshot;
    }

    RegionSnapshot snapshot() {
        return snapshot;
    }

    Optional<LockRecord> lock(Key key) {
        byte[] value = snapshot.get(Cf.LOCK, key.unsafeBytes());
        return value == null ? Optional.empty() : Optional.of(LockRecord.parse(value));
    }

    /** As it is after {@code changes}. */
    Optional<LockRecord> lock(Key key, Changes changes) {
        return changes.touchesLock(key) ? changes.touchedLock(key) : lock(key);
    }

    /** The lock of one transaction, alone or among others that share it. */
    static Optional<LockRecord.Single> lockOf(Optional<LockRecord> lock, long startTs) {
        return lock.flatMap(held ->
                switch (held) {
                    case LockRecord.Single single ->
                            single.startTs() == startTs ? Optional.of(single) : Optional.empty();
                    case LockRecord.Shared shared -> SharedLocks.owner(shared, startTs);
                });
    }

    /** The newest record at or below {@code ts}. */
    Optional<Found> seekWrite(Key key, long ts) {
        RegionSnapshot.Cursor cursor = writes();
        if (!cursor.seek(MvccKey.append(key.unsafeBytes(), ts))) {
            return Optional.empty();
        }
        byte[] found = cursor.key();
        if (!isVersionOf(found, key)) {
            return Optional.empty();
        }
        return Optional.of(new Found(MvccKey.tsOf(found), WriteRecord.parse(cursor.value())));
    }

    /**
     * The newest Put or Delete at or below {@code ts}; records that left no version are stepped
     * over.
     */
    Optional<Found> seekVersion(Key key, long ts) {
        long below = ts;
        while (true) {
            Optional<Found> found = seekWrite(key, below);
            if (found.isEmpty() || hasVersion(found.get().write())) {
                return found;
            }
            if (found.get().commitTs() == 0) {
                return Optional.empty();
            }
            below = found.get().commitTs() - 1;
        }
    }

    static boolean hasVersion(WriteRecord write) {
        return switch (write) {
            case WriteRecord.Put _, WriteRecord.Delete _ -> true;
            case WriteRecord.LockOnly _, WriteRecord.Rollback _ -> false;
        };
    }

    /** The value a reader at {@code ts} sees, locks aside. */
    Optional<byte[]> valueAt(Key key, long ts) {
        Optional<Found> version = visibleAt(key, ts);
        return version.map(found -> value(key, found.write()));
    }

    /** The Put a reader at {@code ts} sees. */
    Optional<Found> visibleAt(Key key, long ts) {
        return seekVersion(key, ts)
                .filter(found ->
                        found.write() instanceof WriteRecord.Put
                                && found.write().isVisibleBehindFence(ts));
    }

    /** Where the newest change at or below a found record stands, seen from a later one. */
    @Nullable LastChange lastChangeBefore(Key key, Optional<Found> newest) {
        if (newest.isEmpty()) {
            return NOT_EXIST;
        }
        Found found = newest.get();
        if (hasVersion(found.write())) {
            return new LastChange(found.commitTs(), 1);
        }
        LastChange known = found.write().details().lastChange();
        if (known != null && known.ts() != 0) {
            return new LastChange(known.ts(), known.versions() + 1);
        }
        if (known != null && known.versions() != 0) {
            return NOT_EXIST;
        }
        return searchedLastChange(key, found);
    }

    private LastChange searchedLastChange(Key key, Found from) {
        long steps = 1;
        Optional<Found> at = Optional.of(from);
        while (at.isPresent() && !hasVersion(at.get().write())) {
            steps++;
            at = below(key, at.get().commitTs());
        }
        long versions = steps;
        return at.filter(found -> found.write() instanceof WriteRecord.Put)
                .map(found -> new LastChange(found.commitTs(), versions))
                .orElse(NOT_EXIST);
    }

    /** The newest record below {@code ts}. */
    Optional<Found> below(Key key, long ts) {
        return ts == 0 ? Optional.empty() : seekWrite(key, ts - 1);
    }

    /** The value of a Put of {@code key}. */
    byte[] value(Key key, WriteRecord put) {
        Key shortValue = put.shortValue();
        return shortValue == null ? longValue(key, put.startTs()) : shortValue.toBytes();
    }

    private byte[] longValue(Key key, long startTs) {
        byte[] value = snapshot.get(Cf.DEFAULT, MvccKey.append(key.unsafeBytes(), startTs));
        if (value == null) {
            throw new IllegalStateException(
                    "no default value key=" + key + " startTs=" + Long.toUnsignedString(startTs));
        }
        return value;
    }

    /** What a lock will make of the key once it commits; empty for a delete. */
    Optional<byte[]> lockedValue(Key key, LockRecord.Single lock) {
        return switch (lock.kind()) {
            case PUT ->
                    Optional.of(
                            lock.shortValue() == null
                                    ? longValue(key, lock.startTs())
                                    : lock.shortValue().toBytes());
            case DELETE, LOCK, PESSIMISTIC -> Optional.empty();
        };
    }

    /**
     * Looks at every record from the newest down to {@code startTs}: commits stand above, rollbacks
     * at it.
     */
    TxnRecord txnRecord(Key key, long startTs) {
        long nextTs = 0;
        long below = -1L;
        while (true) {
            Optional<Found> candidate = seekWrite(key, below);
            if (candidate.isEmpty()
                    || Long.compareUnsigned(candidate.get().commitTs(), startTs) < 0) {
                return new TxnRecord.Nothing(null, 0);
            }
            Found found = candidate.get();
            if (found.write().startTs() == startTs) {
                return found.write() instanceof WriteRecord.Rollback
                        ? new TxnRecord.RolledBack()
                        : new TxnRecord.Committed(found.commitTs());
            }
            if (found.commitTs() == startTs) {
                return found.write().details().overlappedRollback()
                        ? new TxnRecord.RolledBack()
                        : new TxnRecord.Nothing(found.write(), nextTs);
            }
            if (hasVersion(found.write())) {
                nextTs = found.commitTs();
            }
            below = found.commitTs() - 1;
        }
    }

    private RegionSnapshot.Cursor writes() {
        RegionSnapshot.Cursor cursor = writes;
        if (cursor == null) {
            cursor = snapshot.cursor(Cf.WRITE, snapshot.range());
            writes = cursor;
        }
        return cursor;
    }

    static boolean isVersionOf(byte[] mvccKey, Key key) {
        return mvccKey.length == key.length() + MvccKey.TS_BYTES
                && Arrays.equals(mvccKey, 0, key.length(), key.unsafeBytes(), 0, key.length());
    }

    @Override
    public void close() {
        if (writes != null) {
            writes.close();
        }
    }
}
