package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.record.LockRecord;
import io.garrick.proto.kvrpc.Action;
import io.garrick.proto.kvrpc.CheckTxnStatusRequest;
import io.garrick.proto.kvrpc.CheckTxnStatusResponse;

/**
 * What became of a transaction, asked at its primary key by somebody who met one of its locks;
 * decides it if its owner is gone (tikv/tikv {@code src/storage/txn/actions/check_txn_status.rs}).
 */
final class TxnStatus {
    private TxnStatus() {}

    static CheckTxnStatusResponse check(
            MvccReader reader, Changes changes, Key key, CheckTxnStatusRequest request) {
        LockRecord.Single lock = reader.lock(key).orElse(null);
        return lock != null && lock.startTs() == request.getLockTs()
                ? held(reader, changes, key, request, lock)
                : missing(reader, changes, key, request);
    }

    private static CheckTxnStatusResponse held(
            MvccReader reader,
            Changes changes,
            Key key,
            CheckTxnStatusRequest request,
            LockRecord.Single lock) {
        CheckTxnStatusResponse.Builder response = CheckTxnStatusResponse.newBuilder();
        if (request.getVerifyIsPrimary() && !Memcomparable.encode(lock.primary()).equals(key)) {
            return response.setError(KeyErrors.primaryMismatch(key, lock)).build();
        }
        if (lock.usesAsyncCommit() && !request.getForceSyncCommit()) {
            return response.setLockTtl(lock.ttlMillis())
                    .setLockInfo(KeyErrors.lockInfo(key, lock))
                    .build();
        }
        if (Rollback.isExpired(lock, request.getCurrentTs())) {
            if (request.getResolvingPessimisticLock()
                    && lock.kind() == LockRecord.Kind.PESSIMISTIC) {
                changes.removeLock(key);
                return response.setAction(Action.TTLExpirePessimisticRollback).build();
            }
            Rollback.removeLock(reader, changes, key, lock);
            return response.setAction(Action.TTLExpireRollback).build();
        }
        LockRecord.Single pushed = push(lock, request);
        if (pushed.minCommitTs() != lock.minCommitTs()) {
            changes.putLock(key, pushed);
        }
        long caller = request.getCallerStartTs();
        boolean harmless =
                caller == -1L
                        || (caller != 0 && Long.compareUnsigned(pushed.minCommitTs(), caller) > 0);
        return response.setLockTtl(pushed.ttlMillis())
                .setLockInfo(KeyErrors.lockInfo(key, pushed))
                .setAction(harmless ? Action.MinCommitTSPushed : Action.NoAction)
                .build();
    }

    /** A reader need not wait for a transaction that can only commit above it. */
    private static LockRecord.Single push(LockRecord.Single lock, CheckTxnStatusRequest request) {
        long caller = request.getCallerStartTs();
        if (lock.minCommitTs() == 0
                || caller == -1L
                || Long.compareUnsigned(caller, lock.minCommitTs()) < 0) {
            return lock;
        }
        long current = request.getCurrentTs();
        return lock.withMinCommitTs(
                Long.compareUnsigned(current, caller + 1) > 0 ? current : caller + 1);
    }

    private static CheckTxnStatusResponse missing(
            MvccReader reader, Changes changes, Key key, CheckTxnStatusRequest request) {
        CheckTxnStatusResponse.Builder response = CheckTxnStatusResponse.newBuilder();
        long startTs = request.getLockTs();
        switch (reader.txnRecord(key, startTs)) {
            case MvccReader.TxnRecord.Committed(long commitTs) ->
                    response.setCommitVersion(commitTs);
            case MvccReader.TxnRecord.RolledBack _ -> {}
            case MvccReader.TxnRecord.Nothing nothing -> {
                if (!request.getRollbackIfNotExist()) {
                    response.setError(KeyErrors.txnNotFound(key, startTs));
                } else if (request.getResolvingPessimisticLock()) {
                    response.setAction(Action.LockNotExistDoNothing);
                } else {
                    Rollback.record(changes, key, startTs, true, nothing);
                    response.setAction(Action.LockNotExistRollback);
                }
            }
        }
        return response.build();
    }
}
