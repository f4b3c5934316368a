package io.garrick.flashkv.pd;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Internal;
import com.google.protobuf.Message;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.StoreState;
import io.garrick.proto.pd.AdvanceGCSafePointRequest;
import io.garrick.proto.pd.AdvanceGCSafePointResponse;
import io.garrick.proto.pd.AdvanceTxnSafePointRequest;
import io.garrick.proto.pd.AdvanceTxnSafePointResponse;
import io.garrick.proto.pd.AllocIDRequest;
import io.garrick.proto.pd.AllocIDResponse;
import io.garrick.proto.pd.AskBatchSplitRequest;
import io.garrick.proto.pd.AskBatchSplitResponse;
import io.garrick.proto.pd.AskSplitRequest;
import io.garrick.proto.pd.AskSplitResponse;
import io.garrick.proto.pd.BatchScanRegionsRequest;
import io.garrick.proto.pd.BatchScanRegionsResponse;
import io.garrick.proto.pd.BootstrapRequest;
import io.garrick.proto.pd.BootstrapResponse;
import io.garrick.proto.pd.DeleteGCBarrierRequest;
import io.garrick.proto.pd.DeleteGCBarrierResponse;
import io.garrick.proto.pd.Error;
import io.garrick.proto.pd.ErrorType;
import io.garrick.proto.pd.GCBarrierInfo;
import io.garrick.proto.pd.GCState;
import io.garrick.proto.pd.GetAllStoresRequest;
import io.garrick.proto.pd.GetAllStoresResponse;
import io.garrick.proto.pd.GetClusterConfigRequest;
import io.garrick.proto.pd.GetClusterConfigResponse;
import io.garrick.proto.pd.GetClusterInfoRequest;
import io.garrick.proto.pd.GetClusterInfoResponse;
import io.garrick.proto.pd.GetGCSafePointRequest;
import io.garrick.proto.pd.GetGCSafePointResponse;
import io.garrick.proto.pd.GetGCStateRequest;
import io.garrick.proto.pd.GetGCStateResponse;
import io.garrick.proto.pd.GetMembersRequest;
import io.garrick.proto.pd.GetMembersResponse;
import io.garrick.proto.pd.GetMinTSRequest;
import io.garrick.proto.pd.GetMinTSResponse;
import io.garrick.proto.pd.GetOperatorRequest;
import io.garrick.proto.pd.GetOperatorResponse;
import io.garrick.proto.pd.GetRegionByIDRequest;
import io.garrick.proto.pd.GetRegionRequest;
import io.garrick.proto.pd.GetRegionResponse;
import io.garrick.proto.pd.GetStoreRequest;
import io.garrick.proto.pd.GetStoreResponse;
import io.garrick.proto.pd.IsBootstrappedRequest;
import io.garrick.proto.pd.IsBootstrappedResponse;
import io.garrick.proto.pd.IsSnapshotRecoveringRequest;
import io.garrick.proto.pd.IsSnapshotRecoveringResponse;
import io.garrick.proto.pd.KeyspaceScope;
import io.garrick.proto.pd.Member;
import io.garrick.proto.pd.OperatorStatus;
import io.garrick.proto.pd.PDGrpc;
import io.garrick.proto.pd.PutStoreRequest;
import io.garrick.proto.pd.PutStoreResponse;
import io.garrick.proto.pd.QueryRegionRequest;
import io.garrick.proto.pd.QueryRegionResponse;
import io.garrick.proto.pd.RegionHeartbeatRequest;
import io.garrick.proto.pd.RegionHeartbeatResponse;
import io.garrick.proto.pd.RegionResponse;
import io.garrick.proto.pd.ReportBatchSplitRequest;
import io.garrick.proto.pd.ReportBatchSplitResponse;
import io.garrick.proto.pd.ReportBucketsRequest;
import io.garrick.proto.pd.ReportBucketsResponse;
import io.garrick.proto.pd.ReportMinResolvedTsRequest;
import io.garrick.proto.pd.ReportMinResolvedTsResponse;
import io.garrick.proto.pd.ReportSplitRequest;
import io.garrick.proto.pd.ReportSplitResponse;
import io.garrick.proto.pd.RequestHeader;
import io.garrick.proto.pd.ResponseHeader;
import io.garrick.proto.pd.ScanRegionsRequest;
import io.garrick.proto.pd.ScanRegionsResponse;
import io.garrick.proto.pd.ScatterRegionRequest;
import io.garrick.proto.pd.ScatterRegionResponse;
import io.garrick.proto.pd.ServiceMode;
import io.garrick.proto.pd.SetGCBarrierRequest;
import io.garrick.proto.pd.SetGCBarrierResponse;
import io.garrick.proto.pd.SplitID;
import io.garrick.proto.pd.StoreHeartbeatRequest;
import io.garrick.proto.pd.StoreHeartbeatResponse;
import io.garrick.proto.pd.TsoRequest;
import io.garrick.proto.pd.TsoResponse;
import io.garrick.proto.pd.UpdateGCSafePointRequest;
import io.garrick.proto.pd.UpdateGCSafePointResponse;
import io.garrick.proto.pd.UpdateServiceGCSafePointRequest;
import io.garrick.proto.pd.UpdateServiceGCSafePointResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code pdpb.PD} on the wire: checks headers, translates, keeps the heartbeat streams. */
final class PdGrpc extends PDGrpc.PDImplBase {
    private static final Logger log = LoggerFactory.getLogger(PdGrpc.class);

    private static final int NULL_KEYSPACE = 0xFFFFFFFF;

    private final PdConfig config;
    private final Cluster cluster;
    private final Supplier<String> address;
    private final String httpAddress;
    private final Map<Long, OrderStream> orderStreams = new ConcurrentHashMap<>();

    /**
     * @param address of this service; known once it listens
     * @param httpAddress {@code host:port} of the HTTP API
     */
    PdGrpc(PdConfig config, Cluster cluster, Supplier<String> address, String httpAddress) {
        this.config = config;
        this.cluster = cluster;
        this.address = address;
        this.httpAddress = httpAddress;
    }

    /**
     * The way back to one store's leaders. Its own lock, as orders come from heartbeats and from
     * the patrol.
     */
    private static final class OrderStream {
        private final StreamObserver<RegionHeartbeatResponse> out;

        OrderStream(StreamObserver<RegionHeartbeatResponse> out) {
            this.out = out;
        }

        synchronized void send(RegionHeartbeatResponse order) {
            out.onNext(order);
        }

        synchronized void complete() {
            out.onCompleted();
        }
    }

    /** Sends what is due to leaders that are connected, and lets emptied stores go. */
    void patrol() {
        if (!cluster.isBootstrapped()) {
            return;
        }
        cluster.buryEmptiedStores();
        cluster.patrol(orderStreams.keySet())
                .forEach((storeId, orders) -> orders.forEach(order -> send(storeId, order)));
    }

    private void send(long storeId, RegionHeartbeatResponse order) {
        OrderStream stream = orderStreams.get(storeId);
        if (stream == null) {
            return;
        }
        try {
            stream.send(order.toBuilder().setHeader(okHeader()).build());
        } catch (StatusRuntimeException | IllegalStateException e) {
            // Cancelled under our feet: the store opens another stream and asks again.
            orderStreams.remove(storeId, stream);
        }
    }

    // ---- discovery ----

    @Override
    public void getMembers(GetMembersRequest request, StreamObserver<GetMembersResponse> out) {
        Member self = member();
        out.onNext(
                GetMembersResponse.newBuilder()
                        .setHeader(okHeader())
                        .addMembers(self)
                        .setLeader(self)
                        .setEtcdLeader(self)
                        .build());
        out.onCompleted();
    }

    @Override
    public void getClusterInfo(
            GetClusterInfoRequest request, StreamObserver<GetClusterInfoResponse> out) {
        out.onNext(
                GetClusterInfoResponse.newBuilder()
                        .setHeader(okHeader())
                        .addServiceModes(ServiceMode.PD_SVC_MODE)
                        .build());
        out.onCompleted();
    }

    private Member member() {
        String url = "http://" + address.get();
        return Member.newBuilder()
                .setName("pd-1")
                .setMemberId(cluster.memberId())
                .addPeerUrls(url)
                .addClientUrls(url)
                .setBinaryVersion("v" + config.version())
                // A PD of PingCAP's has a commit and a directory here.
                .setGitHash(EmbeddedPd.GIT_HASH)
                .setDeployPath("http://" + httpAddress)
                .build();
    }

    // ---- timestamps ----

    @Override
    public StreamObserver<TsoRequest> tso(StreamObserver<TsoResponse> out) {
        return new StreamObserver<>() {
            private boolean ended;

            @Override
            public void onNext(TsoRequest request) {
                if (ended) {
                    return;
                }
                Optional<StatusRuntimeException> refusal = refusal(request.getHeader());
                int count = request.getCount();
                if (refusal.isEmpty() && (count <= 0 || count > TsoOracle.MAX_COUNT)) {
                    refusal =
                            Optional.of(
                                    Status.UNKNOWN
                                            .withDescription("tso count should be positive")
                                            .asRuntimeException());
                }
                if (refusal.isPresent()) {
                    ended = true;
                    out.onError(refusal.get());
                    return;
                }
                out.onNext(
                        TsoResponse.newBuilder()
                                .setHeader(okHeader())
                                .setCount(count)
                                .setTimestamp(wire(cluster.tso().take(count)))
                                .build());
            }

            @Override
            public void onError(Throwable failure) {
                ended = true;
            }

            @Override
            public void onCompleted() {
                if (!ended) {
                    ended = true;
                    out.onCompleted();
                }
            }
        };
    }

    @Override
    public void getMinTS(GetMinTSRequest request, StreamObserver<GetMinTSResponse> out) {
        unary(
                request.getHeader(),
                out,
                GetMinTSResponse.class,
                header ->
                        GetMinTSResponse.newBuilder()
                                .setHeader(header)
                                .setTimestamp(wire(cluster.tso().take(1)))
                                .build());
    }

    private static io.garrick.proto.pd.Timestamp wire(Timestamp timestamp) {
        return io.garrick.proto.pd.Timestamp.newBuilder()
                .setPhysical(timestamp.physicalMillis())
                .setLogical(timestamp.logical())
                .build();
    }

    @Override
    public void reportMinResolvedTS(
            ReportMinResolvedTsRequest request, StreamObserver<ReportMinResolvedTsResponse> out) {
        unary(
                request.getHeader(),
                out,
                ReportMinResolvedTsResponse.class,
                header -> ReportMinResolvedTsResponse.newBuilder().setHeader(header).build());
    }

    // ---- cluster ----

    @Override
    public void bootstrap(BootstrapRequest request, StreamObserver<BootstrapResponse> out) {
        unary(
                request.getHeader(),
                out,
                BootstrapResponse.class,
                header -> {
                    cluster.bootstrap(request.getStore(), request.getRegion());
                    return BootstrapResponse.newBuilder().setHeader(header).build();
                });
    }

    @Override
    public void isBootstrapped(
            IsBootstrappedRequest request, StreamObserver<IsBootstrappedResponse> out) {
        unary(
                request.getHeader(),
                out,
                IsBootstrappedResponse.class,
                header ->
                        IsBootstrappedResponse.newBuilder()
                                .setHeader(header)
                                .setBootstrapped(cluster.isBootstrapped())
                                .build());
    }

    @Override
    public void isSnapshotRecovering(
            IsSnapshotRecoveringRequest request, StreamObserver<IsSnapshotRecoveringResponse> out) {
        unary(
                request.getHeader(),
                out,
                IsSnapshotRecoveringResponse.class,
                header -> IsSnapshotRecoveringResponse.newBuilder().setHeader(header).build());
    }

    @Override
    public void allocID(AllocIDRequest request, StreamObserver<AllocIDResponse> out) {
        unary(
                request.getHeader(),
                out,
                AllocIDResponse.class,
                header -> {
                    long count = Math.max(1, Integer.toUnsignedLong(request.getCount()));
                    AllocIDResponse.Builder response =
                            AllocIDResponse.newBuilder()
                                    .setHeader(header)
                                    .setId(cluster.ids().lastOf(count));
                    if (count > 1) {
                        response.setCount((int) count);
                    }
                    return response.build();
                });
    }

    @Override
    public void getClusterConfig(
            GetClusterConfigRequest request, StreamObserver<GetClusterConfigResponse> out) {
        unary(
                request.getHeader(),
                out,
                GetClusterConfigResponse.class,
                header -> {
                    GetClusterConfigResponse.Builder response =
                            GetClusterConfigResponse.newBuilder().setHeader(header);
                    response.getClusterBuilder()
                            .setId(cluster.clusterId())
                            .setMaxPeerCount(config.replicas());
                    return response.build();
                });
    }

    // ---- stores ----

    @Override
    public void getStore(GetStoreRequest request, StreamObserver<GetStoreResponse> out) {
        unary(
                request.getHeader(),
                out,
                GetStoreResponse.class,
                header -> {
                    StoreInfo store = cluster.store(request.getStoreId());
                    return GetStoreResponse.newBuilder()
                            .setHeader(header)
                            .setStore(store.meta())
                            .setStats(store.stats())
                            .build();
                });
    }

    @Override
    public void putStore(PutStoreRequest request, StreamObserver<PutStoreResponse> out) {
        unary(
                request.getHeader(),
                out,
                PutStoreResponse.class,
                header -> {
                    cluster.putStore(request.getStore());
                    return PutStoreResponse.newBuilder().setHeader(header).build();
                });
    }

    @Override
    public void getAllStores(
            GetAllStoresRequest request, StreamObserver<GetAllStoresResponse> out) {
        unary(
                request.getHeader(),
                out,
                GetAllStoresResponse.class,
                header -> {
                    GetAllStoresResponse.Builder response =
                            GetAllStoresResponse.newBuilder().setHeader(header);
                    for (StoreInfo store : cluster.stores()) {
                        boolean tombstone = store.meta().getState() == StoreState.Tombstone;
                        if (!(tombstone && request.getExcludeTombstoneStores())) {
                            response.addStores(store.meta());
                        }
                    }
                    return response.build();
                });
    }

    @Override
    public void storeHeartbeat(
            StoreHeartbeatRequest request, StreamObserver<StoreHeartbeatResponse> out) {
        unary(
                request.getHeader(),
                out,
                StoreHeartbeatResponse.class,
                header -> {
                    StoreInfo store = cluster.storeHeartbeat(request.getStats());
                    return StoreHeartbeatResponse.newBuilder()
                            .setHeader(header)
                            .setClusterVersion(cluster.clusterVersion().toString())
                            .setState(store.meta().getNodeState())
                            .build();
                });
    }

    // ---- region routing ----

    @Override
    public void getRegion(GetRegionRequest request, StreamObserver<GetRegionResponse> out) {
        unary(
                request.getHeader(),
                out,
                GetRegionResponse.class,
                header -> routing(header, cluster.regionAt(key(request.getRegionKey()))));
    }

    @Override
    public void getPrevRegion(GetRegionRequest request, StreamObserver<GetRegionResponse> out) {
        unary(
                request.getHeader(),
                out,
                GetRegionResponse.class,
                header -> routing(header, cluster.regionBefore(key(request.getRegionKey()))));
    }

    @Override
    public void getRegionByID(GetRegionByIDRequest request, StreamObserver<GetRegionResponse> out) {
        unary(
                request.getHeader(),
                out,
                GetRegionResponse.class,
                header -> routing(header, cluster.region(request.getRegionId())));
    }

    /** An unknown region is an answer without a region, not an error. */
    private static GetRegionResponse routing(ResponseHeader header, Optional<RegionInfo> region) {
        GetRegionResponse.Builder response = GetRegionResponse.newBuilder().setHeader(header);
        region.ifPresent(found -> {
            response.setRegion(found.region())
                    .addAllDownPeers(found.down())
                    .addAllPendingPeers(found.pending());
            if (found.leader().getId() != 0) {
                response.setLeader(currentLeader(found));
            }
        });
        return response.build();
    }

    /** As it stands in the region's peers: clients compare by equality, and roles change. */
    private static io.garrick.proto.meta.Peer currentLeader(RegionInfo region) {
        return region.region().getPeersList().stream()
                .filter(peer -> peer.getId() == region.leader().getId())
                .findFirst()
                .orElse(region.leader());
    }

    private static io.garrick.proto.pd.Region listed(RegionInfo region) {
        io.garrick.proto.pd.Region.Builder listed =
                io.garrick.proto.pd.Region.newBuilder()
                        .setRegion(region.region())
                        .addAllDownPeers(region.down())
                        .addAllPendingPeers(region.pending());
        if (region.leader().getId() != 0) {
            listed.setLeader(currentLeader(region));
        }
        return listed.build();
    }

    @Override
    public void scanRegions(ScanRegionsRequest request, StreamObserver<ScanRegionsResponse> out) {
        unary(
                request.getHeader(),
                out,
                ScanRegionsResponse.class,
                header -> {
                    ScanRegionsResponse.Builder response =
                            ScanRegionsResponse.newBuilder().setHeader(header);
                    KeyRange range =
                            new KeyRange(key(request.getStartKey()), key(request.getEndKey()));
                    for (RegionInfo region : cluster.regions(range, request.getLimit())) {
                        response.addRegions(listed(region))
                                .addRegionMetas(region.region())
                                .addLeaders(currentLeader(region));
                    }
                    return response.build();
                });
    }

    @Override
    public void batchScanRegions(
            BatchScanRegionsRequest request, StreamObserver<BatchScanRegionsResponse> out) {
        unary(
                request.getHeader(),
                out,
                BatchScanRegionsResponse.class,
                header -> {
                    BatchScanRegionsResponse.Builder response =
                            BatchScanRegionsResponse.newBuilder().setHeader(header);
                    scanAll(request).forEach(region -> response.addRegions(listed(region)));
                    return response.build();
                });
    }

    private List<RegionInfo> scanAll(BatchScanRegionsRequest request) {
        int limit = request.getLimit() <= 0 ? Integer.MAX_VALUE : request.getLimit();
        List<RegionInfo> found = new ArrayList<>();
        for (io.garrick.proto.pd.KeyRange wanted : request.getRangesList()) {
            KeyRange range = new KeyRange(key(wanted.getStartKey()), key(wanted.getEndKey()));
            List<RegionInfo> regions = cluster.regions(range, limit - found.size());
            boolean cut = found.size() + regions.size() >= limit;
            if (request.getContainAllKeyRange() && !cut && !covers(regions, range)) {
                throw new PdException(
                        ErrorType.REGIONS_NOT_CONTAIN_ALL_KEY_RANGE,
                        "found regions do not contain all of " + range);
            }
            for (RegionInfo region : regions) {
                // Neighbouring ranges may share a region.
                if (found.isEmpty() || found.getLast().id() != region.id()) {
                    found.add(region);
                }
            }
            if (cut) {
                break;
            }
        }
        return found;
    }

    private static boolean covers(List<RegionInfo> regions, KeyRange range) {
        if (regions.isEmpty() || regions.getFirst().range().start().compareTo(range.start()) > 0) {
            return false;
        }
        for (int i = 1; i < regions.size(); i++) {
            if (!regions.get(i).range().start().equals(regions.get(i - 1).range().end())) {
                return false;
            }
        }
        Key end = regions.getLast().range().end();
        return end.isEmpty() || (!range.end().isEmpty() && end.compareTo(range.end()) >= 0);
    }

    @Override
    public StreamObserver<QueryRegionRequest> queryRegion(StreamObserver<QueryRegionResponse> out) {
        return new StreamObserver<>() {
            private boolean ended;

            @Override
            public void onNext(QueryRegionRequest request) {
                if (ended) {
                    return;
                }
                Optional<StatusRuntimeException> refusal = refusal(request.getHeader());
                if (refusal.isPresent()) {
                    ended = true;
                    out.onError(refusal.get());
                    return;
                }
                out.onNext(query(request));
            }

            @Override
            public void onError(Throwable failure) {
                ended = true;
            }

            @Override
            public void onCompleted() {
                if (!ended) {
                    ended = true;
                    out.onCompleted();
                }
            }
        };
    }

    private QueryRegionResponse query(QueryRegionRequest request) {
        QueryRegionResponse.Builder response = QueryRegionResponse.newBuilder();
        try {
            for (long id : request.getIdsList()) {
                cluster.region(id).ifPresent(region -> add(response, region));
            }
            for (ByteString key : request.getKeysList()) {
                Optional<RegionInfo> region = cluster.regionAt(key(key));
                response.addKeyIdMap(region.map(RegionInfo::id).orElse(0L));
                region.ifPresent(found -> add(response, found));
            }
            for (ByteString key : request.getPrevKeysList()) {
                Optional<RegionInfo> region = cluster.regionBefore(key(key));
                response.addPrevKeyIdMap(region.map(RegionInfo::id).orElse(0L));
                region.ifPresent(found -> add(response, found));
            }
            return response.setHeader(okHeader()).build();
        } catch (PdException e) {
            return QueryRegionResponse.newBuilder().setHeader(errorHeader(e)).build();
        }
    }

    private static void add(QueryRegionResponse.Builder response, RegionInfo region) {
        RegionResponse.Builder item =
                RegionResponse.newBuilder()
                        .setRegion(region.region())
                        .addAllDownPeers(region.down())
                        .addAllPendingPeers(region.pending());
        if (region.leader().getId() != 0) {
            item.setLeader(currentLeader(region));
        }
        response.putRegionsById(region.id(), item.build());
    }

    // ---- from region leaders ----

    @Override
    public StreamObserver<RegionHeartbeatRequest> regionHeartbeat(
            StreamObserver<RegionHeartbeatResponse> out) {
        OrderStream stream = new OrderStream(out);
        return new StreamObserver<>() {
            private boolean ended;

            @Override
            public void onNext(RegionHeartbeatRequest request) {
                if (ended) {
                    return;
                }
                Optional<StatusRuntimeException> refusal = refusal(request.getHeader());
                if (refusal.isPresent()) {
                    end();
                    out.onError(refusal.get());
                    return;
                }
                long storeId = request.getLeader().getStoreId();
                orderStreams.put(storeId, stream);
                try {
                    cluster.regionHeartbeat(request).ifPresent(order -> send(storeId, order));
                } catch (PdException e) {
                    stream.send(
                            RegionHeartbeatResponse.newBuilder().setHeader(errorHeader(e)).build());
                }
            }

            @Override
            public void onError(Throwable failure) {
                end();
            }

            @Override
            public void onCompleted() {
                if (!ended) {
                    end();
                    stream.complete();
                }
            }

            private void end() {
                ended = true;
                orderStreams.values().remove(stream);
            }
        };
    }

    @Override
    public StreamObserver<ReportBucketsRequest> reportBuckets(
            StreamObserver<ReportBucketsResponse> out) {
        return new StreamObserver<>() {
            @Override
            public void onNext(ReportBucketsRequest request) {
                // Buckets are statistics this role has no use for.
            }

            @Override
            public void onError(Throwable failure) {
                log.debug("bucket stream ended", failure);
            }

            @Override
            public void onCompleted() {
                out.onNext(ReportBucketsResponse.newBuilder().setHeader(okHeader()).build());
                out.onCompleted();
            }
        };
    }

    @Override
    public void askSplit(AskSplitRequest request, StreamObserver<AskSplitResponse> out) {
        unary(
                request.getHeader(),
                out,
                AskSplitResponse.class,
                header -> {
                    SplitID ids = cluster.askSplit(request.getRegion(), 1).getFirst();
                    return AskSplitResponse.newBuilder()
                            .setHeader(header)
                            .setNewRegionId(ids.getNewRegionId())
                            .addAllNewPeerIds(ids.getNewPeerIdsList())
                            .build();
                });
    }

    @Override
    public void askBatchSplit(
            AskBatchSplitRequest request, StreamObserver<AskBatchSplitResponse> out) {
        unary(
                request.getHeader(),
                out,
                AskBatchSplitResponse.class,
                header ->
                        AskBatchSplitResponse.newBuilder()
                                .setHeader(header)
                                .addAllIds(
                                        cluster.askSplit(
                                                request.getRegion(), request.getSplitCount()))
                                .build());
    }

    /** Informative: the heartbeats of the resulting regions are what counts. */
    @Override
    public void reportSplit(ReportSplitRequest request, StreamObserver<ReportSplitResponse> out) {
        unary(
                request.getHeader(),
                out,
                ReportSplitResponse.class,
                header -> {
                    logSplit(List.of(request.getLeft(), request.getRight()));
                    return ReportSplitResponse.newBuilder().setHeader(header).build();
                });
    }

    /** Informative, as {@link #reportSplit}. */
    @Override
    public void reportBatchSplit(
            ReportBatchSplitRequest request, StreamObserver<ReportBatchSplitResponse> out) {
        unary(
                request.getHeader(),
                out,
                ReportBatchSplitResponse.class,
                header -> {
                    logSplit(request.getRegionsList());
                    return ReportBatchSplitResponse.newBuilder().setHeader(header).build();
                });
    }

    private static void logSplit(List<Region> regions) {
        log.info("region split regionIds={}", regions.stream().map(Region::getId).toList());
    }

    // ---- scheduling ----

    @Override
    public void scatterRegion(
            ScatterRegionRequest request, StreamObserver<ScatterRegionResponse> out) {
        unary(
                request.getHeader(),
                out,
                ScatterRegionResponse.class,
                header -> {
                    List<Long> ids = new ArrayList<>(request.getRegionsIdList());
                    if (ids.isEmpty()) {
                        ids.add(request.getRegionId());
                    }
                    ids.forEach(cluster::scatter);
                    return ScatterRegionResponse.newBuilder()
                            .setHeader(header)
                            .setFinishedPercentage(100)
                            .build();
                });
    }

    @Override
    public void getOperator(GetOperatorRequest request, StreamObserver<GetOperatorResponse> out) {
        unary(
                request.getHeader(),
                out,
                GetOperatorResponse.class,
                header -> {
                    Step step =
                            cluster.runningStep(request.getRegionId())
                                    .orElseThrow(() ->
                                            new PdException(
                                                    ErrorType.REGION_NOT_FOUND,
                                                    "region has no operator"));
                    return GetOperatorResponse.newBuilder()
                            .setHeader(header)
                            .setRegionId(request.getRegionId())
                            .setDesc(ByteString.copyFromUtf8(step.description()))
                            .setStatus(OperatorStatus.RUNNING)
                            .build();
                });
    }

    // ---- garbage collection ----

    @Override
    public void getGCSafePoint(
            GetGCSafePointRequest request, StreamObserver<GetGCSafePointResponse> out) {
        unary(
                request.getHeader(),
                out,
                GetGCSafePointResponse.class,
                header ->
                        GetGCSafePointResponse.newBuilder()
                                .setHeader(header)
                                .setSafePoint(cluster.gc().safePoint())
                                .build());
    }

    @Override
    public void updateGCSafePoint(
            UpdateGCSafePointRequest request, StreamObserver<UpdateGCSafePointResponse> out) {
        unary(
                request.getHeader(),
                out,
                UpdateGCSafePointResponse.class,
                header ->
                        UpdateGCSafePointResponse.newBuilder()
                                .setHeader(header)
                                .setNewSafePoint(cluster.gc().advance(request.getSafePoint()))
                                .build());
    }

    @Override
    public void updateServiceGCSafePoint(
            UpdateServiceGCSafePointRequest request,
            StreamObserver<UpdateServiceGCSafePointResponse> out) {
        unary(
                request.getHeader(),
                out,
                UpdateServiceGCSafePointResponse.class,
                header -> {
                    GcState.Pin lowest =
                            cluster.gc()
                                    .updateService(
                                            request.getServiceId().toStringUtf8(),
                                            request.getTtl(),
                                            request.getSafePoint());
                    return UpdateServiceGCSafePointResponse.newBuilder()
                            .setHeader(header)
                            .setServiceId(ByteString.copyFromUtf8(lowest.id()))
                            .setTtl(lowest.ttlSeconds())
                            .setMinSafePoint(lowest.ts())
                            .build();
                });
    }

    @Override
    public void getGCState(GetGCStateRequest request, StreamObserver<GetGCStateResponse> out) {
        unary(
                request.getHeader(),
                out,
                GetGCStateResponse.class,
                header -> {
                    GCState.Builder state =
                            GCState.newBuilder()
                                    .setKeyspaceScope(
                                            KeyspaceScope.newBuilder().setKeyspaceId(NULL_KEYSPACE))
                                    .setTxnSafePoint(cluster.gc().txnSafePoint())
                                    .setGcSafePoint(cluster.gc().safePoint());
                    if (!request.getExcludeGcBarriers()) {
                        cluster.gc().barriers().forEach(pin -> state.addGcBarriers(barrier(pin)));
                    }
                    return GetGCStateResponse.newBuilder()
                            .setHeader(header)
                            .setGcState(state)
                            .build();
                });
    }

    @Override
    public void setGCBarrier(
            SetGCBarrierRequest request, StreamObserver<SetGCBarrierResponse> out) {
        unary(
                request.getHeader(),
                out,
                SetGCBarrierResponse.class,
                header ->
                        SetGCBarrierResponse.newBuilder()
                                .setHeader(header)
                                .setNewBarrierInfo(
                                        barrier(
                                                cluster.gc()
                                                        .setBarrier(
                                                                request.getBarrierId(),
                                                                request.getBarrierTs(),
                                                                request.getTtlSeconds())))
                                .build());
    }

    @Override
    public void deleteGCBarrier(
            DeleteGCBarrierRequest request, StreamObserver<DeleteGCBarrierResponse> out) {
        unary(
                request.getHeader(),
                out,
                DeleteGCBarrierResponse.class,
                header -> {
                    DeleteGCBarrierResponse.Builder response =
                            DeleteGCBarrierResponse.newBuilder().setHeader(header);
                    cluster.gc()
                            .deleteBarrier(request.getBarrierId())
                            .forEach(pin -> response.setDeletedBarrierInfo(barrier(pin)));
                    return response.build();
                });
    }

    @Override
    public void advanceGCSafePoint(
            AdvanceGCSafePointRequest request, StreamObserver<AdvanceGCSafePointResponse> out) {
        unary(
                request.getHeader(),
                out,
                AdvanceGCSafePointResponse.class,
                header -> {
                    long before = cluster.gc().safePoint();
                    if (Long.compareUnsigned(request.getTarget(), cluster.gc().txnSafePoint())
                            > 0) {
                        throw PdException.unknown("GC safe point cannot pass the txn safe point");
                    }
                    return AdvanceGCSafePointResponse.newBuilder()
                            .setHeader(header)
                            .setOldGcSafePoint(before)
                            .setNewGcSafePoint(cluster.gc().advance(request.getTarget()))
                            .build();
                });
    }

    @Override
    public void advanceTxnSafePoint(
            AdvanceTxnSafePointRequest request, StreamObserver<AdvanceTxnSafePointResponse> out) {
        unary(
                request.getHeader(),
                out,
                AdvanceTxnSafePointResponse.class,
                header -> {
                    long before = cluster.gc().txnSafePoint();
                    return AdvanceTxnSafePointResponse.newBuilder()
                            .setHeader(header)
                            .setOldTxnSafePoint(before)
                            .setNewTxnSafePoint(cluster.gc().advanceTxn(request.getTarget()))
                            .build();
                });
    }

    private static GCBarrierInfo barrier(GcState.Pin pin) {
        return GCBarrierInfo.newBuilder()
                .setBarrierId(pin.id())
                .setBarrierTs(pin.ts())
                .setTtlSeconds(pin.ttlSeconds())
                .build();
    }

    private static Key key(ByteString bytes) {
        return Key.wrap(bytes.toByteArray());
    }

    // ---- headers ----

    private ResponseHeader okHeader() {
        return ResponseHeader.newBuilder().setClusterId(cluster.clusterId()).build();
    }

    private ResponseHeader errorHeader(PdException refusal) {
        return okHeader().toBuilder()
                .setError(Error.newBuilder().setType(refusal.type()).setMessage(refusal.text()))
                .build();
    }

    private Optional<StatusRuntimeException> refusal(RequestHeader header) {
        if (header.getClusterId() == cluster.clusterId()) {
            return Optional.empty();
        }
        return Optional.of(
                Status.FAILED_PRECONDITION
                        .withDescription(
                                "mismatch cluster id, need "
                                        + Long.toUnsignedString(cluster.clusterId())
                                        + " but got "
                                        + Long.toUnsignedString(header.getClusterId()))
                        .asRuntimeException());
    }

    /** Semantic refusals travel in the response's header, everything else as a gRPC status. */
    private <T extends Message> void unary(
            RequestHeader requestHeader,
            StreamObserver<T> out,
            Class<T> type,
            Function<ResponseHeader, T> answer) {
        Optional<StatusRuntimeException> refusal = refusal(requestHeader);
        if (refusal.isPresent()) {
            out.onError(refusal.get());
            return;
        }
        T response;
        try {
            response = answer.apply(okHeader());
        } catch (PdException e) {
            response = refused(type, e);
        } catch (IllegalArgumentException e) {
            response = refused(type, PdException.unknown(String.valueOf(e.getMessage())));
        } catch (RuntimeException e) {
            log.warn("pd call failed type={}", type.getSimpleName(), e);
            out.onError(Status.INTERNAL.withDescription(e.toString()).asRuntimeException());
            return;
        }
        out.onNext(response);
        out.onCompleted();
    }

    private <T extends Message> T refused(Class<T> type, PdException refusal) {
        Message.Builder builder = Internal.getDefaultInstance(type).newBuilderForType();
        FieldDescriptor header = builder.getDescriptorForType().findFieldByName("header");
        return type.cast(builder.setField(header, errorHeader(refusal)).build());
    }
}
