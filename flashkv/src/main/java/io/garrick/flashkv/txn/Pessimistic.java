package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.proto.kvrpc.Assertion;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.PessimisticLockRequest;
import io.garrick.proto.kvrpc.WriteConflict.Reason;
import java.util.List;
import java.util.Optional;

/**
 * Locks taken before the value to write is known (tikv/tikv {@code
 * src/storage/txn/actions/acquire_pessimistic_lock.rs}). Nobody waits here: a lock in the way is
 * the answer, and the client comes back.
 */
final class Pessimistic {
    private Pessimistic() {}

    static Optional<KeyError> acquire(
            MvccReader reader, Changes changes, PessimisticLockRequest request, Mutation mutation) {
        Key key = Memcomparable.encode(Key.wrap(mutation.getKey().toByteArray()));
        Key primary = Key.wrap(request.getPrimaryLock().toByteArray());
        long startTs = request.getStartVersion();
        LockRecord.Single held = reader.lock(key).orElse(null);
        if (held != null) {
            if (held.startTs() != startTs) {
                return Optional.of(KeyErrors.locked(key, held));
            }
            if (held.kind() != LockRecord.Kind.PESSIMISTIC) {
                return Optional.of(KeyErrors.abort("already prewritten, start_ts " + startTs));
            }
            if (Long.compareUnsigned(held.forUpdateTs(), request.getForUpdateTs()) < 0) {
                changes.putLock(key, held.withForUpdateTs(request.getForUpdateTs()));
            }
            return Optional.empty();
        }
        Optional<KeyError> refusal = check(reader, request, mutation, key, primary);
        if (refusal.isPresent()) {
            return refusal;
        }
        if (request.getLockOnlyIfExists()
                && reader.valueAt(key, request.getForUpdateTs()).isEmpty()) {
            return Optional.empty();
        }
        changes.putLock(
                key,
                new LockRecord.Single(
                        LockRecord.Kind.PESSIMISTIC,
                        primary,
                        startTs,
                        request.getLockTtl(),
                        null,
                        request.getForUpdateTs(),
                        0,
                        request.getMinCommitTs(),
                        null,
                        List.of(),
                        null,
                        request.getContext().getTxnSource(),
                        false,
                        0));
        return Optional.empty();
    }

    private static Optional<KeyError> check(
            MvccReader reader,
            PessimisticLockRequest request,
            Mutation mutation,
            Key key,
            Key primary) {
        long startTs = request.getStartVersion();
        Optional<MvccReader.Found> newest = reader.seekWrite(key, -1L);
        if (newest.isPresent()) {
            MvccReader.Found found = newest.get();
            if (Long.compareUnsigned(found.commitTs(), request.getForUpdateTs()) > 0) {
                return Optional.of(
                        KeyErrors.conflict(
                                key,
                                primary,
                                startTs,
                                found.write().startTs(),
                                found.commitTs(),
                                Reason.PessimisticRetry));
            }
            if (Long.compareUnsigned(found.commitTs(), startTs) >= 0
                    && reader.txnRecord(key, startTs) instanceof MvccReader.TxnRecord.RolledBack) {
                return Optional.of(KeyErrors.abort("rolled back, start_ts " + startTs));
            }
        }
        if (mutation.getAssertion() == Assertion.NotExist
                && reader.seekVersion(key, -1L)
                        .filter(found -> found.write() instanceof WriteRecord.Put)
                        .isPresent()) {
            return Optional.of(KeyErrors.alreadyExists(key));
        }
        return Optional.empty();
    }

    /** Leaves no record: the transaction may go on without this lock. */
    static void release(
            MvccReader reader, Changes changes, Key key, long startTs, long forUpdateTs) {
        reader.lock(key)
                .filter(lock -> lock.startTs() == startTs)
                .filter(lock -> lock.kind() == LockRecord.Kind.PESSIMISTIC)
                .filter(lock -> Long.compareUnsigned(lock.forUpdateTs(), forUpdateTs) <= 0)
                .ifPresent(_ -> changes.removeLock(key));
    }
}
