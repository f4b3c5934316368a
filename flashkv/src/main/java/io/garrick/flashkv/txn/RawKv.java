package io.garrick.flashkv.txn;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.kvrpc.KvPair;
import io.garrick.proto.kvrpc.RawBatchDeleteRequest;
import io.garrick.proto.kvrpc.RawBatchDeleteResponse;
import io.garrick.proto.kvrpc.RawBatchGetRequest;
import io.garrick.proto.kvrpc.RawBatchGetResponse;
import io.garrick.proto.kvrpc.RawBatchPutRequest;
import io.garrick.proto.kvrpc.RawBatchPutResponse;
import io.garrick.proto.kvrpc.RawDeleteRequest;
import io.garrick.proto.kvrpc.RawDeleteResponse;
import io.garrick.proto.kvrpc.RawGetRequest;
import io.garrick.proto.kvrpc.RawGetResponse;
import io.garrick.proto.kvrpc.RawPutRequest;
import io.garrick.proto.kvrpc.RawPutResponse;
import io.garrick.proto.kvrpc.RawScanRequest;
import io.garrick.proto.kvrpc.RawScanResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Keys and values without transactions: keys as they are in a family, no versions, no time to live
 * (API V1). A cluster uses either these or transactions.
 */
final class RawKv {
    private final Regions regions;

    RawKv(Regions regions) {
        this.regions = regions;
    }

    /**
     * Clients also use this to find a region's leader, with any key at all (client-java 3.3.5): a
     * key outside the region is merely absent.
     */
    RawGetResponse get(RawGetRequest request) {
        byte[] key = request.getKey().toByteArray();
        Cf cf = Cf.of(request.getCf());
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext())) {
            byte[] value = snapshot.range().contains(Key.wrap(key)) ? snapshot.get(cf, key) : null;
            return value == null
                    ? RawGetResponse.newBuilder().setNotFound(true).build()
                    : RawGetResponse.newBuilder().setValue(ByteString.copyFrom(value)).build();
        }
    }

    RawBatchGetResponse batchGet(RawBatchGetRequest request) {
        Cf cf = Cf.of(request.getCf());
        RawBatchGetResponse.Builder response = RawBatchGetResponse.newBuilder();
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext())) {
            Regions.requireInside(snapshot, keys(request.getKeysList()));
            for (ByteString key : request.getKeysList()) {
                byte[] value = snapshot.get(cf, key.toByteArray());
                if (value != null) {
                    response.addPairs(
                            KvPair.newBuilder().setKey(key).setValue(ByteString.copyFrom(value)));
                }
            }
        }
        return response.build();
    }

    RawPutResponse put(RawPutRequest request) {
        write(
                request.getContext(),
                Cf.of(request.getCf()),
                Map.of(request.getKey(), request.getValue()),
                List.of());
        return RawPutResponse.getDefaultInstance();
    }

    RawBatchPutResponse batchPut(RawBatchPutRequest request) {
        Map<ByteString, ByteString> puts = new LinkedHashMap<>();
        request.getPairsList().forEach(pair -> puts.put(pair.getKey(), pair.getValue()));
        write(request.getContext(), Cf.of(request.getCf()), puts, List.of());
        return RawBatchPutResponse.getDefaultInstance();
    }

    RawDeleteResponse delete(RawDeleteRequest request) {
        write(request.getContext(), Cf.of(request.getCf()), Map.of(), List.of(request.getKey()));
        return RawDeleteResponse.getDefaultInstance();
    }

    RawBatchDeleteResponse batchDelete(RawBatchDeleteRequest request) {
        write(request.getContext(), Cf.of(request.getCf()), Map.of(), request.getKeysList());
        return RawBatchDeleteResponse.getDefaultInstance();
    }

    private void write(
            Context context, Cf cf, Map<ByteString, ByteString> puts, List<ByteString> deletes) {
        Changes changes = new Changes();
        puts.forEach(
                (key, value) -> changes.put(cf, Key.wrap(key.toByteArray()), value.toByteArray()));
        deletes.forEach(key -> changes.delete(cf, Key.wrap(key.toByteArray())));
        long term;
        try (RegionSnapshot snapshot = regions.snapshot(context)) {
            Regions.requireInside(snapshot, keys(List.copyOf(puts.keySet())));
            Regions.requireInside(snapshot, keys(deletes));
            term = snapshot.term();
        }
        regions.write(context, term, changes.modifies());
    }

    /** In reverse the start key is the upper bound, excluded. */
    RawScanResponse scan(RawScanRequest request) {
        Key start = Key.wrap(request.getStartKey().toByteArray());
        Key end = Key.wrap(request.getEndKey().toByteArray());
        boolean reverse = request.getReverse();
        KeyRange range = reverse ? new KeyRange(end, start) : new KeyRange(start, end);
        RawScanResponse.Builder response = RawScanResponse.newBuilder();
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                RegionSnapshot.Cursor cursor = snapshot.cursor(Cf.of(request.getCf()), range)) {
            boolean more = reverse ? cursor.seekToLast() : cursor.seekToFirst();
            while (more && response.getKvsCount() < request.getLimit()) {
                KvPair.Builder pair = KvPair.newBuilder().setKey(ByteString.copyFrom(cursor.key()));
                if (!request.getKeyOnly()) {
                    pair.setValue(ByteString.copyFrom(cursor.value()));
                }
                response.addKvs(pair);
                more = reverse ? cursor.prev() : cursor.next();
            }
        }
        return response.build();
    }

    private static List<Key> keys(List<ByteString> keys) {
        return keys.stream().map(key -> Key.wrap(key.toByteArray())).toList();
    }
}
