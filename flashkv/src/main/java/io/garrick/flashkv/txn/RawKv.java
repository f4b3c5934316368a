package io.garrick.flashkv.txn;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.Modify;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.kvrpc.KvPair;
import io.garrick.proto.kvrpc.RawBatchDeleteRequest;
import io.garrick.proto.kvrpc.RawBatchDeleteResponse;
import io.garrick.proto.kvrpc.RawBatchGetRequest;
import io.garrick.proto.kvrpc.RawBatchGetResponse;
import io.garrick.proto.kvrpc.RawBatchPutRequest;
import io.garrick.proto.kvrpc.RawBatchPutResponse;
import io.garrick.proto.kvrpc.RawBatchScanRequest;
import io.garrick.proto.kvrpc.RawBatchScanResponse;
import io.garrick.proto.kvrpc.RawCASRequest;
import io.garrick.proto.kvrpc.RawCASResponse;
import io.garrick.proto.kvrpc.RawChecksumRequest;
import io.garrick.proto.kvrpc.RawChecksumResponse;
import io.garrick.proto.kvrpc.RawDeleteRangeRequest;
import io.garrick.proto.kvrpc.RawDeleteRangeResponse;
import io.garrick.proto.kvrpc.RawDeleteRequest;
import io.garrick.proto.kvrpc.RawDeleteResponse;
import io.garrick.proto.kvrpc.RawGetKeyTTLRequest;
import io.garrick.proto.kvrpc.RawGetKeyTTLResponse;
import io.garrick.proto.kvrpc.RawGetRequest;
import io.garrick.proto.kvrpc.RawGetResponse;
import io.garrick.proto.kvrpc.RawPutRequest;
import io.garrick.proto.kvrpc.RawPutResponse;
import io.garrick.proto.kvrpc.RawScanRequest;
import io.garrick.proto.kvrpc.RawScanResponse;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Keys and values without transactions: keys as they are in a family, no versions (API V1). A
 * cluster uses either these or transactions. Every write excludes others of its keys, so that
 * compare-and-swap is one step for everybody, whether they asked for that or not.
 */
final class RawKv {
    private final Regions regions;
    private final boolean keepsTtl;
    private final InstantSource clock;
    private final Latches latches = new Latches();

    /** With {@code keepsTtl} every value carries its end; for the whole life of a cluster. */
    RawKv(Regions regions, boolean keepsTtl, InstantSource clock) {
        this.regions = regions;
        this.keepsTtl = keepsTtl;
        this.clock = clock;
    }

    // ---- reads ----

    /**
     * Clients also use this to find a region's leader, with any key at all (client-java 3.3.5): a
     * key outside the region is merely absent.
     */
    RawGetResponse get(RawGetRequest request) {
        return read(request.getContext(), request.getCf(), request.getKey())
                .map(found -> RawGetResponse.newBuilder().setValue(found.value()).build())
                .orElseGet(() -> RawGetResponse.newBuilder().setNotFound(true).build());
    }

    RawGetKeyTTLResponse ttl(RawGetKeyTTLRequest request) {
        if (!keepsTtl) {
            return RawGetKeyTTLResponse.newBuilder().setError(NO_TTL).build();
        }
        return read(request.getContext(), request.getCf(), request.getKey())
                .map(found ->
                        RawGetKeyTTLResponse.newBuilder().setTtl(found.ttlAt(seconds())).build())
                .orElseGet(() -> RawGetKeyTTLResponse.newBuilder().setNotFound(true).build());
    }

    private Optional<RawValue> read(Context context, String cf, ByteString key) {
        try (RegionSnapshot snapshot = regions.snapshot(context)) {
            return snapshot.range().contains(Key.wrap(key.toByteArray()))
                    ? read(snapshot, Cf.of(cf), key)
                    : Optional.empty();
        }
    }

    private Optional<RawValue> read(RegionSnapshot snapshot, Cf cf, ByteString key) {
        byte[] stored = snapshot.get(cf, key.toByteArray());
        return stored == null ? Optional.empty() : live(stored);
    }

    private Optional<RawValue> live(byte[] stored) {
        RawValue value = keepsTtl ? RawValue.withExpiry(stored) : RawValue.plain(stored);
        return value.isLiveAt(seconds()) ? Optional.of(value) : Optional.empty();
    }

    private long seconds() {
        return clock.instant().getEpochSecond();
    }

    RawBatchGetResponse batchGet(RawBatchGetRequest request) {
        Cf cf = Cf.of(request.getCf());
        RawBatchGetResponse.Builder response = RawBatchGetResponse.newBuilder();
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext())) {
            Regions.requireInside(snapshot, keys(request.getKeysList()));
            for (ByteString key : request.getKeysList()) {
                read(snapshot, cf, key)
                        .ifPresent(found ->
                                response.addPairs(
                                        KvPair.newBuilder().setKey(key).setValue(found.value())));
            }
        }
        return response.build();
    }

    /** In reverse the start key is the upper bound, excluded. */
    RawScanResponse scan(RawScanRequest request) {
        RawScanResponse.Builder response = RawScanResponse.newBuilder();
        Walk walk =
                new Walk(
                        Cf.of(request.getCf()),
                        request.getReverse(),
                        request.getKeyOnly(),
                        request.getLimit());
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext())) {
            walk.over(snapshot, request.getStartKey(), request.getEndKey(), response::addKvs);
        }
        return response.build();
    }

    RawBatchScanResponse batchScan(RawBatchScanRequest request) {
        RawBatchScanResponse.Builder response = RawBatchScanResponse.newBuilder();
        Walk walk =
                new Walk(
                        Cf.of(request.getCf()),
                        request.getReverse(),
                        request.getKeyOnly(),
                        request.getEachLimit());
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext())) {
            request.getRangesList()
                    .forEach(range ->
                            walk.over(
                                    snapshot,
                                    range.getStartKey(),
                                    range.getEndKey(),
                                    response::addKvs));
        }
        return response.build();
    }

    private final class Walk {
        private final Cf cf;
        private final boolean reverse;
        private final boolean keyOnly;
        private final long limit;

        Walk(Cf cf, boolean reverse, boolean keyOnly, int limit) {
            this.cf = cf;
            this.reverse = reverse;
            this.keyOnly = keyOnly;
            this.limit = Integer.toUnsignedLong(limit);
        }

        void over(RegionSnapshot snapshot, ByteString from, ByteString to, Consumer<KvPair> out) {
            KeyRange range = reverse ? range(to, from) : range(from, to);
            try (RegionSnapshot.Cursor cursor = snapshot.cursor(cf, range)) {
                long count = 0;
                boolean more = reverse ? cursor.seekToLast() : cursor.seekToFirst();
                while (more && count < limit) {
                    Optional<RawValue> value = live(cursor.value());
                    if (value.isPresent()) {
                        KvPair.Builder pair =
                                KvPair.newBuilder().setKey(ByteString.copyFrom(cursor.key()));
                        out.accept(
                                keyOnly
                                        ? pair.build()
                                        : pair.setValue(value.get().value()).build());
                        count++;
                    }
                    more = reverse ? cursor.prev() : cursor.next();
                }
            }
        }
    }

    /** Each pair's CRC-64 over key and value, all of them folded by exclusive or. */
    RawChecksumResponse checksum(RawChecksumRequest request) {
        long checksum = 0;
        long count = 0;
        long sizeBytes = 0;
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext())) {
            for (io.garrick.proto.kvrpc.KeyRange wanted : request.getRangesList()) {
                KeyRange range = range(wanted.getStartKey(), wanted.getEndKey());
                try (RegionSnapshot.Cursor cursor = snapshot.cursor(Cf.DEFAULT, range)) {
                    for (boolean more = cursor.seekToFirst(); more; more = cursor.next()) {
                        Optional<RawValue> found = live(cursor.value());
                        if (found.isEmpty()) {
                            continue;
                        }
                        byte[] key = cursor.key();
                        byte[] value = found.get().value().toByteArray();
                        checksum ^= new Crc64().update(key).update(value).value();
                        count++;
                        sizeBytes += key.length + value.length;
                    }
                }
            }
        }
        return RawChecksumResponse.newBuilder()
                .setChecksum(checksum)
                .setTotalKvs(count)
                .setTotalBytes(sizeBytes)
                .build();
    }

    // ---- writes ----

    private static final String NO_TTL = "this cluster keeps no time to live (API V1)";

    RawPutResponse put(RawPutRequest request) {
        if (request.getTtl() != 0 && !keepsTtl) {
            return RawPutResponse.newBuilder().setError(NO_TTL).build();
        }
        Changes changes = new Changes();
        put(
                changes,
                Cf.of(request.getCf()),
                request.getKey(),
                request.getValue(),
                request.getTtl());
        write(request.getContext(), List.of(request.getKey()), changes);
        return RawPutResponse.getDefaultInstance();
    }

    RawBatchPutResponse batchPut(RawBatchPutRequest request) {
        List<Long> ttls = request.getTtlsList();
        int pairs = request.getPairsCount();
        if (ttls.size() > 1 && ttls.size() != pairs) {
            return RawBatchPutResponse.newBuilder()
                    .setError(ttls.size() + " ttls for " + pairs + " pairs")
                    .build();
        }
        boolean asked = request.getTtl() != 0 || ttls.stream().anyMatch(ttl -> ttl != 0);
        if (asked && !keepsTtl) {
            return RawBatchPutResponse.newBuilder().setError(NO_TTL).build();
        }
        Changes changes = new Changes();
        for (int i = 0; i < pairs; i++) {
            long ttl = ttls.isEmpty() ? request.getTtl() : ttls.get(ttls.size() == 1 ? 0 : i);
            KvPair pair = request.getPairs(i);
            put(changes, Cf.of(request.getCf()), pair.getKey(), pair.getValue(), ttl);
        }
        write(
                request.getContext(),
                request.getPairsList().stream().map(KvPair::getKey).toList(),
                changes);
        return RawBatchPutResponse.getDefaultInstance();
    }

    private void put(Changes changes, Cf cf, ByteString key, ByteString value, long ttlSeconds) {
        byte[] stored =
                keepsTtl
                        ? new RawValue(value, ttlSeconds == 0 ? 0 : seconds() + ttlSeconds)
                                .encodeWithExpiry()
                        : value.toByteArray();
        changes.put(cf, Key.wrap(key.toByteArray()), stored);
    }

    RawDeleteResponse delete(RawDeleteRequest request) {
        delete(request.getContext(), Cf.of(request.getCf()), List.of(request.getKey()));
        return RawDeleteResponse.getDefaultInstance();
    }

    RawBatchDeleteResponse batchDelete(RawBatchDeleteRequest request) {
        delete(request.getContext(), Cf.of(request.getCf()), request.getKeysList());
        return RawBatchDeleteResponse.getDefaultInstance();
    }

    private void delete(Context context, Cf cf, List<ByteString> keys) {
        Changes changes = new Changes();
        keys.forEach(key -> changes.delete(cf, Key.wrap(key.toByteArray())));
        write(context, keys, changes);
    }

    private void write(Context context, List<ByteString> rawKeys, Changes changes) {
        Collection<Key> keys = keys(rawKeys);
        try (Latches.Held _ = latches.acquire(keys)) {
            long term;
            try (RegionSnapshot snapshot = regions.snapshot(context)) {
                Regions.requireInside(snapshot, keys);
                term = snapshot.term();
            }
            regions.write(context, term, changes.modifies());
        }
    }

    /** Puts, or deletes, only if the present value is the expected one; tells what it was. */
    RawCASResponse compareAndSwap(RawCASRequest request) {
        if (request.getTtl() != 0 && !keepsTtl) {
            return RawCASResponse.newBuilder().setError(NO_TTL).build();
        }
        Cf cf = Cf.of(request.getCf());
        List<Key> keys = keys(List.of(request.getKey()));
        try (Latches.Held _ = latches.acquire(keys)) {
            long term;
            Optional<RawValue> previous;
            try (RegionSnapshot snapshot = regions.snapshot(request.getContext())) {
                Regions.requireInside(snapshot, keys);
                term = snapshot.term();
                previous = read(snapshot, cf, request.getKey());
            }
            boolean expected =
                    previous.map(found ->
                                    !request.getPreviousNotExist()
                                            && found.value().equals(request.getPreviousValue()))
                            .orElse(request.getPreviousNotExist());
            if (expected) {
                Changes changes = new Changes();
                if (request.getDelete()) {
                    changes.delete(cf, keys.getFirst());
                } else {
                    put(changes, cf, request.getKey(), request.getValue(), request.getTtl());
                }
                regions.write(request.getContext(), term, changes.modifies());
            }
            RawCASResponse.Builder response =
                    RawCASResponse.newBuilder()
                            .setSucceed(expected)
                            .setPreviousNotExist(previous.isEmpty());
            previous.ifPresent(found -> response.setPreviousValue(found.value()));
            return response.build();
        }
    }

    RawDeleteRangeResponse deleteRange(RawDeleteRangeRequest request) {
        KeyRange wanted = range(request.getStartKey(), request.getEndKey());
        if (wanted.isEmpty()) {
            return RawDeleteRangeResponse.newBuilder().setError("the range is empty").build();
        }
        long term;
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext())) {
            Regions.requireInside(snapshot, wanted);
            term = snapshot.term();
        }
        regions.write(
                request.getContext(),
                term,
                List.of(
                        new Modify.DeleteRange(
                                Cf.of(request.getCf()),
                                request.getStartKey(),
                                request.getEndKey())));
        return RawDeleteRangeResponse.getDefaultInstance();
    }

    private static KeyRange range(ByteString start, ByteString end) {
        return new KeyRange(Key.wrap(start.toByteArray()), Key.wrap(end.toByteArray()));
    }

    private static List<Key> keys(List<ByteString> keys) {
        return keys.stream().map(key -> Key.wrap(key.toByteArray())).toList();
    }
}
