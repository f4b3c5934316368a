package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.codec.key.MvccKey;
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

    private final RegionSnapshot snapshot;
    private RegionSnapshot.@Nullable Cursor writes;

    MvccReader(RegionSnapshot snapshot) {
        this.snapshot = snapshot;
    }

    RegionSnapshot snapshot() {
        return snapshot;
    }

    Optional<LockRecord.Single> lock(Key key) {
        byte[] value = snapshot.get(Cf.LOCK, key.unsafeBytes());
        return value == null ? Optional.empty() : Optional.of(parseLock(value));
    }

    static LockRecord.Single parseLock(byte[] value) {
        return switch (LockRecord.parse(value)) {
            case LockRecord.Single single -> single;
            case LockRecord.Shared _ ->
                    throw new IllegalStateException("a shared lock, which nothing here writes");
        };
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
