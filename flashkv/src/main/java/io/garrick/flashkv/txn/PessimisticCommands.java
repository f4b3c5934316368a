package io.garrick.flashkv.txn;

import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.codec.record.LockRecord;
import io.garrick.proto.kvrpc.Deadlock;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.PessimisticLockKeyResult;
import io.garrick.proto.kvrpc.PessimisticLockKeyResultType;
import io.garrick.proto.kvrpc.PessimisticLockRequest;
import io.garrick.proto.kvrpc.PessimisticLockResponse;
import io.garrick.proto.kvrpc.PessimisticLockWakeUpMode;
import io.garrick.proto.kvrpc.PessimisticRollbackRequest;
import io.garrick.proto.kvrpc.PessimisticRollbackResponse;
import io.garrick.proto.kvrpc.WaitForEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Takes and releases pessimistic locks. A request that meets another's lock waits for it, up to its
 * timeout, unless the waiting is a deadlock; then it tries again. Nothing of a request that fails
 * is locked.
 */
final class PessimisticCommands {
    /** Nobody waits longer, whatever it asks for; also what a timeout of 0 stands for. */
    static final long MAX_WAIT_MILLIS = 1_000;

    private final LatchedWrites writes;
    private final ConcurrencyManager concurrency;
    private final LockWaits waits;
    private final DeadlockClient deadlocks;

    PessimisticCommands(
            LatchedWrites writes,
            ConcurrencyManager concurrency,
            LockWaits waits,
            DeadlockClient deadlocks) {
        this.writes = writes;
        this.concurrency = concurrency;
        this.waits = waits;
        this.deadlocks = deadlocks;
    }

    private sealed interface Attempt {
        record Answered(PessimisticLockResponse response) implements Attempt {}

        /** The waiter is null when there is no time to wait. */
        record Blocked(Key key, LockRecord lock, LockWaits.@Nullable Waiter waiter)
                implements Attempt {}
    }

    PessimisticLockResponse lock(PessimisticLockRequest request) {
        if (request.getLockOnlyIfExists() && !request.getReturnValues()) {
            return failed(KeyErrors.abort("lock_only_if_exists needs return_values"));
        }
        concurrency.observe(request.getForUpdateTs());
        long deadlineNanos = System.nanoTime() + waitNanos(request.getWaitTimeout());
        while (true) {
            boolean mayWait = deadlineNanos - System.nanoTime() > 0;
            switch (attempt(request, mayWait)) {
                case Attempt.Answered(PessimisticLockResponse response) -> {
                    return response;
                }
                case Attempt.Blocked blocked -> {
                    LockWaits.Waiter waiter = blocked.waiter();
                    if (waiter == null) {
                        return failed(KeyErrors.locked(blocked.key(), blocked.lock()));
                    }
                    Optional<KeyError> deadlock = await(request, blocked, waiter, deadlineNanos);
                    if (deadlock.isPresent()) {
                        return failed(deadlock.get());
                    }
                }
            }
        }
    }

    /** 0 asks for the default; below 0 for no waiting. */
    private static long waitNanos(long timeoutMillis) {
        if (timeoutMillis < 0) {
            return 0;
        }
        long millis = timeoutMillis == 0 ? MAX_WAIT_MILLIS : timeoutMillis;
        return TimeUnit.MILLISECONDS.toNanos(Math.min(millis, MAX_WAIT_MILLIS));
    }

    private Attempt attempt(PessimisticLockRequest request, boolean mayWait) {
        List<Key> keys =
                RawKeys.encoded(request.getMutationsList().stream().map(Mutation::getKey).toList());
        return writes.update(
                request.getContext(),
                keys,
                (reader, changes) -> {
                    Changes wanted = new Changes();
                    Pessimistic pessimistic = new Pessimistic(reader, wanted, request);
                    List<Pessimistic.Result.Acquired> acquired = new ArrayList<>();
                    for (Mutation mutation : request.getMutationsList()) {
                        switch (pessimistic.acquire(mutation)) {
                            case Pessimistic.Result.Acquired one -> acquired.add(one);
                            case Pessimistic.Result.Failed(KeyError error) -> {
                                return new Attempt.Answered(failed(error));
                            }
                            case Pessimistic.Result.Blocked(Key key, LockRecord lock) -> {
                                if (lock instanceof LockRecord.Shared shared
                                        && !SharedLocks.isShrinkOnly(shared)
                                        && wanted.touchesLock(key)) {
                                    changes.putLock(key, SharedLocks.shrinkOnly(shared));
                                }
                                return new Attempt.Blocked(
                                        key,
                                        lock,
                                        mayWait
                                                ? waits.enter(key, request.getStartVersion())
                                                : null);
                            }
                        }
                    }
                    changes.add(wanted);
                    return new Attempt.Answered(response(request, acquired));
                });
    }

    private static PessimisticLockResponse failed(KeyError error) {
        return PessimisticLockResponse.newBuilder().addErrors(error).build();
    }

    private static PessimisticLockResponse response(
            PessimisticLockRequest request, List<Pessimistic.Result.Acquired> acquired) {
        PessimisticLockResponse.Builder response = PessimisticLockResponse.newBuilder();
        for (Pessimistic.Result.Acquired one : acquired) {
            ByteString found = one.value();
            ByteString value = found == null ? ByteString.EMPTY : found;
            if (request.getWakeUpMode() == PessimisticLockWakeUpMode.WakeUpModeForceLock) {
                response.addResults(
                        PessimisticLockKeyResult.newBuilder()
                                .setType(
                                        one.conflictTs() == 0
                                                ? PessimisticLockKeyResultType.LockResultNormal
                                                : PessimisticLockKeyResultType
                                                        .LockResultLockedWithConflict)
                                .setValue(value)
                                .setExistence(one.exists())
                                .setLockedWithConflictTs(one.conflictTs()));
            } else if (request.getReturnValues() || request.getCheckExistence()) {
                response.addNotFounds(!one.exists());
                if (request.getReturnValues()) {
                    response.addValues(value);
                }
            }
        }
        return response.build();
    }

    /** Returns when another try makes sense, or with the deadlock that waiting would be. */
    private Optional<KeyError> await(
            PessimisticLockRequest request,
            Attempt.Blocked blocked,
            LockWaits.Waiter waiter,
            long deadlineNanos) {
        List<WaitForEntry> entries =
                request.getIsFirstLock() ? List.of() : entries(request, blocked);
        try {
            entries.forEach(entry -> deadlocks.detect(entry, waiter));
            long nanos = deadlineNanos - System.nanoTime();
            Optional<Deadlock> deadlock =
                    waiter.outcome().get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
            return deadlock.map(KeyErrors::deadlock);
        } catch (TimeoutException e) {
            return Optional.empty(); // one last try
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Regions.busy("store is stopping");
        } finally {
            waits.leave(waiter);
            entries.forEach(deadlocks::forget);
        }
    }

    /** One per owner of the lock in the way. */
    private static List<WaitForEntry> entries(
            PessimisticLockRequest request, Attempt.Blocked blocked) {
        ByteString raw = KeyErrors.raw(blocked.key());
        List<LockRecord.Single> owners =
                switch (blocked.lock()) {
                    case LockRecord.Single single -> List.of(single);
                    case LockRecord.Shared shared -> shared.locks();
                };
        return owners.stream()
                .filter(owner -> owner.startTs() != request.getStartVersion())
                .map(owner ->
                        WaitForEntry.newBuilder()
                                .setTxn(request.getStartVersion())
                                .setWaitForTxn(owner.startTs())
                                .setKeyHash(keyHash(raw))
                                .setKey(raw)
                                .setResourceGroupTag(request.getContext().getResourceGroupTag())
                                .build())
                .toList();
    }

    /** As clients compute it, to find which of their keys is meant. */
    static long keyHash(ByteString rawKey) {
        return Hashing.farmHashFingerprint64().hashBytes(rawKey.toByteArray()).asLong();
    }

    PessimisticRollbackResponse rollback(PessimisticRollbackRequest request) {
        List<Key> keys = RawKeys.encoded(request.getKeysList());
        return writes.update(
                request.getContext(),
                keys,
                (reader, changes) -> {
                    for (Key key : keys) {
                        Pessimistic.release(
                                reader,
                                changes,
                                key,
                                request.getStartVersion(),
                                request.getForUpdateTs());
                    }
                    return PessimisticRollbackResponse.getDefaultInstance();
                });
    }
}
