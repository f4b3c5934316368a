package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.proto.kvrpc.KeyError;
import java.util.Optional;

/**
 * The second phase: the lock becomes a write record (tikv/tikv {@code
 * src/storage/txn/actions/commit.rs}).
 */
final class Commit {
    private Commit() {}

    /** Idempotent: a key already committed is success, whatever asked for it. */
    static Optional<KeyError> commit(
            MvccReader reader, Changes changes, Key key, long startTs, long commitTs) {
        Optional<LockRecord> held = reader.lock(key, changes);
        Optional<LockRecord.Single> own = MvccReader.lockOf(held, startTs);
        if (own.isEmpty()) {
            return switch (reader.txnRecord(key, startTs)) {
                case MvccReader.TxnRecord.Committed _ -> Optional.empty();
                case MvccReader.TxnRecord.RolledBack _, MvccReader.TxnRecord.Nothing _ ->
                        Optional.of(KeyErrors.lockNotFound(key, startTs));
            };
        }
        LockRecord.Single lock = own.get();
        if (Long.compareUnsigned(commitTs, lock.minCommitTs()) < 0) {
            return Optional.of(
                    KeyErrors.commitTsExpired(key, startTs, commitTs, lock.minCommitTs()));
        }
        if (lock.kind() != LockRecord.Kind.PESSIMISTIC) {
            changes.putWrite(key, commitTs, record(lock, commitTs));
        }
        if (held.orElseThrow() instanceof LockRecord.Shared shared) {
            SharedLocks.remove(changes, key, shared, startTs);
        } else {
            changes.removeLock(key);
        }
        return Optional.empty();
    }

    /** What a lock becomes at {@code commitTs}. */
    static WriteRecord record(LockRecord.Single lock, long commitTs) {
        WriteRecord.Details details =
                new WriteRecord.Details(
                        lock.shortValue(),
                        lock.rollbackTs().contains(commitTs),
                        null,
                        lock.lastChange(),
                        lock.txnSource());
        return switch (lock.kind()) {
            case PUT -> new WriteRecord.Put(lock.startTs(), details);
            case DELETE -> new WriteRecord.Delete(lock.startTs(), details);
            case LOCK, PESSIMISTIC -> new WriteRecord.LockOnly(lock.startTs(), details);
        };
    }
}
