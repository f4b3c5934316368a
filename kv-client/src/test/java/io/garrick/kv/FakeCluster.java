package io.garrick.kv;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.Memcomparable;
import io.garrick.proto.error.EpochNotMatch;
import io.garrick.proto.error.Error;
import io.garrick.proto.error.NotLeader;
import io.garrick.proto.error.RegionNotFound;
import io.garrick.proto.error.StoreNotMatch;
import io.garrick.proto.kvrpc.BatchGetRequest;
import io.garrick.proto.kvrpc.BatchGetResponse;
import io.garrick.proto.kvrpc.BatchRollbackRequest;
import io.garrick.proto.kvrpc.BatchRollbackResponse;
import io.garrick.proto.kvrpc.CheckSecondaryLocksRequest;
import io.garrick.proto.kvrpc.CheckSecondaryLocksResponse;
import io.garrick.proto.kvrpc.CheckTxnStatusRequest;
import io.garrick.proto.kvrpc.CheckTxnStatusResponse;
import io.garrick.proto.kvrpc.CommitRequest;
import io.garrick.proto.kvrpc.CommitResponse;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.GetResponse;
import io.garrick.proto.kvrpc.KvPair;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.PrewriteResponse;
import io.garrick.proto.kvrpc.ResolveLockRequest;
import io.garrick.proto.kvrpc.ResolveLockResponse;
import io.garrick.proto.kvrpc.ScanRequest;
import io.garrick.proto.kvrpc.ScanResponse;
import io.garrick.proto.kvrpc.SplitRegionRequest;
import io.garrick.proto.kvrpc.SplitRegionResponse;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.meta.Store;
import io.garrick.proto.pd.ErrorType;
import io.garrick.proto.pd.GetAllStoresRequest;
import io.garrick.proto.pd.GetAllStoresResponse;
import io.garrick.proto.pd.GetMembersRequest;
import io.garrick.proto.pd.GetMembersResponse;
import io.garrick.proto.pd.GetRegionRequest;
import io.garrick.proto.pd.GetRegionResponse;
import io.garrick.proto.pd.GetStoreRequest;
import io.garrick.proto.pd.GetStoreResponse;
import io.garrick.proto.pd.Member;
import io.garrick.proto.pd.PDGrpc;
import io.garrick.proto.pd.PutStoreRequest;
import io.garrick.proto.pd.PutStoreResponse;
import io.garrick.proto.pd.ResponseHeader;
import io.garrick.proto.pd.TsoRequest;
import io.garrick.proto.pd.TsoResponse;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A cluster in this process: two PD members and three stores on real sockets, one memory behind.
 *
 * <p>It checks what TiKV checks (store, region, leader, epoch, key range) and lets tests move
 * leaders, split regions, lose answers and leave locks behind. One lock guards everything.
 */
final class FakeCluster implements AutoCloseable {
    static final long CLUSTER_ID = 7_001;
    static final int STORES = 3;

    final FakeMvcc mvcc = new FakeMvcc();
    final ArrayDeque<Error> regionErrors = new ArrayDeque<>();
    int tsoRequests;
    int splits;

    private final List<Server> pdServers = new ArrayList<>();
    private final List<Server> storeServers = new ArrayList<>();
    private final TreeMap<Key, Region> regions = new TreeMap<>();
    private final Map<Long, Integer> leaderStore = new TreeMap<>();
    private int pdLeader;
    private long lastPhysical = 1_700_000_000_000L;
    private long logical;
    private long ids = 1_000;
    private Predicate<Object> loseAnswer = _ -> false;
    private Runnable beforeEach = () -> {};

    FakeCluster() {
        try {
            for (int i = 0; i < 2; i++) {
                pdServers.add(serve(new Pd(i)));
            }
            for (int i = 0; i < STORES; i++) {
                storeServers.add(serve(new StoreService(i)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Region.Builder first =
                Region.newBuilder()
                        .setId(1)
                        .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(1).setVersion(1));
        for (int i = 0; i < STORES; i++) {
            first.addPeers(Peer.newBuilder().setId(10 + i).setStoreId(storeId(i)));
        }
        regions.put(Key.EMPTY, first.build());
        leaderStore.put(1L, 0);
    }

    private static Server serve(io.grpc.BindableService service) throws IOException {
        return NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(service)
                .permitKeepAliveTime(1, TimeUnit.SECONDS)
                .maxInboundMessageSize(64 << 20)
                .build()
                .start();
    }

    private static long storeId(int index) {
        return index + 1L;
    }

    List<String> pdAddresses() {
        return pdServers.stream().map(s -> "127.0.0.1:" + s.getPort()).toList();
    }

    PdClient connectPd() {
        return PdClient.connect(pdAddresses(), PdClient.Options.DEFAULT);
    }

    // ---- what tests do to it

    synchronized void movePdLeader() {
        pdLeader = 1 - pdLeader;
    }

    void stopPd(int index) {
        pdServers.get(index).shutdownNow();
    }

    void stopStore(int index) {
        storeServers.get(index).shutdownNow();
    }

    synchronized int leaderOf(Key rawKey) {
        return leaderIndex(regionOf(Memcomparable.encode(rawKey)));
    }

    synchronized void moveLeader(Key rawKey, int store) {
        leaderStore.put(regionOf(Memcomparable.encode(rawKey)).getId(), store);
    }

    synchronized void split(Key rawKey) {
        Key at = Memcomparable.encode(rawKey);
        Region old = regionOf(at);
        if (Bytes.key(old.getStartKey()).equals(at)) {
            return;
        }
        RegionEpoch epoch =
                old.getRegionEpoch().toBuilder()
                        .setVersion(old.getRegionEpoch().getVersion() + 1)
                        .build();
        Region left = old.toBuilder().setEndKey(Bytes.of(at)).setRegionEpoch(epoch).build();
        Region.Builder right =
                Region.newBuilder()
                        .setId(ids++)
                        .setStartKey(Bytes.of(at))
                        .setEndKey(old.getEndKey())
                        .setRegionEpoch(epoch);
        for (Peer peer : old.getPeersList()) {
            right.addPeers(peer.toBuilder().setId(ids++));
        }
        regions.put(Bytes.key(left.getStartKey()), left);
        regions.put(at, right.build());
        leaderStore.put(right.getId(), leaderIndex(old));
        splits++;
    }

    synchronized void failNext(Error error, int times) {
        for (int i = 0; i < times; i++) {
            regionErrors.add(error);
        }
    }

    /** Requests for which this holds are executed, but their answers never arrive. */
    synchronized void loseAnswers(Predicate<Object> which) {
        loseAnswer = which;
    }

    /** Runs under the lock before each request to a store. */
    synchronized void beforeEach(Runnable action) {
        beforeEach = action;
    }

    synchronized void advanceClock(long millis) {
        lastPhysical += millis;
        logical = 0;
    }

    synchronized Timestamp now() {
        return Timestamp.of(lastPhysical, ++logical);
    }

    /** Locks left by a client that died before its commit. */
    synchronized void leaveLocks(
            long startTs, long ttlMillis, boolean asyncCommit, Key primary, Key... others) {
        PrewriteRequest.Builder request =
                PrewriteRequest.newBuilder()
                        .setPrimaryLock(Bytes.of(primary))
                        .setStartVersion(startTs)
                        .setLockTtl(ttlMillis)
                        .setTxnSize(others.length + 1)
                        .setMinCommitTs(startTs + 1)
                        .setUseAsyncCommit(asyncCommit);
        for (Key other : others) {
            request.addSecondaries(Bytes.of(other));
        }
        List<Key> all = new ArrayList<>(List.of(others));
        all.add(primary);
        for (Key key : all) {
            Mutation mutation =
                    Mutation.newBuilder()
                            .setOp(Op.Put)
                            .setKey(Bytes.of(key))
                            .setValue(ByteString.copyFromUtf8("left behind"))
                            .build();
            mvcc.prewrite(request.build(), mutation)
                    .ifPresent(error -> {
                        throw new IllegalStateException(error.toString());
                    });
        }
    }

    synchronized void locked(Runnable action) {
        action.run();
    }

    synchronized int lockCount() {
        return mvcc.locks.size();
    }

    synchronized int regionCount() {
        return regions.size();
    }

    // ---- PD

    private Region regionOf(Key encoded) {
        return regions.floorEntry(encoded).getValue();
    }

    private int leaderIndex(Region region) {
        return leaderStore.getOrDefault(region.getId(), 0);
    }

    private Peer leaderPeer(Region region) {
        return region.getPeers(leaderIndex(region));
    }

    private final class Pd extends PDGrpc.PDImplBase {
        private final int index;

        Pd(int index) {
            this.index = index;
        }

        private ResponseHeader header() {
            return ResponseHeader.newBuilder().setClusterId(CLUSTER_ID).build();
        }

        private ResponseHeader refusal(ErrorType type, String message) {
            return header().toBuilder()
                    .setError(
                            io.garrick.proto.pd.Error.newBuilder()
                                    .setType(type)
                                    .setMessage(message))
                    .build();
        }

        private <T> void answer(
                StreamObserver<T> out, long clusterId, java.util.function.Supplier<T> body) {
            T response;
            synchronized (FakeCluster.this) {
                if (index != pdLeader || clusterId != CLUSTER_ID) {
                    response = null;
                } else {
                    response = body.get();
                }
            }
            if (response == null) {
                out.onError(Status.UNAVAILABLE.withDescription("not leader").asException());
                return;
            }
            out.onNext(response);
            out.onCompleted();
        }

        private Member member(int which) {
            return Member.newBuilder()
                    .setName("pd" + which)
                    .setMemberId(100 + which)
                    .addClientUrls("http://127.0.0.1:" + pdServers.get(which).getPort())
                    .build();
        }

        @Override
        public void getMembers(GetMembersRequest r, StreamObserver<GetMembersResponse> out) {
            synchronized (FakeCluster.this) {
                out.onNext(
                        GetMembersResponse.newBuilder()
                                .setHeader(header())
                                .addMembers(member(0))
                                .addMembers(member(1))
                                .setLeader(member(pdLeader))
                                .build());
            }
            out.onCompleted();
        }

        @Override
        public StreamObserver<TsoRequest> tso(StreamObserver<TsoResponse> out) {
            return new StreamObserver<>() {
                @Override
                public void onNext(TsoRequest request) {
                    TsoResponse response;
                    synchronized (FakeCluster.this) {
                        if (index != pdLeader) {
                            out.onError(
                                    Status.UNAVAILABLE.withDescription("not leader").asException());
                            return;
                        }
                        tsoRequests++;
                        logical += request.getCount();
                        response =
                                TsoResponse.newBuilder()
                                        .setHeader(header())
                                        .setCount(request.getCount())
                                        .setTimestamp(
                                                io.garrick.proto.pd.Timestamp.newBuilder()
                                                        .setPhysical(lastPhysical)
                                                        .setLogical(logical))
                                        .build();
                    }
                    out.onNext(response);
                }

                @Override
                public void onError(Throwable t) {}

                @Override
                public void onCompleted() {
                    out.onCompleted();
                }
            };
        }

        @Override
        public void getRegion(GetRegionRequest r, StreamObserver<GetRegionResponse> out) {
            answer(
                    out,
                    r.getHeader().getClusterId(),
                    () -> {
                        Region region = regionOf(Bytes.key(r.getRegionKey()));
                        return GetRegionResponse.newBuilder()
                                .setHeader(header())
                                .setRegion(region)
                                .setLeader(leaderPeer(region))
                                .build();
                    });
        }

        @Override
        public void getStore(GetStoreRequest r, StreamObserver<GetStoreResponse> out) {
            answer(
                    out,
                    r.getHeader().getClusterId(),
                    () -> {
                        int store = (int) r.getStoreId() - 1;
                        if (store < 0 || store >= STORES) {
                            return GetStoreResponse.newBuilder()
                                    .setHeader(
                                            refusal(
                                                    ErrorType.UNKNOWN,
                                                    "invalid store ID "
                                                            + r.getStoreId()
                                                            + ", not found"))
                                    .build();
                        }
                        return GetStoreResponse.newBuilder()
                                .setHeader(header())
                                .setStore(store(store))
                                .build();
                    });
        }

        @Override
        public void getAllStores(GetAllStoresRequest r, StreamObserver<GetAllStoresResponse> out) {
            answer(
                    out,
                    r.getHeader().getClusterId(),
                    () ->
                            GetAllStoresResponse.newBuilder()
                                    .setHeader(header())
                                    .addStores(store(0))
                                    .addStores(store(1))
                                    .addStores(store(2))
                                    .build());
        }

        @Override
        public void putStore(PutStoreRequest r, StreamObserver<PutStoreResponse> out) {
            answer(
                    out,
                    r.getHeader().getClusterId(),
                    () ->
                            PutStoreResponse.newBuilder()
                                    .setHeader(
                                            refusal(
                                                    ErrorType.STORE_TOMBSTONE,
                                                    "store " + r.getStore().getId()))
                                    .build());
        }

        private Store store(int which) {
            return Store.newBuilder()
                    .setId(storeId(which))
                    .setAddress("127.0.0.1:" + storeServers.get(which).getPort())
                    .build();
        }
    }

    // ---- stores

    private final class StoreService extends TikvGrpc.TikvImplBase {
        private final int index;

        StoreService(int index) {
            this.index = index;
        }

        /** TiKV's checks, in its order. */
        private Optional<Error> check(Context context, List<ByteString> keys) {
            Error injected = regionErrors.poll();
            if (injected != null) {
                return Optional.of(injected);
            }
            Error.Builder error = Error.newBuilder().setMessage("refused by store " + index);
            if (context.getPeer().getStoreId() != storeId(index)) {
                return Optional.of(
                        error.setStoreNotMatch(
                                        StoreNotMatch.newBuilder().setActualStoreId(storeId(index)))
                                .build());
            }
            Region region =
                    regions.values().stream()
                            .filter(r -> r.getId() == context.getRegionId())
                            .findFirst()
                            .orElse(null);
            if (region == null) {
                return Optional.of(
                        error.setRegionNotFound(
                                        RegionNotFound.newBuilder()
                                                .setRegionId(context.getRegionId()))
                                .build());
            }
            if (leaderIndex(region) != index) {
                return Optional.of(
                        error.setNotLeader(
                                        NotLeader.newBuilder()
                                                .setRegionId(region.getId())
                                                .setLeader(leaderPeer(region)))
                                .build());
            }
            if (context.getRegionEpoch().getVersion() != region.getRegionEpoch().getVersion()) {
                EpochNotMatch.Builder current =
                        EpochNotMatch.newBuilder().addCurrentRegions(region);
                Map.Entry<Key, Region> right = regions.higherEntry(Bytes.key(region.getStartKey()));
                if (right != null) {
                    current.addCurrentRegions(right.getValue());
                }
                return Optional.of(error.setEpochNotMatch(current).build());
            }
            for (ByteString key : keys) {
                Key encoded = Memcomparable.encode(Bytes.key(key));
                if (regionOf(encoded).getId() != region.getId()) {
                    throw new IllegalStateException("key " + encoded + " not in " + region);
                }
            }
            return Optional.empty();
        }

        private <T> void answer(
                Object request,
                Context context,
                List<ByteString> keys,
                StreamObserver<T> out,
                Function<Error, T> refused,
                Function<Region, T> body) {
            T response;
            boolean lost;
            synchronized (FakeCluster.this) {
                beforeEach.run();
                Optional<Error> error = check(context, keys);
                if (error.isPresent()) {
                    response = refused.apply(error.get());
                } else {
                    Region region =
                            regions.values().stream()
                                    .filter(r -> r.getId() == context.getRegionId())
                                    .findFirst()
                                    .orElseThrow();
                    response = body.apply(region);
                }
                lost = loseAnswer.test(request);
            }
            if (lost) {
                out.onError(Status.UNAVAILABLE.withDescription("answer lost").asException());
                return;
            }
            out.onNext(response);
            out.onCompleted();
        }

        @Override
        public void kvGet(GetRequest r, StreamObserver<GetResponse> out) {
            answer(
                    r,
                    r.getContext(),
                    List.of(r.getKey()),
                    out,
                    e -> GetResponse.newBuilder().setRegionError(e).build(),
                    _ -> {
                        Key key = Bytes.key(r.getKey());
                        var locked =
                                mvcc.blocking(
                                        key, r.getVersion(), r.getContext().getResolvedLocksList());
                        if (locked.isPresent()) {
                            return GetResponse.newBuilder().setError(locked.get()).build();
                        }
                        return mvcc.read(key, r.getVersion())
                                .map(v -> GetResponse.newBuilder().setValue(v).build())
                                .orElseGet(
                                        () -> GetResponse.newBuilder().setNotFound(true).build());
                    });
        }

        private @Nullable KvPair pair(Key key, long ts, List<Long> resolved) {
            var locked = mvcc.blocking(key, ts, resolved);
            if (locked.isPresent()) {
                return KvPair.newBuilder().setError(locked.get()).build();
            }
            return mvcc.read(key, ts)
                    .map(v -> KvPair.newBuilder().setKey(Bytes.of(key)).setValue(v).build())
                    .orElse(null);
        }

        @Override
        public void kvBatchGet(BatchGetRequest r, StreamObserver<BatchGetResponse> out) {
            answer(
                    r,
                    r.getContext(),
                    r.getKeysList(),
                    out,
                    e -> BatchGetResponse.newBuilder().setRegionError(e).build(),
                    _ -> {
                        BatchGetResponse.Builder response = BatchGetResponse.newBuilder();
                        for (ByteString key : r.getKeysList()) {
                            KvPair pair =
                                    pair(
                                            Bytes.key(key),
                                            r.getVersion(),
                                            r.getContext().getResolvedLocksList());
                            if (pair != null) {
                                response.addPairs(pair);
                            }
                        }
                        return response.build();
                    });
        }

        @Override
        public void kvScan(ScanRequest r, StreamObserver<ScanResponse> out) {
            answer(
                    r,
                    r.getContext(),
                    List.of(r.getStartKey()),
                    out,
                    e -> ScanResponse.newBuilder().setRegionError(e).build(),
                    region -> {
                        ScanResponse.Builder response = ScanResponse.newBuilder();
                        Key until = rawEnd(region);
                        if (!r.getEndKey().isEmpty()
                                && (until.isEmpty()
                                        || Bytes.key(r.getEndKey()).compareTo(until) < 0)) {
                            until = Bytes.key(r.getEndKey());
                        }
                        for (Key key : mvcc.keys(Bytes.key(r.getStartKey()), until)) {
                            if (response.getPairsCount() == r.getLimit()) {
                                break;
                            }
                            KvPair pair =
                                    pair(
                                            key,
                                            r.getVersion(),
                                            r.getContext().getResolvedLocksList());
                            if (pair != null) {
                                response.addPairs(pair);
                            }
                        }
                        return response.build();
                    });
        }

        private Key rawEnd(Region region) {
            return region.getEndKey().isEmpty()
                    ? Key.EMPTY
                    : Memcomparable.decode(Bytes.key(region.getEndKey()));
        }

        @Override
        public void kvPrewrite(PrewriteRequest r, StreamObserver<PrewriteResponse> out) {
            answer(
                    r,
                    r.getContext(),
                    r.getMutationsList().stream().map(Mutation::getKey).toList(),
                    out,
                    e -> PrewriteResponse.newBuilder().setRegionError(e).build(),
                    _ -> {
                        PrewriteResponse.Builder response = PrewriteResponse.newBuilder();
                        for (Mutation mutation : r.getMutationsList()) {
                            mvcc.prewrite(r, mutation).ifPresent(response::addErrors);
                        }
                        return response.build();
                    });
        }

        @Override
        public void kvCommit(CommitRequest r, StreamObserver<CommitResponse> out) {
            answer(
                    r,
                    r.getContext(),
                    r.getKeysList(),
                    out,
                    e -> CommitResponse.newBuilder().setRegionError(e).build(),
                    _ -> {
                        for (ByteString key : r.getKeysList()) {
                            var error =
                                    mvcc.commit(
                                            Bytes.key(key),
                                            r.getStartVersion(),
                                            r.getCommitVersion());
                            if (error.isPresent()) {
                                return CommitResponse.newBuilder().setError(error.get()).build();
                            }
                        }
                        return CommitResponse.newBuilder()
                                .setCommitVersion(r.getCommitVersion())
                                .build();
                    });
        }

        @Override
        public void kvBatchRollback(
                BatchRollbackRequest r, StreamObserver<BatchRollbackResponse> out) {
            answer(
                    r,
                    r.getContext(),
                    r.getKeysList(),
                    out,
                    e -> BatchRollbackResponse.newBuilder().setRegionError(e).build(),
                    _ -> {
                        r.getKeysList()
                                .forEach(key -> mvcc.rollBack(Bytes.key(key), r.getStartVersion()));
                        return BatchRollbackResponse.getDefaultInstance();
                    });
        }

        @Override
        public void kvCheckTxnStatus(
                CheckTxnStatusRequest r, StreamObserver<CheckTxnStatusResponse> out) {
            answer(
                    r,
                    r.getContext(),
                    List.of(r.getPrimaryKey()),
                    out,
                    e -> CheckTxnStatusResponse.newBuilder().setRegionError(e).build(),
                    _ -> mvcc.status(r));
        }

        @Override
        public void kvCheckSecondaryLocks(
                CheckSecondaryLocksRequest r, StreamObserver<CheckSecondaryLocksResponse> out) {
            answer(
                    r,
                    r.getContext(),
                    r.getKeysList(),
                    out,
                    e -> CheckSecondaryLocksResponse.newBuilder().setRegionError(e).build(),
                    _ -> mvcc.secondaries(r));
        }

        @Override
        public void kvResolveLock(ResolveLockRequest r, StreamObserver<ResolveLockResponse> out) {
            answer(
                    r,
                    r.getContext(),
                    r.getKeysList(),
                    out,
                    e -> ResolveLockResponse.newBuilder().setRegionError(e).build(),
                    region -> {
                        Key from =
                                region.getStartKey().isEmpty()
                                        ? Key.EMPTY
                                        : Memcomparable.decode(Bytes.key(region.getStartKey()));
                        mvcc.resolve(
                                r.getKeysList().stream().map(Bytes::key).toList(),
                                from,
                                rawEnd(region),
                                r.getStartVersion(),
                                r.getCommitVersion());
                        return ResolveLockResponse.getDefaultInstance();
                    });
        }

        @Override
        public void splitRegion(SplitRegionRequest r, StreamObserver<SplitRegionResponse> out) {
            answer(
                    r,
                    r.getContext(),
                    r.getSplitKeysList(),
                    out,
                    e -> SplitRegionResponse.newBuilder().setRegionError(e).build(),
                    _ -> {
                        r.getSplitKeysList().forEach(key -> split(Bytes.key(key)));
                        return SplitRegionResponse.getDefaultInstance();
                    });
        }
    }

    @Override
    public void close() {
        List<Server> all = new ArrayList<>(pdServers);
        all.addAll(storeServers);
        all.forEach(Server::shutdownNow);
    }
}
