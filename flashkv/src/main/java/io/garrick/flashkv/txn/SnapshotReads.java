package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.record.LockRecord;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.kvrpc.BatchGetRequest;
import io.garrick.proto.kvrpc.BatchGetResponse;
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.GetResponse;
import io.garrick.proto.kvrpc.IsolationLevel;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.KvPair;
import io.garrick.proto.kvrpc.ScanLockRequest;
import io.garrick.proto.kvrpc.ScanLockResponse;
import io.garrick.proto.kvrpc.ScanRequest;
import io.garrick.proto.kvrpc.ScanResponse;
import java.util.List;
import java.util.Optional;

/**
 * Reads at a timestamp. Each first raises max_ts and looks at the locks held in memory, and only
 * then takes its snapshot: what is no longer in memory is in the snapshot.
 *
 * <p>Blocks until the answer stands; a region error is thrown as {@link Regions.Refusal}.
 */
final class SnapshotReads {
    private final Regions regions;
    private final ConcurrencyManager concurrency;

    SnapshotReads(Regions regions, ConcurrencyManager concurrency) {
        this.regions = regions;
        this.concurrency = concurrency;
    }

    private Optional<KeyError> inMemory(List<Key> keys, Reads reads) {
        return error(reads, concurrency.read(keys, reads.ts(), reads.bypass()));
    }

    private Optional<KeyError> inMemory(KeyRange range, Reads reads) {
        return error(reads, concurrency.read(range, reads.ts(), reads.bypass()));
    }

    private static Optional<KeyError> error(
            Reads reads, Optional<ConcurrencyManager.Blocked> blocked) {
        return reads.isolation() == IsolationLevel.RC
                ? Optional.empty()
                : blocked.map(found -> KeyErrors.locked(found.key(), found.lock()));
    }

    GetResponse get(GetRequest request) {
        Key key = RawKeys.encoded(request.getKey());
        Reads reads = Reads.of(request.getContext(), request.getVersion());
        Optional<KeyError> inMemory = inMemory(List.of(key), reads);
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                MvccReader reader = new MvccReader(snapshot)) {
            Regions.requireInside(snapshot, List.of(key));
            if (inMemory.isPresent()) {
                return GetResponse.newBuilder().setError(inMemory.get()).build();
            }
            return switch (reads.get(reader, key)) {
                case Reads.Outcome.Value(Key value) ->
                        GetResponse.newBuilder().setValue(Changes.bytes(value)).build();
                case Reads.Outcome.Absent _ -> GetResponse.newBuilder().setNotFound(true).build();
                case Reads.Outcome.Locked(LockRecord.Single lock) ->
                        GetResponse.newBuilder().setError(KeyErrors.locked(key, lock)).build();
            };
        }
    }

    /** An error of the whole request stands beside the pairs, and in one for old clients. */
    BatchGetResponse batchGet(BatchGetRequest request) {
        List<Key> keys = RawKeys.encoded(request.getKeysList());
        Reads reads = Reads.of(request.getContext(), request.getVersion());
        Optional<KeyError> inMemory = inMemory(keys, reads);
        BatchGetResponse.Builder response = BatchGetResponse.newBuilder();
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                MvccReader reader = new MvccReader(snapshot)) {
            Regions.requireInside(snapshot, keys);
            if (inMemory.isPresent()) {
                return response.setError(inMemory.get()).addPairs(pair(inMemory.get())).build();
            }
            for (Key key : keys) {
                pair(key, reads.get(reader, key), false).ifPresent(response::addPairs);
            }
        }
        return response.build();
    }

    /**
     * Stops only at the limit or at the end of region or range: clients take a short page for the
     * region's end. With a sample step of n every n-th pair is given.
     */
    ScanResponse scan(ScanRequest request) {
        boolean reverse = request.getReverse();
        KeyRange wanted =
                reverse
                        ? RawKeys.range(request.getEndKey(), request.getStartKey())
                        : RawKeys.range(request.getStartKey(), request.getEndKey());
        Reads reads = Reads.of(request.getContext(), request.getVersion());
        Optional<KeyError> inMemory = inMemory(wanted, reads);
        ScanResponse.Builder response = ScanResponse.newBuilder();
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                MvccReader reader = new MvccReader(snapshot);
                Scanner scanner =
                        new Scanner(
                                snapshot,
                                wanted,
                                reverse ? Scanner.Direction.REVERSE : Scanner.Direction.FORWARD)) {
            if (inMemory.isPresent()) {
                return response.setError(inMemory.get()).addPairs(pair(inMemory.get())).build();
            }
            long step = Math.max(1, Integer.toUnsignedLong(request.getSampleStep()));
            long limit = Integer.toUnsignedLong(request.getLimit());
            long seen = 0;
            while (response.getPairsCount() < limit) {
                Scanner.Entry entry = scanner.next();
                if (entry == null) {
                    break;
                }
                Optional<KvPair> pair =
                        pair(
                                entry.key(),
                                reads.read(reader, entry.key(), entry.lock()),
                                request.getKeyOnly());
                if (pair.isPresent() && (pair.get().hasError() || seen++ % step == 0)) {
                    response.addPairs(pair.get());
                }
            }
        }
        return response.build();
    }

    private static KvPair pair(KeyError error) {
        return KvPair.newBuilder().setError(error).build();
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

    /** Locks of transactions up to a start ts, from what is replicated. */
    ScanLockResponse scanLock(ScanLockRequest request) {
        KeyRange wanted = RawKeys.range(request.getStartKey(), request.getEndKey());
        long maxTs = request.getMaxVersion();
        Optional<ConcurrencyManager.Blocked> inMemory = concurrency.lockUpTo(wanted, maxTs);
        ScanLockResponse.Builder response = ScanLockResponse.newBuilder();
        int limit = request.getLimit() == 0 ? Integer.MAX_VALUE : request.getLimit();
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                RegionSnapshot.Cursor cursor = snapshot.cursor(Cf.LOCK, wanted)) {
            if (inMemory.isPresent()) {
                return response.setError(
                                KeyErrors.locked(inMemory.get().key(), inMemory.get().lock()))
                        .build();
            }
            for (boolean more = cursor.seekToFirst();
                    more && response.getLocksCount() < limit;
                    more = cursor.next()) {
                Key key = Key.wrap(cursor.key());
                upTo(LockRecord.parse(cursor.value()), maxTs)
                        .ifPresent(lock -> response.addLocks(KeyErrors.lockInfo(key, lock)));
            }
        }
        return response.build();
    }

    private static Optional<LockRecord> upTo(LockRecord lock, long maxTs) {
        return switch (lock) {
            case LockRecord.Single single ->
                    Long.compareUnsigned(single.startTs(), maxTs) <= 0
                            ? Optional.of(single)
                            : Optional.empty();
            case LockRecord.Shared shared -> {
                List<LockRecord.Single> owners =
                        shared.locks().stream()
                                .filter(owner -> Long.compareUnsigned(owner.startTs(), maxTs) <= 0)
                                .toList();
                yield owners.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new LockRecord.Shared(shared.flags(), owners));
            }
        };
    }
}
