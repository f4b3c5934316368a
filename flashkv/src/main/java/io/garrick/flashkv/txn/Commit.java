package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.proto.kvrpc.KeyError;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The second phase: the lock becomes a write record (tikv/tikv {@code
 * src/storage/txn/actions/commit.rs}).
 */
final class Commit {
    private Commit() {}

    /** Idempotent: a key already committed is success, whatever asked for it. */
    static Optional<KeyError> commit(
            MvccReader reader, Changes changes, Key key, long startTs, long commitTs) {
        Optional<LockRecord.Single> held = reader.lock(key);
        if (held.isEmpty() || held.get().startTs() != startTs) {
            return switch (reader.txnRecord(key, startTs)) {
                case MvccReader.TxnRecord.Committed _ -> Optional.empty();
                case MvccReader.TxnRecord.RolledBack _, MvccReader.TxnRecord.Nothing _ ->
                        Optional.of(KeyErrors.lockNotFound(key, startTs));
            };
        }
        LockRecord.Single lock = held.get();
        if (Long.compareUnsigned(commitTs, lock.minCommitTs()) < 0) {
            return Optional.of(
                    KeyErrors.commitTsExpired(key, startTs, commitTs, lock.minCommitTs()));
        }
        if (lock.kind() != LockRecord.Kind.PESSIMISTIC) {
            changes.putWrite(key, commitTs, record(lock, commitTs));
        }
        changes.removeLock(key);
        return Optional.empty();
    }

    private static WriteRecord record(LockRecord.Single lock, long commitTs) {
        @Nullable Key shortValue = lock.shortValue();
        WriteRecord.Details details =
                new WriteRecord.Details(
                        shortValue,
                        lock.rollbackTs().contains(commitTs),
                        null,
                        null,
                        lock.txnSource());
        return switch (lock.kind()) {
            case PUT -> new WriteRecord.Put(lock.startTs(), details);
            case DELETE -> new WriteRecord.Delete(lock.startTs(), details);
            case LOCK, PESSIMISTIC -> new WriteRecord.LockOnly(lock.startTs(), details);
        };
    }
}
