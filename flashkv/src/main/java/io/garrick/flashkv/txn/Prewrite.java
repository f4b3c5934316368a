package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.record.LastChange;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.proto.kvrpc.Assertion;
import io.garrick.proto.kvrpc.AssertionLevel;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.PrewriteRequest.PessimisticAction;
import io.garrick.proto.kvrpc.WriteConflict.Reason;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The first phase of one request: a lock on every key, with what will be written, unless somebody
 * else was faster.
 *
 * <p>Idempotent: meeting its own lock is success. A transaction that was rolled back cannot come
 * back: its rollback record stands at its start ts and refuses the lock (tikv/tikv {@code
 * src/storage/txn/actions/prewrite.rs}, {@code src/storage/txn/commands/prewrite.rs}).
 */
final class Prewrite {
    /** What became of one mutation. */
    sealed interface Result {
        /** Locked, or nothing to lock; {@code minCommitTs} is 0 where none was chosen. */
        record Locked(long minCommitTs) implements Result {}

        /** It asks for a commit ts, and that cannot be: the whole request is done in two phases. */
        record FallBack() implements Result {}

        record Failed(KeyError error) implements Result {}
    }

    private final MvccReader reader;
    private final Changes changes;
    private final PrewriteRequest request;
    private final ConcurrencyManager concurrency;
    private final CommitKind kind;
    private final long startTs;
    private final Key primary;
    private final Map<Key, LockRecord.Single> onePhaseLocks = new LinkedHashMap<>();
    private final Map<Integer, Long> expectedForUpdateTs = new HashMap<>();

    Prewrite(
            MvccReader reader,
            Changes changes,
            PrewriteRequest request,
            ConcurrencyManager concurrency,
            CommitKind kind) {
        this.reader = reader;
        this.changes = changes;
        this.request = request;
        this.concurrency = concurrency;
        this.kind = kind;
        this.startTs = request.getStartVersion();
        this.primary = Key.wrap(request.getPrimaryLock().toByteArray());
        request.getForUpdateTsConstraintsList()
                .forEach(constraint ->
                        expectedForUpdateTs.put(
                                constraint.getIndex(), constraint.getExpectedForUpdateTs()));
    }

    private boolean isPessimistic() {
        return request.getForUpdateTs() != 0;
    }

    private static Result failed(KeyError error) {
        return new Result.Failed(error);
    }

    /** Locks the mutation's key, or says why not. */
    Result mutation(int index) {
        Mutation mutation = request.getMutations(index);
        Key key = Memcomparable.encode(Key.wrap(mutation.getKey().toByteArray()));
        PessimisticAction action =
                index < request.getPessimisticActionsCount()
                        ? request.getPessimisticActions(index)
                        : PessimisticAction.SKIP_PESSIMISTIC_CHECK;
        boolean readsAbsence =
                mutation.getOp() == Op.Insert || mutation.getOp() == Op.CheckNotExists;
        if (readsAbsence) {
            concurrency.observe(startTs);
        }
        if (mutation.getOp() == Op.CheckNotExists && isPessimistic()) {
            return failed(KeyErrors.abort("cannot check for absence in a pessimistic prewrite"));
        }
        Optional<LockRecord> held = reader.lock(key);
        if (held.isPresent() && held.get() instanceof LockRecord.Shared shared) {
            return onShared(mutation, key, action, shared);
        }
        if (held.isPresent() && held.get() instanceof LockRecord.Single lock) {
            return lock.startTs() == startTs
                    ? onOwn(index, mutation, key, lock)
                    : failed(onOther(key, action, lock));
        }
        if (action == PessimisticAction.DO_PESSIMISTIC_CHECK || mutation.getOp() == Op.SharedLock) {
            return failed(KeyErrors.pessimisticLockNotFound(startTs));
        }
        return onFree(mutation, key, action);
    }

    /** A pessimistic transaction guards other keys by its locks: who is in the way may go now. */
    private KeyError onOther(Key key, PessimisticAction action, LockRecord.Single lock) {
        if (action == PessimisticAction.DO_PESSIMISTIC_CHECK) {
            return KeyErrors.pessimisticLockNotFound(startTs);
        }
        return KeyErrors.locked(key, isPessimistic() ? lock.withTtl(0) : lock);
    }

    private Result onOwn(int index, Mutation mutation, Key key, LockRecord.Single lock) {
        if (mutation.getOp() == Op.SharedLock) {
            return failed(KeyErrors.locked(key, lock));
        }
        if (lock.kind() != LockRecord.Kind.PESSIMISTIC) {
            return again(lock);
        }
        if (!isPessimistic()) {
            return failed(KeyErrors.abort("lock type not match, start_ts " + startTs));
        }
        Long expected = expectedForUpdateTs.get(index);
        if (expected != null && expected != lock.forUpdateTs()) {
            return failed(KeyErrors.pessimisticLockNotFound(startTs));
        }
        // The key is protected since before: nothing to check, the lock only turns into a real one.
        Optional<KeyError> refused =
                request.getAssertionLevel() == AssertionLevel.Strict
                        ? checkAssertion(mutation, key)
                        : Optional.empty();
        return refused.isPresent() ? failed(refused.get()) : write(mutation, key, lock);
    }

    private Result again(LockRecord.Single lock) {
        if (kind instanceof CommitKind.TwoPhase) {
            return new Result.Locked(0);
        }
        return lock.usesAsyncCommit()
                ? new Result.Locked(lock.minCommitTs())
                : new Result.FallBack();
    }

    private Result onShared(
            Mutation mutation, Key key, PessimisticAction action, LockRecord.Shared shared) {
        Optional<LockRecord.Single> own = SharedLocks.owner(shared, startTs);
        if (own.isEmpty()) {
            return failed(
                    action == PessimisticAction.DO_PESSIMISTIC_CHECK
                                    || mutation.getOp() == Op.SharedLock
                            ? KeyErrors.pessimisticLockNotFound(startTs)
                            : KeyErrors.locked(key, shared));
        }
        if (mutation.getOp() != Op.SharedLock) {
            return failed(KeyErrors.abort("a shared lock takes a mutation of type SharedLock"));
        }
        if (!(kind instanceof CommitKind.TwoPhase)) {
            return new Result.FallBack();
        }
        LockRecord.Single lock = own.get();
        if (lock.kind() == LockRecord.Kind.PESSIMISTIC) {
            changes.putLock(
                    key,
                    SharedLocks.with(
                            shared, made(LockRecord.Kind.LOCK, null, lock, lock.lastChange())));
        }
        return new Result.Locked(0);
    }

    private Result onFree(Mutation mutation, Key key, PessimisticAction action) {
        boolean unchecked =
                isPessimistic()
                        ? action == PessimisticAction.SKIP_PESSIMISTIC_CHECK
                                && !request.getContext().getIsRetryRequest()
                        : request.getSkipConstraintCheck();
        Optional<KeyError> refused =
                unchecked ? Optional.empty() : checkNewer(mutation, key, action);
        boolean asserts =
                request.getAssertionLevel() == AssertionLevel.Strict
                        || (request.getAssertionLevel() == AssertionLevel.Fast && !unchecked);
        if (refused.isEmpty() && asserts) {
            refused = checkAssertion(mutation, key);
        }
        return refused.isPresent() ? failed(refused.get()) : write(mutation, key, null);
    }

    /** Nobody committed since, and the transaction itself was not rolled back. */
    private Optional<KeyError> checkNewer(Mutation mutation, Key key, PessimisticAction action) {
        Optional<MvccReader.Found> newest = reader.seekWrite(key, -1L);
        while (newest.isPresent()) {
            MvccReader.Found found = newest.get();
            long commitTs = found.commitTs();
            boolean rollback = found.write() instanceof WriteRecord.Rollback;
            if (commitTs == startTs && (rollback || found.write().details().overlappedRollback())) {
                return Optional.of(conflict(key, found, Reason.SelfRolledBack));
            }
            boolean newer = Long.compareUnsigned(commitTs, startTs) > 0;
            if (newer && !isPessimistic()) {
                return Optional.of(conflict(key, found, Reason.Optimistic));
            }
            if (newer && action == PessimisticAction.DO_CONSTRAINT_CHECK) {
                return Optional.of(conflict(key, found, Reason.LazyUniquenessCheck));
            }
            if (!isPessimistic() || Long.compareUnsigned(commitTs, request.getForUpdateTs()) <= 0) {
                break;
            }
            if (!rollback) {
                return Optional.of(KeyErrors.pessimisticLockNotFound(startTs));
            }
            newest = reader.below(key, commitTs);
        }
        boolean mustNotExist =
                mutation.getOp() == Op.Insert || mutation.getOp() == Op.CheckNotExists;
        return mustNotExist && existing(key).isPresent()
                ? Optional.of(KeyErrors.alreadyExists(key))
                : Optional.empty();
    }

    private Optional<MvccReader.Found> existing(Key key) {
        return reader.visibleAt(key, -1L);
    }

    private KeyError conflict(Key key, MvccReader.Found found, Reason reason) {
        return KeyErrors.conflict(
                key, primary, startTs, found.write().startTs(), found.commitTs(), reason);
    }

    private Optional<KeyError> checkAssertion(Mutation mutation, Key key) {
        if (mutation.getAssertion() == Assertion.None) {
            return Optional.empty();
        }
        Optional<MvccReader.Found> version = reader.seekVersion(key, -1L);
        boolean exists =
                version.isPresent()
                        && version.get().write() instanceof WriteRecord.Put
                        && version.get().write().isVisibleBehindFence(-1L);
        if (exists == (mutation.getAssertion() == Assertion.Exist)) {
            return Optional.empty();
        }
        return Optional.of(
                KeyErrors.assertionFailed(
                        key,
                        startTs,
                        mutation.getAssertion(),
                        version.map(found -> found.write().startTs()).orElse(0L),
                        version.map(MvccReader.Found::commitTs).orElse(0L)));
    }

    private Result write(Mutation mutation, Key key, LockRecord.@Nullable Single pessimistic) {
        LockRecord.Kind lockKind;
        switch (mutation.getOp()) {
            case Put, Insert -> lockKind = LockRecord.Kind.PUT;
            case Del -> lockKind = LockRecord.Kind.DELETE;
            case Lock -> lockKind = LockRecord.Kind.LOCK;
            case CheckNotExists -> {
                return new Result.Locked(
                        kind instanceof CommitKind.TwoPhase
                                ? 0
                                : ConcurrencyManager.maxUnsigned(
                                        request.getMinCommitTs(), startTs + 1));
            }
            default -> {
                return failed(KeyErrors.abort("cannot prewrite " + mutation.getOp()));
            }
        }
        LastChange lastChange = null;
        if (lockKind == LockRecord.Kind.LOCK) {
            lastChange =
                    pessimistic == null
                            ? reader.lastChangeBefore(key, reader.seekWrite(key, -1L))
                            : pessimistic.lastChange();
        }
        Key shortValue = null;
        byte[] value = mutation.getValue().toByteArray();
        boolean isLong =
                lockKind == LockRecord.Kind.PUT && value.length > WriteRecord.LONGEST_SHORT_VALUE;
        if (lockKind == LockRecord.Kind.PUT && !isLong) {
            shortValue = Key.wrap(value);
        }
        Result result = put(key, made(lockKind, shortValue, pessimistic, lastChange), pessimistic);
        if (isLong && result instanceof Result.Locked) {
            changes.putValue(key, startTs, value);
        }
        return result;
    }

    private LockRecord.Single made(
            LockRecord.Kind lockKind,
            @Nullable Key shortValue,
            LockRecord.@Nullable Single pessimistic,
            @Nullable LastChange lastChange) {
        long forUpdateTs = request.getForUpdateTs();
        long ttlMillis = request.getLockTtl();
        long minCommitTs = request.getMinCommitTs();
        if (pessimistic != null) {
            forUpdateTs = ConcurrencyManager.maxUnsigned(forUpdateTs, pessimistic.forUpdateTs());
            ttlMillis = Math.max(ttlMillis, pessimistic.ttlMillis());
            minCommitTs = ConcurrencyManager.maxUnsigned(minCommitTs, pessimistic.minCommitTs());
        }
        return new LockRecord.Single(
                lockKind,
                primary,
                startTs,
                ttlMillis,
                shortValue,
                forUpdateTs,
                request.getTxnSize(),
                minCommitTs,
                null,
                List.of(),
                lastChange,
                request.getContext().getTxnSource(),
                false,
                0);
    }

    private Result put(Key key, LockRecord.Single lock, LockRecord.@Nullable Single pessimistic) {
        return switch (kind) {
            case CommitKind.TwoPhase _ -> {
                changes.putLock(key, lock);
                yield new Result.Locked(0);
            }
            case CommitKind.Async(List<Key> secondaries, long ceilingTs) -> {
                boolean isPrimary = Memcomparable.encode(primary).equals(key);
                LockRecord.Single async = lock.withSecondaries(isPrimary ? secondaries : List.of());
                yield lockInMemory(key, async, ceilingTs, false);
            }
            case CommitKind.OnePhase(long ceilingTs) -> {
                Result result = lockInMemory(key, lock, ceilingTs, true);
                if (result instanceof Result.Locked && pessimistic != null) {
                    changes.removeLock(key);
                }
                yield result;
            }
        };
    }

    private Result lockInMemory(Key key, LockRecord.Single lock, long ceilingTs, boolean onePhase) {
        long floorTs =
                ConcurrencyManager.maxUnsigned(
                        ConcurrencyManager.maxUnsigned(startTs, request.getForUpdateTs()) + 1,
                        lock.minCommitTs());
        changes.guard(key);
        OptionalLong minCommitTs = concurrency.lock(key, floorTs, ceilingTs, lock::withMinCommitTs);
        if (minCommitTs.isEmpty()) {
            return new Result.FallBack();
        }
        LockRecord.Single bound = lock.withMinCommitTs(minCommitTs.getAsLong());
        if (onePhase) {
            onePhaseLocks.put(key, bound);
        } else {
            changes.putLock(key, bound);
        }
        return new Result.Locked(minCommitTs.getAsLong());
    }

    /** Turns the locks of a one-phase commit, none of which was written, into write records. */
    void commitAt(long commitTs) {
        onePhaseLocks.forEach(
                (key, lock) -> changes.putWrite(key, commitTs, Commit.record(lock, commitTs)));
    }
}
