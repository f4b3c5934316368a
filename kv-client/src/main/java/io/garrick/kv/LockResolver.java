package io.garrick.kv;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.proto.kvrpc.Action;
import io.garrick.proto.kvrpc.CheckSecondaryLocksRequest;
import io.garrick.proto.kvrpc.CheckSecondaryLocksResponse;
import io.garrick.proto.kvrpc.CheckTxnStatusRequest;
import io.garrick.proto.kvrpc.CheckTxnStatusResponse;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PessimisticRollbackRequest;
import io.garrick.proto.kvrpc.ResolveLockRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Finds out what became of the transactions that left locks behind, and finishes the dead ones.
 *
 * <p>The truth about a transaction is at its primary key (Percolator §2.2). CheckTxnStatus asks
 * there; it also rolls the transaction back if its time to live is over, or moves its least commit
 * timestamp past the caller if it still lives. With async commit the truth is spread: the
 * transaction is committed once all its secondaries are locked, so they are checked as well. Then
 * ResolveLock commits or removes the locks that were met.
 *
 * <p>Safe for many threads.
 */
public final class LockResolver {
    /** Below this many keys only the locks met are resolved, not all of the region (client-go). */
    private static final int SMALL_TXN_KEYS = 16;

    private static final int REMEMBERED_FATES = 2048;

    private final Router router;
    private final PdClient pd;
    private final Duration totalTimeout;
    private final Map<Long, Fate> finalFates =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Long, Fate> eldest) {
                    return size() > REMEMBERED_FATES;
                }
            };

    private sealed interface Fate {
        record Committed(long commitTs) implements Fate {}

        record RolledBack() implements Fate {}

        /** {@code pushed}: it can only commit after the caller's timestamp. */
        record Alive(long ttlMillis, boolean pushed) implements Fate {}
    }

    LockResolver(Router router, PdClient pd, Duration totalTimeout) {
        this.router = router;
        this.pd = pd;
        this.totalTimeout = totalTimeout;
    }

    /**
     * Resolves what can be resolved now, without waiting for living transactions.
     *
     * @param callerTs the reader's timestamp; zero for a writer, which must not push others
     */
    public LockResolution resolve(List<LockInfo> locks, Timestamp callerTs) {
        return resolve(locks, callerTs, new Backoff("resolve locks", totalTimeout));
    }

    LockResolution resolve(List<LockInfo> locks, Timestamp callerTs, Backoff backoff) {
        if (locks.isEmpty()) {
            return new LockResolution(Set.of(), 0);
        }
        Timestamp now = pd.timestamp();
        Set<Long> bypass = new HashSet<>();
        Set<String> cleaned = new HashSet<>();
        long waitMillis = 0;
        for (LockInfo lock : (Iterable<LockInfo>) flatten(locks)::iterator) {
            Fate fate = fateOf(lock, callerTs, now, backoff);
            switch (fate) {
                case Fate.Alive(long ttlMillis, boolean pushed) -> {
                    if (pushed) {
                        bypass.add(lock.getLockVersion());
                    } else {
                        waitMillis = Math.max(waitMillis, Math.max(1, ttlMillis));
                    }
                }
                case Fate.Committed(long commitTs) -> {
                    if (Long.compareUnsigned(commitTs, callerTs.value()) > 0) {
                        bypass.add(lock.getLockVersion());
                    }
                    finish(lock, commitTs, cleaned, backoff);
                }
                case Fate.RolledBack _ -> {
                    bypass.add(lock.getLockVersion());
                    if (isPessimistic(lock)) {
                        rollBackPessimistic(lock, backoff);
                    } else {
                        finish(lock, 0, cleaned, backoff);
                    }
                }
            }
        }
        return new LockResolution(bypass, waitMillis);
    }

    private static Stream<LockInfo> flatten(List<LockInfo> locks) {
        return locks.stream()
                .flatMap(lock ->
                        lock.getSharedLockInfosCount() > 0
                                ? lock.getSharedLockInfosList().stream()
                                : Stream.of(lock));
    }

    private Fate fateOf(LockInfo lock, Timestamp callerTs, Timestamp now, Backoff backoff) {
        Fate known;
        synchronized (finalFates) {
            known = finalFates.get(lock.getLockVersion());
        }
        if (known != null) {
            return known;
        }
        Fate fate = askPrimary(lock, callerTs, now, backoff);
        // A pessimistic lock may be dropped while its transaction lives on.
        if (!(fate instanceof Fate.Alive) && !isPessimistic(lock)) {
            synchronized (finalFates) {
                finalFates.put(lock.getLockVersion(), fate);
            }
        }
        return fate;
    }

    private Fate askPrimary(LockInfo lock, Timestamp callerTs, Timestamp now, Backoff backoff) {
        boolean rollbackIfNotExist = false;
        boolean forceSyncCommit = false;
        while (true) {
            CheckTxnStatusResponse status =
                    checkTxnStatus(
                            lock, callerTs, now, rollbackIfNotExist, forceSyncCommit, backoff);
            if (status.hasError()) {
                KeyError error = status.getError();
                long left = remainingMillis(lock.getLockVersion(), lock.getLockTtl(), now);
                if (error.hasTxnNotFound()) {
                    // Its primary may not be written yet. Once its time is over it never will be.
                    if (left > 0) {
                        return new Fate.Alive(left, false);
                    }
                    if (!rollbackIfNotExist) {
                        rollbackIfNotExist = true;
                        continue;
                    }
                }
                if (error.hasPrimaryMismatch()) {
                    return new Fate.Alive(1, false); // the lock met is out of date: read it again
                }
                throw new KvException("check transaction status: " + error);
            }
            if (status.getCommitVersion() != 0) {
                return new Fate.Committed(status.getCommitVersion());
            }
            if (status.getLockTtl() == 0) {
                return new Fate.RolledBack();
            }
            long left = remainingMillis(lock.getLockVersion(), status.getLockTtl(), now);
            LockInfo primary = status.getLockInfo();
            if (left <= 0 && primary.getUseAsyncCommit() && !forceSyncCommit) {
                Optional<Fate> fate = fromSecondaries(primary, lock, backoff);
                if (fate.isPresent()) {
                    return fate.get();
                }
                forceSyncCommit = true;
                continue;
            }
            return new Fate.Alive(
                    Math.max(left, 1), status.getAction() == Action.MinCommitTSPushed);
        }
    }

    private static long remainingMillis(long startTs, long ttlMillis, Timestamp now) {
        return new Timestamp(startTs).physicalMillis() + ttlMillis - now.physicalMillis();
    }

    private CheckTxnStatusResponse checkTxnStatus(
            LockInfo lock,
            Timestamp callerTs,
            Timestamp now,
            boolean rollbackIfNotExist,
            boolean forceSyncCommit,
            Backoff backoff) {
        Key primary = Bytes.key(lock.getPrimaryLock());
        CheckTxnStatusRequest.Builder request =
                CheckTxnStatusRequest.newBuilder()
                        .setPrimaryKey(lock.getPrimaryLock())
                        .setLockTs(lock.getLockVersion())
                        .setCallerStartTs(callerTs.value())
                        .setCurrentTs(now.value())
                        .setRollbackIfNotExist(rollbackIfNotExist)
                        .setForceSyncCommit(forceSyncCommit)
                        .setResolvingPessimisticLock(isPessimistic(lock))
                        .setVerifyIsPrimary(true);
        while (true) {
            Optional<CheckTxnStatusResponse> response =
                    router.send(
                            router.route(primary, backoff),
                            backoff,
                            (stub, context) ->
                                    stub.kvCheckTxnStatus(request.setContext(context).build()),
                            r -> r.getRegionError());
            if (response.isPresent()) {
                return response.get();
            }
        }
    }

    /** Empty if a lock is not of async commit, so that the primary alone decides. */
    private Optional<Fate> fromSecondaries(LockInfo primary, LockInfo met, Backoff backoff) {
        List<Key> secondaries =
                primary.getSecondariesList().stream().map(Bytes::key).sorted().toList();
        long commitTs = primary.getMinCommitTs();
        List<Key> pending = secondaries;
        while (!pending.isEmpty()) {
            List<Key> again = new ArrayList<>();
            for (Router.Group<Key> group : router.group(pending, key -> key, backoff)) {
                Optional<CheckSecondaryLocksResponse> response =
                        router.send(
                                group.route(),
                                backoff,
                                (stub, context) ->
                                        stub.kvCheckSecondaryLocks(
                                                CheckSecondaryLocksRequest.newBuilder()
                                                        .setContext(context)
                                                        .addAllKeys(bytes(group.items()))
                                                        .setStartVersion(met.getLockVersion())
                                                        .build()),
                                r -> r.getRegionError());
                if (response.isEmpty()) {
                    again.addAll(group.items());
                    continue;
                }
                CheckSecondaryLocksResponse answer = response.get();
                if (answer.hasError()) {
                    throw new KvException("check secondary locks: " + answer.getError());
                }
                if (answer.getLocksCount() < group.items().size()) {
                    // One is missing: committed already if that is said, else never to be locked.
                    Fate fate =
                            answer.getCommitTs() != 0
                                    ? new Fate.Committed(answer.getCommitTs())
                                    : new Fate.RolledBack();
                    return Optional.of(finishAll(primary, met, secondaries, fate, backoff));
                }
                for (LockInfo lock : answer.getLocksList()) {
                    if (!lock.getUseAsyncCommit()) {
                        return Optional.empty();
                    }
                    commitTs = Math.max(commitTs, lock.getMinCommitTs());
                }
            }
            pending = again;
        }
        return Optional.of(
                finishAll(primary, met, secondaries, new Fate.Committed(commitTs), backoff));
    }

    private Fate finishAll(
            LockInfo primary, LockInfo met, List<Key> secondaries, Fate fate, Backoff backoff) {
        long commitTs = fate instanceof Fate.Committed(long ts) ? ts : 0;
        List<Key> keys = new ArrayList<>(secondaries);
        keys.add(Bytes.key(primary.getKey().isEmpty() ? met.getPrimaryLock() : primary.getKey()));
        keys.sort(null);
        resolveKeys(keys, met.getLockVersion(), commitTs, backoff);
        return fate;
    }

    private void finish(LockInfo lock, long commitTs, Set<String> cleaned, Backoff backoff) {
        Key key = Bytes.key(lock.getKey());
        if (lock.getTxnSize() < SMALL_TXN_KEYS) {
            resolveKeys(List.of(key), lock.getLockVersion(), commitTs, backoff);
            return;
        }
        while (true) {
            RegionRoute route = router.route(key, backoff);
            String region = lock.getLockVersion() + "@" + route.id() + "/" + route.start();
            if (cleaned.contains(region)) {
                return;
            }
            if (resolve(route, List.of(), lock.getLockVersion(), commitTs, backoff)) {
                cleaned.add(region);
                return;
            }
        }
    }

    private void resolveKeys(List<Key> sorted, long startTs, long commitTs, Backoff backoff) {
        List<Key> pending = sorted;
        while (!pending.isEmpty()) {
            List<Key> again = new ArrayList<>();
            for (Router.Group<Key> group : router.group(pending, key -> key, backoff)) {
                if (!resolve(group.route(), group.items(), startTs, commitTs, backoff)) {
                    again.addAll(group.items());
                }
            }
            pending = again;
        }
    }

    /** False if the keys have to be looked up again. No keys means every lock of the region. */
    private boolean resolve(
            RegionRoute route, List<Key> keys, long startTs, long commitTs, Backoff backoff) {
        var response =
                router.send(
                        route,
                        backoff,
                        (stub, context) ->
                                stub.kvResolveLock(
                                        ResolveLockRequest.newBuilder()
                                                .setContext(context)
                                                .setStartVersion(startTs)
                                                .setCommitVersion(commitTs)
                                                .addAllKeys(bytes(keys))
                                                .build()),
                        r -> r.getRegionError());
        if (response.isPresent() && response.get().hasError()) {
            throw new KvException("resolve lock: " + response.get().getError());
        }
        return response.isPresent();
    }

    private void rollBackPessimistic(LockInfo lock, Backoff backoff) {
        Key key = Bytes.key(lock.getKey());
        long forUpdateTs = lock.getLockForUpdateTs() == 0 ? -1L : lock.getLockForUpdateTs();
        while (true) {
            var response =
                    router.send(
                            router.route(key, backoff),
                            backoff,
                            (stub, context) ->
                                    stub.kVPessimisticRollback(
                                            PessimisticRollbackRequest.newBuilder()
                                                    .setContext(context)
                                                    .setStartVersion(lock.getLockVersion())
                                                    .setForUpdateTs(forUpdateTs)
                                                    .addKeys(lock.getKey())
                                                    .build()),
                            r -> r.getRegionError());
            if (response.isPresent()) {
                return;
            }
        }
    }

    private static boolean isPessimistic(LockInfo lock) {
        return lock.getLockType() == Op.PessimisticLock
                || lock.getLockType() == Op.SharedPessimisticLock;
    }

    private static List<ByteString> bytes(List<Key> keys) {
        return keys.stream().map(Bytes::of).toList();
    }
}
