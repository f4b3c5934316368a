package io.garrick.kv;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.proto.kvrpc.Action;
import io.garrick.proto.kvrpc.AlreadyExist;
import io.garrick.proto.kvrpc.CheckSecondaryLocksRequest;
import io.garrick.proto.kvrpc.CheckSecondaryLocksResponse;
import io.garrick.proto.kvrpc.CheckTxnStatusRequest;
import io.garrick.proto.kvrpc.CheckTxnStatusResponse;
import io.garrick.proto.kvrpc.CommitTsExpired;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.TxnLockNotFound;
import io.garrick.proto.kvrpc.TxnNotFound;
import io.garrick.proto.kvrpc.WriteConflict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Percolator in memory: the rules of a TiKV store for optimistic transactions, without regions.
 * Keys are raw. Callers hold the cluster's lock.
 */
final class FakeMvcc {
    /** Commit ts, newest first; a rollback has its start ts as commit ts. */
    record Version(long commitTs, long startTs, Op op, ByteString value) {}

    final NavigableMap<Key, LockInfo> locks = new TreeMap<>();
    private final NavigableMap<Key, ByteString> lockedValues = new TreeMap<>();
    private final NavigableMap<Key, NavigableMap<Long, Version>> versions = new TreeMap<>();

    private NavigableMap<Long, Version> of(Key key) {
        return versions.computeIfAbsent(
                key, _ -> new TreeMap<Long, Version>(Comparator.reverseOrder()));
    }

    Optional<KeyError> blocking(Key key, long ts, List<Long> resolved) {
        LockInfo lock = locks.get(key);
        if (lock == null
                || lock.getLockVersion() > ts
                || lock.getMinCommitTs() > ts
                || resolved.contains(lock.getLockVersion())) {
            return Optional.empty();
        }
        return Optional.of(KeyError.newBuilder().setLocked(lock).build());
    }

    Optional<ByteString> read(Key key, long ts) {
        for (Version version : of(key).tailMap(ts).values()) {
            if (version.op() == Op.Put) {
                return Optional.of(version.value());
            }
            if (version.op() == Op.Del) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    List<Key> keys(Key from, Key until) {
        TreeMap<Key, Boolean> keys = new TreeMap<>();
        for (NavigableMap<Key, ?> map : List.of(versions, locks)) {
            NavigableMap<Key, ?> part = map.tailMap(from, true);
            if (!until.isEmpty()) {
                part = from.compareTo(until) < 0 ? part.headMap(until, false) : new TreeMap<>();
            }
            part.keySet().forEach(key -> keys.put(key, true));
        }
        return List.copyOf(keys.keySet());
    }

    Optional<KeyError> prewrite(PrewriteRequest request, Mutation mutation) {
        Key key = Bytes.key(mutation.getKey());
        long startTs = request.getStartVersion();
        LockInfo lock = locks.get(key);
        if (lock != null && lock.getLockVersion() != startTs) {
            return Optional.of(KeyError.newBuilder().setLocked(lock).build());
        }
        if (lock != null) {
            return Optional.empty();
        }
        for (Version version : of(key).values()) {
            if (version.startTs() == startTs
                    || (version.commitTs() > startTs && version.op() != Op.Rollback)) {
                return Optional.of(
                        KeyError.newBuilder()
                                .setRetryable("write conflict")
                                .setConflict(
                                        WriteConflict.newBuilder()
                                                .setStartTs(startTs)
                                                .setConflictTs(version.startTs())
                                                .setConflictCommitTs(version.commitTs())
                                                .setKey(mutation.getKey()))
                                .build());
            }
        }
        if (mutation.getOp() == Op.Insert && read(key, Long.MAX_VALUE).isPresent()) {
            return Optional.of(
                    KeyError.newBuilder()
                            .setAlreadyExist(AlreadyExist.newBuilder().setKey(mutation.getKey()))
                            .build());
        }
        locks.put(
                key,
                LockInfo.newBuilder()
                        .setPrimaryLock(request.getPrimaryLock())
                        .setLockVersion(startTs)
                        .setKey(mutation.getKey())
                        .setLockTtl(request.getLockTtl())
                        .setTxnSize(request.getTxnSize())
                        .setLockType(mutation.getOp() == Op.Del ? Op.Del : Op.Put)
                        .setMinCommitTs(request.getMinCommitTs())
                        .setUseAsyncCommit(request.getUseAsyncCommit())
                        .addAllSecondaries(
                                mutation.getKey().equals(request.getPrimaryLock())
                                        ? request.getSecondariesList()
                                        : List.of())
                        .build());
        lockedValues.put(key, mutation.getValue());
        return Optional.empty();
    }

    Optional<KeyError> commit(Key key, long startTs, long commitTs) {
        LockInfo lock = locks.get(key);
        if (lock != null && lock.getLockVersion() == startTs) {
            if (commitTs < lock.getMinCommitTs()) {
                return Optional.of(
                        KeyError.newBuilder()
                                .setCommitTsExpired(
                                        CommitTsExpired.newBuilder()
                                                .setStartTs(startTs)
                                                .setAttemptedCommitTs(commitTs)
                                                .setMinCommitTs(lock.getMinCommitTs()))
                                .build());
            }
            finish(key, lock, commitTs);
            return Optional.empty();
        }
        if (written(key, startTs).filter(version -> version.op() != Op.Rollback).isPresent()) {
            return Optional.empty();
        }
        return Optional.of(
                KeyError.newBuilder()
                        .setRetryable("lock not found")
                        .setTxnLockNotFound(TxnLockNotFound.newBuilder().setKey(Bytes.of(key)))
                        .build());
    }

    private void finish(Key key, LockInfo lock, long commitTs) {
        locks.remove(key);
        ByteString value = lockedValues.getOrDefault(key, ByteString.EMPTY);
        lockedValues.remove(key);
        of(key).put(
                        commitTs,
                        new Version(commitTs, lock.getLockVersion(), lock.getLockType(), value));
    }

    Optional<Version> written(Key key, long startTs) {
        return of(key).values().stream().filter(v -> v.startTs() == startTs).findFirst();
    }

    void rollBack(Key key, long startTs) {
        LockInfo lock = locks.get(key);
        if (lock != null && lock.getLockVersion() == startTs) {
            locks.remove(key);
            lockedValues.remove(key);
        }
        if (written(key, startTs).isEmpty()) {
            of(key).put(startTs, new Version(startTs, startTs, Op.Rollback, ByteString.EMPTY));
        }
    }

    CheckTxnStatusResponse status(CheckTxnStatusRequest request) {
        Key key = Bytes.key(request.getPrimaryKey());
        LockInfo lock = locks.get(key);
        CheckTxnStatusResponse.Builder response = CheckTxnStatusResponse.newBuilder();
        if (lock != null && lock.getLockVersion() == request.getLockTs()) {
            boolean expired =
                    (request.getLockTs() >>> 18) + lock.getLockTtl()
                            <= (request.getCurrentTs() >>> 18);
            if (lock.getUseAsyncCommit() && !request.getForceSyncCommit()) {
                return response.setLockTtl(lock.getLockTtl()).setLockInfo(lock).build();
            }
            if (expired) {
                rollBack(key, request.getLockTs());
                return response.setAction(Action.TTLExpireRollback).build();
            }
            if (request.getCallerStartTs() != 0
                    && request.getCallerStartTs() >= lock.getMinCommitTs()) {
                lock = lock.toBuilder().setMinCommitTs(request.getCallerStartTs() + 1).build();
                locks.put(key, lock);
            }
            if (request.getCallerStartTs() != 0
                    && lock.getMinCommitTs() > request.getCallerStartTs()) {
                response.setAction(Action.MinCommitTSPushed);
            }
            return response.setLockTtl(lock.getLockTtl()).setLockInfo(lock).build();
        }
        Optional<Version> version = written(key, request.getLockTs());
        if (version.isPresent()) {
            return version.get().op() == Op.Rollback
                    ? response.build()
                    : response.setCommitVersion(version.get().commitTs()).build();
        }
        if (!request.getRollbackIfNotExist()) {
            return response.setError(
                            KeyError.newBuilder()
                                    .setTxnNotFound(
                                            TxnNotFound.newBuilder()
                                                    .setStartTs(request.getLockTs())
                                                    .setPrimaryKey(request.getPrimaryKey())))
                    .build();
        }
        rollBack(key, request.getLockTs());
        return response.setAction(Action.LockNotExistRollback).build();
    }

    CheckSecondaryLocksResponse secondaries(CheckSecondaryLocksRequest request) {
        CheckSecondaryLocksResponse.Builder response = CheckSecondaryLocksResponse.newBuilder();
        for (ByteString bytes : request.getKeysList()) {
            Key key = Bytes.key(bytes);
            LockInfo lock = locks.get(key);
            if (lock != null && lock.getLockVersion() == request.getStartVersion()) {
                response.addLocks(lock);
                continue;
            }
            response.clearLocks();
            Optional<Version> version = written(key, request.getStartVersion());
            if (version.filter(v -> v.op() != Op.Rollback).isPresent()) {
                return response.setCommitTs(version.get().commitTs()).build();
            }
            rollBack(key, request.getStartVersion());
            return response.build();
        }
        return response.build();
    }

    /** The locks of a transaction in a range, or those of {@code keys} if any are given. */
    void resolve(List<Key> keys, Key from, Key until, long startTs, long commitTs) {
        List<Key> candidates = keys.isEmpty() ? new ArrayList<>(keys(from, until)) : keys;
        for (Key key : candidates) {
            LockInfo lock = locks.get(key);
            if (lock == null || lock.getLockVersion() != startTs) {
                continue;
            }
            if (commitTs == 0) {
                rollBack(key, startTs);
            } else {
                finish(key, lock, commitTs);
            }
        }
    }
}
