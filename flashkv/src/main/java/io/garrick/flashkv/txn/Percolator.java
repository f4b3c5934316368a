package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.record.LockRecord;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.kvrpc.BatchRollbackRequest;
import io.garrick.proto.kvrpc.BatchRollbackResponse;
import io.garrick.proto.kvrpc.CheckSecondaryLocksRequest;
import io.garrick.proto.kvrpc.CheckSecondaryLocksResponse;
import io.garrick.proto.kvrpc.CheckTxnStatusRequest;
import io.garrick.proto.kvrpc.CheckTxnStatusResponse;
import io.garrick.proto.kvrpc.CleanupRequest;
import io.garrick.proto.kvrpc.CleanupResponse;
import io.garrick.proto.kvrpc.CommitRequest;
import io.garrick.proto.kvrpc.CommitResponse;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.PrewriteResponse;
import io.garrick.proto.kvrpc.ResolveLockRequest;
import io.garrick.proto.kvrpc.ResolveLockResponse;
import io.garrick.proto.kvrpc.TxnHeartBeatRequest;
import io.garrick.proto.kvrpc.TxnHeartBeatResponse;
import io.garrick.proto.kvrpc.TxnInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Prewrite, commit, and what becomes of transactions whose owner is gone; one method per request.
 * Blocks until the answer stands. A region error is thrown as {@link Regions.Refusal}. Safe for use
 * by many threads.
 */
final class Percolator {
    /** Locks resolved per raft command, so that no command grows without bound. */
    private static final int RESOLVE_BATCH = 256;

    private final Regions regions;
    private final LatchedWrites writes;
    private final ConcurrencyManager concurrency;

    Percolator(Regions regions, LatchedWrites writes, ConcurrencyManager concurrency) {
        this.regions = regions;
        this.writes = writes;
        this.concurrency = concurrency;
    }

    // ---- two-phase commit ----

    /** All or nothing: with any error nothing is locked. */
    PrewriteResponse prewrite(PrewriteRequest request) {
        List<Key> keys =
                RawKeys.encoded(request.getMutationsList().stream().map(Mutation::getKey).toList());
        CommitKind kind = CommitKind.of(request);
        return writes.update(
                request.getContext(),
                keys,
                (reader, changes) -> {
                    if (!(kind instanceof CommitKind.TwoPhase)) {
                        concurrency.requireSynced(reader.snapshot());
                    }
                    return new PrewriteCommand(request, keys, reader, changes, concurrency)
                            .run(kind);
                });
    }

    CommitResponse commit(CommitRequest request) {
        if (Long.compareUnsigned(request.getCommitVersion(), request.getStartVersion()) <= 0) {
            return CommitResponse.newBuilder()
                    .setError(KeyErrors.abort("commit ts is not above start ts"))
                    .build();
        }
        List<Key> keys = RawKeys.encoded(request.getKeysList());
        return writes.update(
                request.getContext(),
                keys,
                (reader, changes) -> {
                    for (Key key : keys) {
                        Optional<KeyError> error =
                                Commit.commit(
                                        reader,
                                        changes,
                                        key,
                                        request.getStartVersion(),
                                        request.getCommitVersion());
                        if (error.isPresent()) {
                            changes.clear();
                            return CommitResponse.newBuilder().setError(error.get()).build();
                        }
                    }
                    return CommitResponse.newBuilder()
                            .setCommitVersion(request.getCommitVersion())
                            .build();
                });
    }

    BatchRollbackResponse batchRollback(BatchRollbackRequest request) {
        List<Key> keys = RawKeys.encoded(request.getKeysList());
        return writes.update(
                request.getContext(),
                keys,
                (reader, changes) -> {
                    for (Key key : keys) {
                        Rollback.Outcome outcome =
                                Rollback.rollback(
                                        reader,
                                        changes,
                                        key,
                                        request.getStartVersion(),
                                        0,
                                        Rollback.Trace.COLLAPSIBLE);
                        if (outcome instanceof Rollback.Outcome.Committed(long commitTs)) {
                            changes.clear();
                            return BatchRollbackResponse.newBuilder()
                                    .setError(alreadyCommitted(commitTs))
                                    .build();
                        }
                    }
                    return BatchRollbackResponse.getDefaultInstance();
                });
    }

    private static KeyError alreadyCommitted(long commitTs) {
        return KeyErrors.abort("already committed, commit_ts " + Long.toUnsignedString(commitTs));
    }

    CleanupResponse cleanup(CleanupRequest request) {
        Key key = RawKeys.encoded(request.getKey());
        return writes.update(
                request.getContext(),
                List.of(key),
                (reader, changes) ->
                        switch (Rollback.rollback(
                                reader,
                                changes,
                                key,
                                request.getStartVersion(),
                                request.getCurrentTs(),
                                Rollback.Trace.PROTECTED)) {
                            case Rollback.Outcome.Done _ -> CleanupResponse.getDefaultInstance();
                            case Rollback.Outcome.Committed(long commitTs) ->
                                    CleanupResponse.newBuilder().setCommitVersion(commitTs).build();
                            case Rollback.Outcome.Alive(LockRecord lock) ->
                                    CleanupResponse.newBuilder()
                                            .setError(KeyErrors.locked(key, lock))
                                            .build();
                        });
    }

    // ---- transaction status, lock resolving ----

    TxnHeartBeatResponse heartBeat(TxnHeartBeatRequest request) {
        Key key = RawKeys.encoded(request.getPrimaryLock());
        return writes.update(
                request.getContext(),
                List.of(key),
                (reader, changes) -> {
                    if (!(reader.lock(key).orElse(null) instanceof LockRecord.Single lock)
                            || lock.startTs() != request.getStartVersion()) {
                        return TxnHeartBeatResponse.newBuilder()
                                .setError(KeyErrors.txnNotFound(key, request.getStartVersion()))
                                .build();
                    }
                    LockRecord.Single renewed =
                            lock.withTtl(Math.max(lock.ttlMillis(), request.getAdviseLockTtl()));
                    if (!renewed.equals(lock)) {
                        changes.putLock(key, renewed);
                    }
                    return TxnHeartBeatResponse.newBuilder()
                            .setLockTtl(renewed.ttlMillis())
                            .build();
                });
    }

    CheckTxnStatusResponse checkTxnStatus(CheckTxnStatusRequest request) {
        concurrency.observe(request.getLockTs());
        concurrency.observe(request.getCallerStartTs());
        concurrency.observe(request.getCurrentTs());
        Key key = RawKeys.encoded(request.getPrimaryKey());
        return writes.update(
                request.getContext(),
                List.of(key),
                (reader, changes) -> TxnStatus.check(reader, changes, key, request));
    }

    /** No commit may overwrite the protected rollback that this leaves, hence max_ts. */
    CheckSecondaryLocksResponse checkSecondaryLocks(CheckSecondaryLocksRequest request) {
        concurrency.observe(request.getStartVersion());
        List<Key> keys = RawKeys.encoded(request.getKeysList());
        return writes.update(
                request.getContext(),
                keys,
                (reader, changes) ->
                        SecondaryLocks.check(reader, changes, keys, request.getStartVersion()));
    }

    /** With keys only those; without, every lock of the transactions in the region. */
    ResolveLockResponse resolveLock(ResolveLockRequest request) {
        if (request.getKeysCount() != 0) {
            return resolveKeys(request);
        }
        Map<Long, Long> commits = new HashMap<>();
        if (request.getTxnInfosCount() == 0) {
            commits.put(request.getStartVersion(), request.getCommitVersion());
        }
        for (TxnInfo info : request.getTxnInfosList()) {
            commits.put(info.getTxn(), info.getStatus());
        }
        Key from = Key.EMPTY;
        while (true) {
            List<Key> batch = lockedKeys(request.getContext(), commits, from);
            ResolveLockResponse response = resolveAll(request.getContext(), batch, commits);
            if (response.hasError() || batch.size() < RESOLVE_BATCH) {
                return response;
            }
            from = batch.getLast();
        }
    }

    private List<Key> lockedKeys(Context context, Map<Long, Long> commits, Key from) {
        List<Key> keys = new ArrayList<>();
        try (RegionSnapshot snapshot = regions.snapshot(context);
                RegionSnapshot.Cursor cursor =
                        snapshot.cursor(Cf.LOCK, new KeyRange(from, Key.EMPTY))) {
            for (boolean more = cursor.seekToFirst();
                    more && keys.size() < RESOLVE_BATCH;
                    more = cursor.next()) {
                boolean wanted =
                        owners(LockRecord.parse(cursor.value())).stream()
                                .anyMatch(lock -> commits.containsKey(lock.startTs()));
                if (wanted) {
                    keys.add(Key.wrap(cursor.key()));
                }
            }
        }
        return keys;
    }

    private static List<LockRecord.Single> owners(LockRecord lock) {
        return switch (lock) {
            case LockRecord.Single single -> List.of(single);
            case LockRecord.Shared shared -> shared.locks();
        };
    }

    private ResolveLockResponse resolveAll(
            Context context, List<Key> keys, Map<Long, Long> commits) {
        return writes.update(
                context,
                keys,
                (reader, changes) -> {
                    for (Key key : keys) {
                        // What is gone by now somebody else has resolved.
                        for (LockRecord.Single lock :
                                reader.lock(key).map(Percolator::owners).orElse(List.of())) {
                            Long commitTs = commits.get(lock.startTs());
                            Optional<KeyError> error =
                                    commitTs == null
                                            ? Optional.empty()
                                            : resolve(
                                                    reader, changes, key, lock.startTs(), commitTs);
                            if (error.isPresent()) {
                                changes.clear();
                                return ResolveLockResponse.newBuilder()
                                        .setError(error.get())
                                        .build();
                            }
                        }
                    }
                    return ResolveLockResponse.getDefaultInstance();
                });
    }

    private ResolveLockResponse resolveKeys(ResolveLockRequest request) {
        List<Key> keys = RawKeys.encoded(request.getKeysList());
        return writes.update(
                request.getContext(),
                keys,
                (reader, changes) -> {
                    for (Key key : keys) {
                        Optional<KeyError> error =
                                resolve(
                                        reader,
                                        changes,
                                        key,
                                        request.getStartVersion(),
                                        request.getCommitVersion());
                        if (error.isPresent()) {
                            changes.clear();
                            return ResolveLockResponse.newBuilder().setError(error.get()).build();
                        }
                    }
                    return ResolveLockResponse.getDefaultInstance();
                });
    }

    /** A rollback leaves its record also where no lock is, or a late prewrite would get through. */
    private static Optional<KeyError> resolve(
            MvccReader reader, Changes changes, Key key, long startTs, long commitTs) {
        if (commitTs != 0) {
            return Commit.commit(reader, changes, key, startTs, commitTs);
        }
        return switch (Rollback.rollback(
                reader, changes, key, startTs, 0, Rollback.Trace.COLLAPSIBLE)) {
            case Rollback.Outcome.Committed(long committedTs) ->
                    Optional.of(alreadyCommitted(committedTs));
            case Rollback.Outcome.Done _, Rollback.Outcome.Alive _ -> Optional.empty();
        };
    }
}
