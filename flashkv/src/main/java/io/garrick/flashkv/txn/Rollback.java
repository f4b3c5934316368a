package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import org.jspecify.annotations.Nullable;

/**
 * Makes a transaction impossible at a key: the lock goes, and a rollback record at the start ts
 * keeps a late prewrite out (tikv/tikv {@code src/storage/txn/actions/cleanup.rs}, {@code
 * check_txn_status.rs}).
 */
final class Rollback {
    private Rollback() {}

    sealed interface Outcome {
        record Done() implements Outcome {}

        /** Too late. */
        record Committed(long commitTs) implements Outcome {}

        /** The transaction still lives. */
        record Alive(LockRecord.Single lock) implements Outcome {}
    }

    /**
     * Idempotent.
     *
     * @param currentTs rolls back only an expired lock; 0 whatever its age
     */
    static Outcome rollback(
            MvccReader reader, Changes changes, Key key, long startTs, long currentTs) {
        LockRecord.Single lock = reader.lock(key).orElse(null);
        if (lock != null && lock.startTs() == startTs) {
            if (currentTs != 0 && !isExpired(lock, currentTs)) {
                return new Outcome.Alive(lock);
            }
            removeLock(reader, changes, key, lock);
            return new Outcome.Done();
        }
        return switch (reader.txnRecord(key, startTs)) {
            case MvccReader.TxnRecord.Committed(long commitTs) -> new Outcome.Committed(commitTs);
            case MvccReader.TxnRecord.RolledBack _ -> new Outcome.Done();
            case MvccReader.TxnRecord.Nothing nothing -> {
                record(changes, key, startTs, false, nothing);
                yield new Outcome.Done();
            }
        };
    }

    /**
     * Undoes what prewrite did and leaves the record. Protected where a pessimistic transaction's
     * fate is read from it.
     */
    static void removeLock(MvccReader reader, Changes changes, Key key, LockRecord.Single lock) {
        if (lock.kind() == LockRecord.Kind.PUT && lock.shortValue() == null) {
            changes.deleteValue(key, lock.startTs());
        }
        boolean primary = Memcomparable.encode(lock.primary()).equals(key);
        boolean isProtected = lock.forUpdateTs() != 0 && primary;
        MvccReader.TxnRecord known = reader.txnRecord(key, lock.startTs());
        if (known instanceof MvccReader.TxnRecord.Nothing nothing) {
            record(changes, key, lock.startTs(), isProtected, nothing);
        }
        changes.removeLock(key);
    }

    /**
     * Where another transaction's commit stands at the very same ts, that record is marked instead
     * of overwritten; an unprotected rollback then does without a record.
     */
    static void record(
            Changes changes,
            Key key,
            long startTs,
            boolean isProtected,
            MvccReader.TxnRecord.Nothing nothing) {
        @Nullable WriteRecord overlapped = nothing.overlapped();
        if (overlapped == null) {
            changes.putWrite(
                    key,
                    startTs,
                    isProtected
                            ? WriteRecord.Rollback.ofProtected(startTs)
                            : new WriteRecord.Rollback(startTs));
        } else if (isProtected) {
            changes.putWrite(key, startTs, marked(overlapped, nothing.nextTs()));
        }
    }

    private static WriteRecord marked(WriteRecord write, long nextTs) {
        WriteRecord.Details old = write.details();
        WriteRecord.Details details =
                new WriteRecord.Details(
                        old.shortValue(), true, nextTs, old.lastChange(), old.txnSource());
        return switch (write) {
            case WriteRecord.Put put -> new WriteRecord.Put(put.startTs(), details);
            case WriteRecord.Delete delete -> new WriteRecord.Delete(delete.startTs(), details);
            case WriteRecord.LockOnly lock -> new WriteRecord.LockOnly(lock.startTs(), details);
            case WriteRecord.Rollback rollback ->
                    new WriteRecord.Rollback(rollback.startTs(), details);
        };
    }

    static boolean isExpired(LockRecord.Single lock, long currentTs) {
        return new Timestamp(lock.startTs()).physicalMillis() + lock.ttlMillis()
                < new Timestamp(currentTs).physicalMillis();
    }
}
