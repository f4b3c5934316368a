package io.garrick.flashkv.txn;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.Modify;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.kvrpc.BatchGetRequest;
import io.garrick.proto.kvrpc.BatchGetResponse;
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
import io.garrick.proto.kvrpc.DeleteRangeRequest;
import io.garrick.proto.kvrpc.DeleteRangeResponse;
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.GetResponse;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.KvPair;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.MvccGetByKeyRequest;
import io.garrick.proto.kvrpc.MvccGetByKeyResponse;
import io.garrick.proto.kvrpc.MvccInfo;
import io.garrick.proto.kvrpc.MvccLock;
import io.garrick.proto.kvrpc.MvccValue;
import io.garrick.proto.kvrpc.MvccWrite;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PessimisticLockRequest;
import io.garrick.proto.kvrpc.PessimisticLockResponse;
import io.garrick.proto.kvrpc.PessimisticRollbackRequest;
import io.garrick.proto.kvrpc.PessimisticRollbackResponse;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.PrewriteResponse;
import io.garrick.proto.kvrpc.ResolveLockRequest;
import io.garrick.proto.kvrpc.ResolveLockResponse;
import io.garrick.proto.kvrpc.ScanLockRequest;
import io.garrick.proto.kvrpc.ScanLockResponse;
import io.garrick.proto.kvrpc.ScanRequest;
import io.garrick.proto.kvrpc.ScanResponse;
import io.garrick.proto.kvrpc.TxnHeartBeatRequest;
import io.garrick.proto.kvrpc.TxnHeartBeatResponse;
import io.garrick.proto.kvrpc.TxnInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The transactional requests, one method each; blocks until the answer stands. A region error is
 * thrown as {@link Regions.Refusal}. Safe for use by many threads.
 */
final class Percolator {
    /** Locks resolved per raft command, so that no command grows without bound. */
    private static final int RESOLVE_BATCH = 256;

    private final Regions regions;
    private final ConcurrencyManager concurrency;
    private final Latches latches = new Latches();

    Percolator(Regions regions, ConcurrencyManager concurrency) {
        this.regions = regions;
        this.concurrency = concurrency;
    }

    private interface Decision<T> {
        T decide(MvccReader reader, Changes changes);
    }

    /** Read, decide, write, as one step for everybody who writes these keys. */
    private <T> T update(Context context, Collection<Key> keys, Decision<T> decision) {
        try (Latches.Held _ = latches.acquire(keys)) {
            Changes changes = new Changes();
            long term;
            T result;
            try (RegionSnapshot snapshot = regions.snapshot(context);
                    MvccReader reader = new MvccReader(snapshot)) {
                Regions.requireInside(snapshot, keys);
                term = snapshot.term();
                result = decision.decide(reader, changes);
            }
            regions.write(context, term, changes.modifies());
            return result;
        }
    }

    // ---- reads ----

    GetResponse get(GetRequest request) {
        concurrency.observe(request.getVersion());
        Key key = encoded(request.getKey());
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                MvccReader reader = new MvccReader(snapshot)) {
            Regions.requireInside(snapshot, List.of(key));
            Reads reads = Reads.of(request.getContext(), request.getVersion());
            return switch (reads.get(reader, key)) {
                case Reads.Outcome.Value(Key value) ->
                        GetResponse.newBuilder().setValue(Changes.bytes(value)).build();
                case Reads.Outcome.Absent _ -> GetResponse.newBuilder().setNotFound(true).build();
                case Reads.Outcome.Locked(LockRecord.Single lock) ->
                        GetResponse.newBuilder().setError(KeyErrors.locked(key, lock)).build();
            };
        }
    }

    BatchGetResponse batchGet(BatchGetRequest request) {
        concurrency.observe(request.getVersion());
        List<Key> keys = encoded(request.getKeysList());
        BatchGetResponse.Builder response = BatchGetResponse.newBuilder();
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                MvccReader reader = new MvccReader(snapshot)) {
            Regions.requireInside(snapshot, keys);
            Reads reads = Reads.of(request.getContext(), request.getVersion());
            for (Key key : keys) {
                pair(key, reads.get(reader, key), false).ifPresent(response::addPairs);
            }
        }
        return response.build();
    }

    /**
     * Stops only at the limit or at the end of region or range: clients take a short page for the
     * region's end.
     */
    ScanResponse scan(ScanRequest request) {
        concurrency.observe(request.getVersion());
        boolean reverse = request.getReverse();
        KeyRange wanted =
                reverse
                        ? range(request.getEndKey(), request.getStartKey())
                        : range(request.getStartKey(), request.getEndKey());
        ScanResponse.Builder response = ScanResponse.newBuilder();
        Reads reads = Reads.of(request.getContext(), request.getVersion());
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                MvccReader reader = new MvccReader(snapshot);
                Scanner scanner =
                        new Scanner(
                                snapshot,
                                wanted,
                                reverse ? Scanner.Direction.REVERSE : Scanner.Direction.FORWARD)) {
            while (response.getPairsCount() < request.getLimit()) {
                Scanner.Entry entry = scanner.next();
                if (entry == null) {
                    break;
                }
                pair(
                                entry.key(),
                                reads.read(reader, entry.key(), entry.lock()),
                                request.getKeyOnly())
                        .ifPresent(response::addPairs);
            }
        }
        return response.build();
    }

    private static Optional<KvPair> pair(Key key, Reads.Outcome outcome, boolean keyOnly) {
        KvPair.Builder pair = KvPair.newBuilder().setKey(KeyErrors.raw(key));
        return switch (outcome) {
            case Reads.Outcome.Value(Key value) ->
                    Optional.of(
                            keyOnly ? pair.build() : pair.setValue(Changes.bytes(value)).build());
            case Reads.Outcome.Absent _ -> Optional.empty();
            case Reads.Outcome.Locked(LockRecord.Single lock) ->
                    Optional.of(pair.setError(KeyErrors.locked(key, lock)).build());
        };
    }

    // ---- two-phase commit ----

    /**
     * All or nothing: with any error nothing is locked. Async commit and 1PC are answered with "not
     * possible".
     */
    PrewriteResponse prewrite(PrewriteRequest request) {
        List<Key> keys =
                encoded(request.getMutationsList().stream().map(Mutation::getKey).toList());
        return update(
                request.getContext(),
                keys,
                (reader, changes) -> {
                    PrewriteResponse.Builder response = PrewriteResponse.newBuilder();
                    Changes wanted = new Changes();
                    Prewrite prewrite = new Prewrite(reader, wanted, request);
                    for (int i = 0; i < request.getMutationsCount(); i++) {
                        Optional<KeyError> error = prewrite.mutation(i);
                        error.ifPresent(response::addErrors);
                        if (error.isPresent() && !error.get().hasLocked()) {
                            break;
                        }
                    }
                    if (response.getErrorsCount() == 0) {
                        changes.modifies().addAll(wanted.modifies());
                    }
                    return response.build();
                });
    }

    CommitResponse commit(CommitRequest request) {
        if (Long.compareUnsigned(request.getCommitVersion(), request.getStartVersion()) <= 0) {
            return CommitResponse.newBuilder()
                    .setError(KeyErrors.abort("commit ts is not above start ts"))
                    .build();
        }
        List<Key> keys = encoded(request.getKeysList());
        return update(
                request.getContext(),
                keys,
                (reader, changes) -> {
                    Changes wanted = new Changes();
                    for (Key key : keys) {
                        Optional<KeyError> error =
                                Commit.commit(
                                        reader,
                                        wanted,
                                        key,
                                        request.getStartVersion(),
                                        request.getCommitVersion());
                        if (error.isPresent()) {
                            return CommitResponse.newBuilder().setError(error.get()).build();
                        }
                    }
                    changes.modifies().addAll(wanted.modifies());
                    return CommitResponse.newBuilder()
                            .setCommitVersion(request.getCommitVersion())
                            .build();
                });
    }

    BatchRollbackResponse batchRollback(BatchRollbackRequest request) {
        List<Key> keys = encoded(request.getKeysList());
        return update(
                request.getContext(),
                keys,
                (reader, changes) -> {
                    Changes wanted = new Changes();
                    for (Key key : keys) {
                        Rollback.Outcome outcome =
                                Rollback.rollback(
                                        reader, wanted, key, request.getStartVersion(), 0);
                        if (outcome instanceof Rollback.Outcome.Committed(long commitTs)) {
                            return BatchRollbackResponse.newBuilder()
                                    .setError(alreadyCommitted(commitTs))
                                    .build();
                        }
                    }
                    changes.modifies().addAll(wanted.modifies());
                    return BatchRollbackResponse.getDefaultInstance();
                });
    }

    private static KeyError alreadyCommitted(long commitTs) {
        return KeyErrors.abort("already committed, commit_ts " + Long.toUnsignedString(commitTs));
    }

    CleanupResponse cleanup(CleanupRequest request) {
        Key key = encoded(request.getKey());
        return update(
                request.getContext(),
                List.of(key),
                (reader, changes) ->
                        switch (Rollback.rollback(
                                reader,
                                changes,
                                key,
                                request.getStartVersion(),
                                request.getCurrentTs())) {
                            case Rollback.Outcome.Done _ -> CleanupResponse.getDefaultInstance();
                            case Rollback.Outcome.Committed(long commitTs) ->
                                    CleanupResponse.newBuilder().setCommitVersion(commitTs).build();
                            case Rollback.Outcome.Alive(LockRecord.Single lock) ->
                                    CleanupResponse.newBuilder()
                                            .setError(KeyErrors.locked(key, lock))
                                            .build();
                        });
    }

    // ---- transaction status, lock resolving ----

    TxnHeartBeatResponse heartBeat(TxnHeartBeatRequest request) {
        Key key = encoded(request.getPrimaryLock());
        return update(
                request.getContext(),
                List.of(key),
                (reader, changes) -> {
                    LockRecord.Single lock = reader.lock(key).orElse(null);
                    if (lock == null || lock.startTs() != request.getStartVersion()) {
                        return TxnHeartBeatResponse.newBuilder()
                                .setError(KeyErrors.txnNotFound(key, request.getStartVersion()))
                                .build();
                    }
                    long ttlMillis = Math.max(lock.ttlMillis(), request.getAdviseLockTtl());
                    if (ttlMillis != lock.ttlMillis()) {
                        changes.putLock(key, lock.withTtl(ttlMillis));
                    }
                    return TxnHeartBeatResponse.newBuilder().setLockTtl(ttlMillis).build();
                });
    }

    CheckTxnStatusResponse checkTxnStatus(CheckTxnStatusRequest request) {
        concurrency.observe(request.getCallerStartTs());
        concurrency.observe(request.getCurrentTs());
        Key key = encoded(request.getPrimaryKey());
        return update(
                request.getContext(),
                List.of(key),
                (reader, changes) -> TxnStatus.check(reader, changes, key, request));
    }

    CheckSecondaryLocksResponse checkSecondaryLocks(CheckSecondaryLocksRequest request) {
        List<Key> keys = encoded(request.getKeysList());
        long startTs = request.getStartVersion();
        return update(
                request.getContext(),
                keys,
                (reader, changes) -> {
                    CheckSecondaryLocksResponse.Builder response =
                            CheckSecondaryLocksResponse.newBuilder();
                    for (Key key : keys) {
                        LockRecord.Single lock = reader.lock(key).orElse(null);
                        if (lock != null
                                && lock.startTs() == startTs
                                && lock.kind() != LockRecord.Kind.PESSIMISTIC) {
                            response.addLocks(KeyErrors.lockInfo(key, lock));
                            continue;
                        }
                        // Not all locked: committed at this ts, or, with 0, rolled back for good.
                        return CheckSecondaryLocksResponse.newBuilder()
                                .setCommitTs(
                                        switch (Rollback.rollback(
                                                reader, changes, key, startTs, 0)) {
                                            case Rollback.Outcome.Committed(long commitTs) ->
                                                    commitTs;
                                            case Rollback.Outcome.Done _,
                                                    Rollback.Outcome.Alive _ ->
                                                    0;
                                        })
                                .build();
                    }
                    return response.build();
                });
    }

    ScanLockResponse scanLock(ScanLockRequest request) {
        concurrency.observe(request.getMaxVersion());
        ScanLockResponse.Builder response = ScanLockResponse.newBuilder();
        int limit = request.getLimit() == 0 ? Integer.MAX_VALUE : request.getLimit();
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                RegionSnapshot.Cursor cursor =
                        snapshot.cursor(
                                Cf.LOCK, range(request.getStartKey(), request.getEndKey()))) {
            for (boolean more = cursor.seekToFirst();
                    more && response.getLocksCount() < limit;
                    more = cursor.next()) {
                LockRecord.Single lock = MvccReader.parseLock(cursor.value());
                if (Long.compareUnsigned(lock.startTs(), request.getMaxVersion()) <= 0) {
                    response.addLocks(KeyErrors.lockInfo(Key.wrap(cursor.key()), lock));
                }
            }
        }
        return response.build();
    }

    /** With keys only those; without, every lock of the transactions in the region. */
    ResolveLockResponse resolveLock(ResolveLockRequest request) {
        Map<Long, Long> commits = new HashMap<>();
        if (request.getTxnInfosCount() == 0) {
            commits.put(request.getStartVersion(), request.getCommitVersion());
        }
        for (TxnInfo info : request.getTxnInfosList()) {
            commits.put(info.getTxn(), info.getStatus());
        }
        if (request.getKeysCount() != 0) {
            return resolve(
                    request.getContext(),
                    encoded(request.getKeysList()),
                    Map.of(request.getStartVersion(), request.getCommitVersion()));
        }
        Key from = Key.EMPTY;
        while (true) {
            List<Key> batch = lockedKeys(request.getContext(), commits, from);
            ResolveLockResponse response = resolve(request.getContext(), batch, commits);
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
                if (commits.containsKey(MvccReader.parseLock(cursor.value()).startTs())) {
                    keys.add(Key.wrap(cursor.key()));
                }
            }
        }
        return keys;
    }

    private ResolveLockResponse resolve(Context context, List<Key> keys, Map<Long, Long> commits) {
        return update(
                context,
                keys,
                (reader, changes) -> {
                    for (Key key : keys) {
                        LockRecord.Single lock = reader.lock(key).orElse(null);
                        if (lock == null || !commits.containsKey(lock.startTs())) {
                            // Somebody else was faster. With explicit keys a rollback must still
                            // leave its record, or a late prewrite would get through.
                            if (commits.size() == 1) {
                                commits.forEach((startTs, commitTs) -> {
                                    if (commitTs == 0) {
                                        Rollback.rollback(reader, changes, key, startTs, 0);
                                    }
                                });
                            }
                            continue;
                        }
                        long commitTs = commits.getOrDefault(lock.startTs(), 0L);
                        if (commitTs == 0) {
                            Rollback.rollback(reader, changes, key, lock.startTs(), 0);
                            continue;
                        }
                        Optional<KeyError> error =
                                Commit.commit(reader, changes, key, lock.startTs(), commitTs);
                        if (error.isPresent()) {
                            return ResolveLockResponse.newBuilder().setError(error.get()).build();
                        }
                    }
                    return ResolveLockResponse.getDefaultInstance();
                });
    }

    // ---- pessimistic locks ----

    PessimisticLockResponse pessimisticLock(PessimisticLockRequest request) {
        concurrency.observe(request.getForUpdateTs());
        List<Key> keys =
                encoded(request.getMutationsList().stream().map(Mutation::getKey).toList());
        return update(
                request.getContext(),
                keys,
                (reader, changes) -> {
                    PessimisticLockResponse.Builder response = PessimisticLockResponse.newBuilder();
                    Changes wanted = new Changes();
                    for (Mutation mutation : request.getMutationsList()) {
                        Optional<KeyError> error =
                                Pessimistic.acquire(reader, wanted, request, mutation);
                        if (error.isPresent()) {
                            return PessimisticLockResponse.newBuilder()
                                    .addErrors(error.get())
                                    .build();
                        }
                    }
                    changes.modifies().addAll(wanted.modifies());
                    if (request.getReturnValues() || request.getCheckExistence()) {
                        for (Key key : keys) {
                            Optional<byte[]> value = reader.valueAt(key, request.getForUpdateTs());
                            response.addNotFounds(value.isEmpty());
                            if (request.getReturnValues()) {
                                response.addValues(
                                        value.map(ByteString::copyFrom).orElse(ByteString.EMPTY));
                            }
                        }
                    }
                    return response.build();
                });
    }

    PessimisticRollbackResponse pessimisticRollback(PessimisticRollbackRequest request) {
        List<Key> keys = encoded(request.getKeysList());
        return update(
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

    // ---- ranges, debugging ----

    /**
     * Removes every version and lock, at once and for good; for data no transaction uses any more.
     */
    DeleteRangeResponse deleteRange(DeleteRangeRequest request) {
        if (request.getNotifyOnly()) {
            return DeleteRangeResponse.getDefaultInstance();
        }
        KeyRange wanted = range(request.getStartKey(), request.getEndKey());
        List<Modify> modifies = new ArrayList<>();
        long term;
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext())) {
            term = snapshot.term();
            KeyRange clipped = wanted.intersect(snapshot.range());
            if (clipped.isEmpty() || clipped.end().isEmpty()) {
                return DeleteRangeResponse.newBuilder()
                        .setError("the range needs an end and must meet the region")
                        .build();
            }
            for (Cf cf : Cf.values()) {
                modifies.add(
                        new Modify.DeleteRange(
                                cf, Changes.bytes(clipped.start()), Changes.bytes(clipped.end())));
            }
        }
        regions.write(request.getContext(), term, modifies);
        return DeleteRangeResponse.getDefaultInstance();
    }

    MvccGetByKeyResponse mvccByKey(MvccGetByKeyRequest request) {
        Key key = encoded(request.getKey());
        MvccInfo.Builder info = MvccInfo.newBuilder();
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                MvccReader reader = new MvccReader(snapshot)) {
            Regions.requireInside(snapshot, List.of(key));
            reader.lock(key).ifPresent(lock -> info.setLock(described(lock)));
            Optional<MvccReader.Found> found = reader.seekWrite(key, -1L);
            while (found.isPresent()) {
                info.addWrites(described(found.get()));
                found = reader.seekWrite(key, found.get().commitTs() - 1);
            }
            addValues(snapshot, key, info);
        }
        return MvccGetByKeyResponse.newBuilder().setInfo(info).build();
    }

    private static void addValues(RegionSnapshot snapshot, Key key, MvccInfo.Builder info) {
        try (RegionSnapshot.Cursor cursor = snapshot.cursor(Cf.DEFAULT, snapshot.range())) {
            for (boolean more = cursor.seek(MvccKey.append(key.unsafeBytes(), -1L));
                    more && MvccReader.isVersionOf(cursor.key(), key);
                    more = cursor.next()) {
                info.addValues(
                        MvccValue.newBuilder()
                                .setStartTs(MvccKey.tsOf(cursor.key()))
                                .setValue(ByteString.copyFrom(cursor.value())));
            }
        }
    }

    private static MvccLock described(LockRecord.Single lock) {
        MvccLock.Builder described =
                MvccLock.newBuilder()
                        .setType(KeyErrors.op(lock.kind()))
                        .setStartTs(lock.startTs())
                        .setPrimary(Changes.bytes(lock.primary()))
                        .setTtl(lock.ttlMillis())
                        .setForUpdateTs(lock.forUpdateTs())
                        .setTxnSize(lock.txnSize());
        if (lock.shortValue() != null) {
            described.setShortValue(Changes.bytes(lock.shortValue()));
        }
        return described.build();
    }

    private static MvccWrite described(MvccReader.Found found) {
        WriteRecord write = found.write();
        MvccWrite.Builder described =
                MvccWrite.newBuilder()
                        .setType(
                                switch (write) {
                                    case WriteRecord.Put _ -> Op.Put;
                                    case WriteRecord.Delete _ -> Op.Del;
                                    case WriteRecord.LockOnly _ -> Op.Lock;
                                    case WriteRecord.Rollback _ -> Op.Rollback;
                                })
                        .setStartTs(write.startTs())
                        .setCommitTs(found.commitTs())
                        .setHasOverlappedRollback(write.details().overlappedRollback());
        Key shortValue = write.shortValue();
        if (shortValue != null) {
            described.setShortValue(Changes.bytes(shortValue));
        }
        return described.build();
    }

    // ---- keys ----

    static Key encoded(ByteString raw) {
        return Memcomparable.encode(Key.wrap(raw.toByteArray()));
    }

    private static List<Key> encoded(List<ByteString> raw) {
        return raw.stream().map(Percolator::encoded).toList();
    }

    private static KeyRange range(ByteString rawStart, ByteString rawEnd) {
        return Memcomparable.encode(
                new KeyRange(Key.wrap(rawStart.toByteArray()), Key.wrap(rawEnd.toByteArray())));
    }
}
