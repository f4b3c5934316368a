package io.garrick.flashkv.txn;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.record.LockRecord;
import io.garrick.proto.kvrpc.AlreadyExist;
import io.garrick.proto.kvrpc.Assertion;
import io.garrick.proto.kvrpc.AssertionFailed;
import io.garrick.proto.kvrpc.CommitTsExpired;
import io.garrick.proto.kvrpc.Deadlock;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PrimaryMismatch;
import io.garrick.proto.kvrpc.TxnLockNotFound;
import io.garrick.proto.kvrpc.TxnNotFound;
import io.garrick.proto.kvrpc.WriteConflict;

/**
 * Refusals about keys, as clients expect them (tikv/tikv {@code src/storage/errors.rs}). Keys given
 * are encoded.
 */
final class KeyErrors {
    private KeyErrors() {}

    static ByteString raw(Key key) {
        return Changes.bytes(Memcomparable.decode(key));
    }

    static LockInfo lockInfo(Key key, LockRecord lock) {
        return switch (lock) {
            case LockRecord.Single single -> lockInfo(key, single);
            case LockRecord.Shared shared -> {
                LockInfo.Builder info =
                        LockInfo.newBuilder().setLockType(Op.SharedLock).setKey(raw(key));
                shared.locks().forEach(owner -> info.addSharedLockInfos(lockInfo(key, owner)));
                yield info.build();
            }
        };
    }

    static LockInfo lockInfo(Key key, LockRecord.Single lock) {
        LockInfo.Builder info =
                LockInfo.newBuilder()
                        .setPrimaryLock(Changes.bytes(lock.primary()))
                        .setLockVersion(lock.startTs())
                        .setKey(raw(key))
                        .setLockTtl(lock.ttlMillis())
                        .setTxnSize(lock.txnSize())
                        .setLockType(op(lock.kind()))
                        .setLockForUpdateTs(lock.forUpdateTs())
                        .setUseAsyncCommit(lock.usesAsyncCommit())
                        .setMinCommitTs(lock.minCommitTs());
        if (lock.secondaries() != null) {
            lock.secondaries().forEach(secondary -> info.addSecondaries(Changes.bytes(secondary)));
        }
        return info.build();
    }

    static Op op(LockRecord.Kind kind) {
        return switch (kind) {
            case PUT -> Op.Put;
            case DELETE -> Op.Del;
            case LOCK -> Op.Lock;
            case PESSIMISTIC -> Op.PessimisticLock;
        };
    }

    static KeyError locked(Key key, LockRecord lock) {
        return KeyError.newBuilder().setLocked(lockInfo(key, lock)).build();
    }

    /** Conflict and retryable together: old clients look at one, new ones at the other. */
    static KeyError conflict(
            Key key,
            Key primary,
            long startTs,
            long conflictStartTs,
            long conflictCommitTs,
            WriteConflict.Reason reason) {
        WriteConflict conflict =
                WriteConflict.newBuilder()
                        .setStartTs(startTs)
                        .setConflictTs(conflictStartTs)
                        .setConflictCommitTs(conflictCommitTs)
                        .setKey(raw(key))
                        .setPrimary(Changes.bytes(primary))
                        .setReason(reason)
                        .build();
        return KeyError.newBuilder()
                .setConflict(conflict)
                .setRetryable(
                        "write conflict, start_ts "
                                + startTs
                                + ", conflict start_ts "
                                + conflictStartTs
                                + ", conflict commit_ts "
                                + conflictCommitTs
                                + ", reason "
                                + reason)
                .build();
    }

    static KeyError alreadyExists(Key key) {
        return KeyError.newBuilder()
                .setAlreadyExist(AlreadyExist.newBuilder().setKey(raw(key)))
                .build();
    }

    static KeyError assertionFailed(
            Key key,
            long startTs,
            Assertion assertion,
            long existingStartTs,
            long existingCommitTs) {
        return KeyError.newBuilder()
                .setAssertionFailed(
                        AssertionFailed.newBuilder()
                                .setStartTs(startTs)
                                .setKey(raw(key))
                                .setAssertion(assertion)
                                .setExistingStartTs(existingStartTs)
                                .setExistingCommitTs(existingCommitTs))
                .build();
    }

    static KeyError commitTsExpired(
            Key key, long startTs, long attemptedCommitTs, long minCommitTs) {
        return KeyError.newBuilder()
                .setCommitTsExpired(
                        CommitTsExpired.newBuilder()
                                .setStartTs(startTs)
                                .setAttemptedCommitTs(attemptedCommitTs)
                                .setKey(raw(key))
                                .setMinCommitTs(minCommitTs))
                .build();
    }

    static KeyError lockNotFound(Key key, long startTs) {
        return KeyError.newBuilder()
                .setRetryable("txn lock not found, start_ts " + startTs)
                .setTxnLockNotFound(TxnLockNotFound.newBuilder().setKey(raw(key)))
                .build();
    }

    static KeyError txnNotFound(Key key, long startTs) {
        return KeyError.newBuilder()
                .setTxnNotFound(
                        TxnNotFound.newBuilder().setStartTs(startTs).setPrimaryKey(raw(key)))
                .build();
    }

    static KeyError primaryMismatch(Key key, LockRecord.Single lock) {
        return KeyError.newBuilder()
                .setPrimaryMismatch(PrimaryMismatch.newBuilder().setLockInfo(lockInfo(key, lock)))
                .build();
    }

    static KeyError pessimisticLockNotFound(long startTs) {
        return abort("pessimistic lock not found, start_ts " + startTs);
    }

    static KeyError deadlock(Deadlock deadlock) {
        return KeyError.newBuilder().setDeadlock(deadlock).build();
    }

    static KeyError abort(String reason) {
        return KeyError.newBuilder().setAbort(reason).build();
    }
}
