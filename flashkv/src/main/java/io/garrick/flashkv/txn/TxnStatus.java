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
    private final MvccReader reader;
    private final Changes changes;
    private final Key key;
    private final CheckTxnStatusRequest request;

    private TxnStatus(MvccReader reader, Changes changes, Key key, CheckTxnStatusRequest request) {
        this.reader = reader;
        this.changes = changes;
        this.key = key;
        this.request = request;
    }

    static CheckTxnStatusResponse check(
            MvccReader reader, Changes changes, Key key, CheckTxnStatusRequest request) {
        TxnStatus status = new TxnStatus(reader, changes, key, request);
        return reader.lock(key).orElse(null) instanceof LockRecord.Single lock
                        && lock.startTs() == request.getLockTs()
                ? status.held(lock)
                : status.missing();
    }

    private CheckTxnStatusResponse held(LockRecord.Single lock) {
        boolean pessimistic = lock.kind() == LockRecord.Kind.PESSIMISTIC;
        if (request.getVerifyIsPrimary() && !Memcomparable.encode(lock.primary()).equals(key)) {
            if (!pessimistic || request.getResolvingPessimisticLock()) {
                return CheckTxnStatusResponse.newBuilder()
                        .setError(KeyErrors.primaryMismatch(key, lock))
                        .build();
            }
            // The prewritten lock that led here knows the primary for sure, so this one is stale.
            CheckTxnStatusResponse status = missing();
            if (!status.hasError()) {
                changes.removeLock(key);
            }
            return status;
        }
        if (lock.usesAsyncCommit() && !request.getForceSyncCommit()) {
            return alive(lock, Action.NoAction);
        }
        if (pessimistic && lock.lockedWithConflict() && isDecided()) {
            changes.removeLock(key);
            return missing();
        }
        return Rollback.isExpired(lock, request.getCurrentTs())
                ? expired(lock, pessimistic)
                : pushed(lock);
    }

    /** A lock that came late, after the transaction had ended. */
    private boolean isDecided() {
        return !(reader.txnRecord(key, request.getLockTs())
                instanceof MvccReader.TxnRecord.Nothing);
    }

    private CheckTxnStatusResponse expired(LockRecord.Single lock, boolean pessimistic) {
        CheckTxnStatusResponse.Builder response = CheckTxnStatusResponse.newBuilder();
        if (request.getResolvingPessimisticLock() && pessimistic) {
            changes.removeLock(key);
            return response.setAction(Action.TTLExpirePessimisticRollback).build();
        }
        Rollback.removeLock(reader, changes, key, lock, lock, Rollback.Trace.COLLAPSIBLE);
        return response.setAction(Action.TTLExpireRollback).build();
    }

    /** A reader need not wait for a transaction that can only commit above it. */
    private CheckTxnStatusResponse pushed(LockRecord.Single lock) {
        long caller = request.getCallerStartTs();
        LockRecord.Single pushed = lock;
        if (lock.minCommitTs() != 0
                && caller != -1L
                && Long.compareUnsigned(caller, lock.minCommitTs()) >= 0) {
            pushed =
                    lock.withMinCommitTs(
                            ConcurrencyManager.maxUnsigned(request.getCurrentTs(), caller + 1));
            changes.putLock(key, pushed);
        }
        boolean harmless =
                caller == -1L
                        || (caller != 0 && Long.compareUnsigned(pushed.minCommitTs(), caller) > 0);
        return alive(pushed, harmless ? Action.MinCommitTSPushed : Action.NoAction);
    }

    private CheckTxnStatusResponse alive(LockRecord.Single lock, Action action) {
        return CheckTxnStatusResponse.newBuilder()
                .setLockTtl(lock.ttlMillis())
                .setLockInfo(KeyErrors.lockInfo(key, lock))
                .setAction(action)
                .build();
    }

    private CheckTxnStatusResponse missing() {
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
                    Rollback.missing(
                            reader, changes, key, startTs, Rollback.Trace.PROTECTED, nothing);
                    response.setAction(Action.LockNotExistRollback);
                }
            }
        }
        return response.build();
    }
}
