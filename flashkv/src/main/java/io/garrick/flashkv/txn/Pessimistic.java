package io.garrick.flashkv.txn;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.proto.kvrpc.Assertion;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PessimisticLockRequest;
import io.garrick.proto.kvrpc.PessimisticLockWakeUpMode;
import io.garrick.proto.kvrpc.WriteConflict.Reason;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Locks taken before the value to write is known (tikv/tikv {@code
 * src/storage/txn/actions/acquire_pessimistic_lock.rs}). Decides at one moment; who waits, and how
 * long, is decided elsewhere.
 */
final class Pessimistic {
    /** What became of one key. */
    sealed interface Result {
        /**
         * The lock is held, or not wanted after all as the key does not exist.
         *
         * @param value what the key holds at the lock's for-update ts, null if it does not exist or
         *     was not asked for
         * @param exists only meaningful when value or existence was asked for
         * @param conflictTs commit ts of the newer version it was locked in spite of; 0 for none
         */
        record Acquired(@Nullable ByteString value, boolean exists, long conflictTs)
                implements Result {}

        /** Somebody else's lock is in the way. */
        record Blocked(Key key, LockRecord lock) implements Result {}

        record Failed(KeyError error) implements Result {}
    }

    private final MvccReader reader;
    private final Changes changes;
    private final PessimisticLockRequest request;
    private final Key primary;
    private final long startTs;
    private final boolean locksInSpiteOfConflict;

    Pessimistic(MvccReader reader, Changes changes, PessimisticLockRequest request) {
        this.reader = reader;
        this.changes = changes;
        this.request = request;
        this.primary = Key.wrap(request.getPrimaryLock().toByteArray());
        this.startTs = request.getStartVersion();
        this.locksInSpiteOfConflict =
                request.getWakeUpMode() == PessimisticLockWakeUpMode.WakeUpModeForceLock;
    }

    private static Result failed(KeyError error) {
        return new Result.Failed(error);
    }

    private static boolean isShared(Mutation mutation) {
        return mutation.getOp() == Op.SharedPessimisticLock;
    }

    Result acquire(Mutation mutation) {
        Key key = Memcomparable.encode(Key.wrap(mutation.getKey().toByteArray()));
        LockRecord held = reader.lock(key, changes).orElse(null);
        return switch (held) {
            case null -> lockFree(mutation, key, null);
            case LockRecord.Single lock ->
                    lock.startTs() == startTs && !isShared(mutation)
                            ? onOwn(mutation, key, lock)
                            : new Result.Blocked(key, lock);
            case LockRecord.Shared shared -> onShared(mutation, key, shared);
        };
    }

    private Result onShared(Mutation mutation, Key key, LockRecord.Shared shared) {
        if (!isShared(mutation)) {
            LockRecord.Shared closing = SharedLocks.shrinkOnly(shared);
            if (!closing.equals(shared)) {
                changes.putLock(key, closing);
            }
            return new Result.Blocked(key, shared);
        }
        Optional<LockRecord.Single> own = SharedLocks.owner(shared, startTs);
        if (own.isPresent()) {
            LockRecord.Single lock = own.get();
            if (lock.kind() != LockRecord.Kind.PESSIMISTIC) {
                return failed(KeyErrors.abort("already prewritten, start_ts " + startTs));
            }
            LockRecord.Single renewed = renewed(lock, request.getForUpdateTs());
            if (!renewed.equals(lock)) {
                changes.putLock(key, SharedLocks.with(shared, renewed));
            }
            return acquired(key, request.getForUpdateTs(), 0);
        }
        return SharedLocks.isShrinkOnly(shared)
                ? new Result.Blocked(key, shared)
                : lockFree(mutation, key, shared);
    }

    private Result onOwn(Mutation mutation, Key key, LockRecord.Single lock) {
        if (lock.kind() != LockRecord.Kind.PESSIMISTIC) {
            return failed(KeyErrors.abort("already prewritten, start_ts " + startTs));
        }
        long forUpdateTs = request.getForUpdateTs();
        long conflictTs = 0;
        if (locksInSpiteOfConflict && Long.compareUnsigned(forUpdateTs, lock.forUpdateTs()) < 0) {
            forUpdateTs = lock.forUpdateTs();
            conflictTs = forUpdateTs;
        }
        if (mutation.getAssertion() == Assertion.NotExist
                && reader.visibleAt(key, forUpdateTs).isPresent()) {
            return failed(KeyErrors.alreadyExists(key));
        }
        LockRecord.Single renewed = renewed(lock, forUpdateTs);
        if (!renewed.equals(lock)) {
            changes.putLock(key, renewed);
        }
        return acquired(key, forUpdateTs, conflictTs);
    }

    /** Neither ttl nor any ts of a lock ever goes down. */
    private LockRecord.Single renewed(LockRecord.Single lock, long forUpdateTs) {
        return lock.withForUpdateTs(ConcurrencyManager.maxUnsigned(lock.forUpdateTs(), forUpdateTs))
                .withMinCommitTs(
                        ConcurrencyManager.maxUnsigned(
                                lock.minCommitTs(), request.getMinCommitTs()))
                .withTtl(Math.max(lock.ttlMillis(), request.getLockTtl()));
    }

    private Result lockFree(Mutation mutation, Key key, LockRecord.@Nullable Shared shared) {
        Optional<MvccReader.Found> newest = reader.seekWrite(key, -1L);
        long forUpdateTs = request.getForUpdateTs();
        long conflictTs = 0;
        if (newest.isPresent()) {
            MvccReader.Found found = newest.get();
            if (Long.compareUnsigned(found.commitTs(), forUpdateTs) > 0) {
                if (!locksInSpiteOfConflict) {
                    return failed(conflict(key, found));
                }
                conflictTs = found.commitTs();
                forUpdateTs = found.commitTs();
            }
            if (isRolledBack(key, found)) {
                return failed(KeyErrors.abort("rolled back, start_ts " + startTs));
            }
            if (mutation.getAssertion() == Assertion.NotExist
                    && reader.visibleAt(key, -1L).isPresent()) {
                return failed(
                        conflictTs == 0 ? KeyErrors.alreadyExists(key) : conflict(key, found));
            }
        }
        Result.Acquired acquired = acquired(key, forUpdateTs, conflictTs);
        if (request.getLockOnlyIfExists() && !acquired.exists()) {
            return acquired;
        }
        LockRecord.Single lock =
                new LockRecord.Single(
                        LockRecord.Kind.PESSIMISTIC,
                        primary,
                        startTs,
                        request.getLockTtl(),
                        null,
                        forUpdateTs,
                        0,
                        request.getMinCommitTs(),
                        null,
                        List.of(),
                        reader.lastChangeBefore(key, newest),
                        0,
                        conflictTs != 0,
                        0);
        changes.putLock(key, isShared(mutation) ? SharedLocks.with(shared, lock) : lock);
        return acquired;
    }

    /** Its own rollback record stands at its start ts, at or below the newest record. */
    private boolean isRolledBack(Key key, MvccReader.Found newest) {
        if (Long.compareUnsigned(newest.commitTs(), startTs) < 0) {
            return false;
        }
        return reader.seekWrite(key, startTs)
                .filter(found -> found.commitTs() == startTs)
                .filter(found ->
                        found.write() instanceof WriteRecord.Rollback
                                || found.write().details().overlappedRollback())
                .isPresent();
    }

    private KeyError conflict(Key key, MvccReader.Found found) {
        return KeyErrors.conflict(
                key,
                primary,
                startTs,
                found.write().startTs(),
                found.commitTs(),
                Reason.PessimisticRetry);
    }

    private Result.Acquired acquired(Key key, long forUpdateTs, long conflictTs) {
        boolean wantsValue = request.getReturnValues() || conflictTs != 0;
        boolean wantsExistence = request.getCheckExistence() || request.getLockOnlyIfExists();
        if (!wantsValue && !wantsExistence) {
            return new Result.Acquired(null, false, conflictTs);
        }
        Optional<MvccReader.Found> visible = reader.visibleAt(key, forUpdateTs);
        ByteString value =
                wantsValue
                        ? visible.map(found ->
                                        ByteString.copyFrom(reader.value(key, found.write())))
                                .orElse(null)
                        : null;
        return new Result.Acquired(value, visible.isPresent(), conflictTs);
    }

    /** Leaves no record: the transaction may go on without this lock. */
    static void release(
            MvccReader reader, Changes changes, Key key, long startTs, long forUpdateTs) {
        Optional<LockRecord> held = reader.lock(key, changes);
        MvccReader.lockOf(held, startTs)
                .filter(lock -> lock.kind() == LockRecord.Kind.PESSIMISTIC)
                .filter(lock -> Long.compareUnsigned(lock.forUpdateTs(), forUpdateTs) <= 0)
                .ifPresent(_ -> {
                    if (held.orElseThrow() instanceof LockRecord.Shared shared) {
                        SharedLocks.remove(changes, key, shared, startTs);
                    } else {
                        changes.removeLock(key);
                    }
                });
    }
}
