package io.garrick.kv;

import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.Store;
import io.garrick.proto.pd.AllocIDRequest;
import io.garrick.proto.pd.AskBatchSplitRequest;
import io.garrick.proto.pd.BootstrapRequest;
import io.garrick.proto.pd.DeleteGCBarrierRequest;
import io.garrick.proto.pd.ErrorType;
import io.garrick.proto.pd.GetAllStoresRequest;
import io.garrick.proto.pd.GetGCSafePointRequest;
import io.garrick.proto.pd.GetGCStateRequest;
import io.garrick.proto.pd.GetMembersRequest;
import io.garrick.proto.pd.GetRegionByIDRequest;
import io.garrick.proto.pd.GetRegionRequest;
import io.garrick.proto.pd.GetRegionResponse;
import io.garrick.proto.pd.GetStoreRequest;
import io.garrick.proto.pd.IsBootstrappedRequest;
import io.garrick.proto.pd.Member;
import io.garrick.proto.pd.PDGrpc;
import io.garrick.proto.pd.PeerStats;
import io.garrick.proto.pd.PutStoreRequest;
import io.garrick.proto.pd.RegionHeartbeatRequest;
import io.garrick.proto.pd.RegionHeartbeatResponse;
import io.garrick.proto.pd.ReportBatchSplitRequest;
import io.garrick.proto.pd.RequestHeader;
import io.garrick.proto.pd.ResponseHeader;
import io.garrick.proto.pd.ScanRegionsRequest;
import io.garrick.proto.pd.ScanRegionsResponse;
import io.garrick.proto.pd.SetGCBarrierRequest;
import io.garrick.proto.pd.SplitID;
import io.garrick.proto.pd.StoreHeartbeatRequest;
import io.garrick.proto.pd.StoreHeartbeatResponse;
import io.garrick.proto.pd.StoreReport;
import io.garrick.proto.pd.StoreStats;
import io.garrick.proto.pd.UpdateServiceGCSafePointRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Talks to the Placement Driver: who leads it, what time it is, which stores and regions exist.
 *
 * <p>Every call goes to the PD leader. If it does not answer or leads no longer, the leader is
 * looked up anew and the call repeated, with a pause that grows, until {@link
 * Options#totalTimeout}. What PD itself refuses is thrown at once as {@link PdException} with PD's
 * error type. All calls may be repeated by PD's own rules. Safe for many threads; calls block.
 */
public final class PdClient implements AutoCloseable {
    private final Channels channels;
    private final Options options;
    private final PdMembers members;
    private final TsoStream tso;

    /**
     * How long to try.
     *
     * @param requestTimeout for one attempt
     * @param totalTimeout for a call with all its attempts
     */
    public record Options(Duration requestTimeout, Duration totalTimeout) {
        public static final Options DEFAULT =
                new Options(Duration.ofSeconds(3), Duration.ofSeconds(20));
    }

    private PdClient(Channels channels, Options options, PdMembers members) {
        this.channels = channels;
        this.options = options;
        this.members = members;
        this.tso = new TsoStream(members);
    }

    /**
     * Finds the leader among the members of {@code hostPorts} and whomever they name.
     *
     * @param hostPorts {@code host:port} or URLs; one reachable member is enough
     * @throws PdException if no leader was found within the total timeout
     */
    public static PdClient connect(List<String> hostPorts, Options options) {
        return connect(hostPorts, options, null);
    }

    /** With TLS, if given; the same serves the stores that PD names. */
    public static PdClient connect(List<String> hostPorts, Options options, @Nullable Tls tls) {
        if (hostPorts.isEmpty()) {
            throw new IllegalArgumentException("no PD address");
        }
        Channels channels = new Channels(tls);
        PdMembers members = new PdMembers(channels, hostPorts, options.requestTimeout().toMillis());
        PdClient client = new PdClient(channels, options, members);
        try {
            client.retrying("pd connect", leader -> leader);
        } catch (RuntimeException e) {
            channels.close();
            throw e;
        }
        return client;
    }

    @Nullable Tls tls() {
        return channels.tls();
    }

    public long clusterId() {
        return members.clusterId();
    }

    /** {@code host:port} of the member that led when last asked; PD's HTTP API is there too. */
    public String leaderAddress() {
        return members.leader().address();
    }

    /** What the leading member tells of itself. */
    public Member leadingMember() {
        return call(
                        "pd members",
                        (stub, header) ->
                                stub.getMembers(
                                        GetMembersRequest.newBuilder().setHeader(header).build()),
                        r -> r.getHeader())
                .getLeader();
    }

    // ---- time

    /** A timestamp allocated after this call began. Concurrent calls share round trips. */
    public Timestamp timestamp() {
        return retrying(
                "pd tso",
                leader -> {
                    CompletableFuture<Timestamp> answer = tso.next(leader);
                    try {
                        return answer.get(
                                options.requestTimeout().toMillis(), TimeUnit.MILLISECONDS);
                    } catch (TimeoutException e) {
                        StatusRuntimeException late =
                                Status.DEADLINE_EXCEEDED
                                        .withDescription("no TSO answer")
                                        .asRuntimeException();
                        tso.reset(late);
                        throw late;
                    } catch (ExecutionException e) {
                        throw e.getCause() instanceof StatusRuntimeException status
                                ? status
                                : Status.UNAVAILABLE
                                        .withCause(e.getCause())
                                        .withDescription("TSO stream broke")
                                        .asRuntimeException();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new PdException(ErrorType.UNKNOWN, "pd tso: interrupted", e);
                    }
                });
    }

    // ---- cluster and stores

    public boolean isBootstrapped() {
        return call(
                        "pd isBootstrapped",
                        (stub, header) ->
                                stub.isBootstrapped(
                                        IsBootstrappedRequest.newBuilder()
                                                .setHeader(header)
                                                .build()),
                        r -> r.getHeader())
                .getBootstrapped();
    }

    /** Creates the cluster with its first store and region; ALREADY_BOOTSTRAPPED if it exists. */
    public void bootstrap(Store store, Region region) {
        call(
                "pd bootstrap",
                (stub, header) ->
                        stub.bootstrap(
                                BootstrapRequest.newBuilder()
                                        .setHeader(header)
                                        .setStore(store)
                                        .setRegion(region)
                                        .build()),
                r -> r.getHeader());
    }

    /** A number no one else in the cluster gets: for stores, regions and peers. */
    public long allocId() {
        return call(
                        "pd allocId",
                        (stub, header) ->
                                stub.allocID(
                                        AllocIDRequest.newBuilder()
                                                .setHeader(header)
                                                .setCount(1)
                                                .build()),
                        r -> r.getHeader())
                .getId();
    }

    /**
     * Registers this store or changes its description.
     *
     * @throws StoreTombstoneException if the store was removed
     */
    public void putStore(Store store) {
        call(
                "pd putStore",
                (stub, header) ->
                        stub.putStore(
                                PutStoreRequest.newBuilder()
                                        .setHeader(header)
                                        .setStore(store)
                                        .build()),
                r -> r.getHeader());
    }

    /**
     * Says that this store lives, and how full it is.
     *
     * @throws StoreTombstoneException if the store was removed
     */
    public StoreHeartbeatResponse storeHeartbeat(StoreStats stats) {
        return storeHeartbeat(stats, null);
    }

    /** With the answer to a recovery plan. */
    public StoreHeartbeatResponse storeHeartbeat(StoreStats stats, @Nullable StoreReport report) {
        return call(
                "pd storeHeartbeat",
                (stub, header) -> {
                    StoreHeartbeatRequest.Builder request =
                            StoreHeartbeatRequest.newBuilder().setHeader(header).setStats(stats);
                    if (report != null) {
                        request.setStoreReport(report);
                    }
                    return stub.storeHeartbeat(request.build());
                },
                r -> r.getHeader());
    }

    /** Empty if PD has never heard of this store. Tombstones are returned. */
    public Optional<Store> getStore(long storeId) {
        try {
            Store store =
                    call(
                                    "pd getStore",
                                    (stub, header) ->
                                            stub.getStore(
                                                    GetStoreRequest.newBuilder()
                                                            .setHeader(header)
                                                            .setStoreId(storeId)
                                                            .build()),
                                    r -> r.getHeader())
                            .getStore();
            return store.getId() == 0 ? Optional.empty() : Optional.of(store);
        } catch (PdException e) {
            // PD has no error type of its own for this.
            if (isUnknownStore(e.getMessage())) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** All stores but tombstones. */
    public List<Store> getAllStores() {
        return call(
                        "pd getAllStores",
                        (stub, header) ->
                                stub.getAllStores(
                                        GetAllStoresRequest.newBuilder()
                                                .setHeader(header)
                                                .setExcludeTombstoneStores(true)
                                                .build()),
                        r -> r.getHeader())
                .getStoresList();
    }

    // ---- regions

    /** The region that holds a memcomparable key; empty while PD knows none. */
    public Optional<RegionInfo> regionByKey(Key encodedKey) {
        return regionOf(
                call(
                        "pd getRegion",
                        (stub, header) ->
                                stub.getRegion(
                                        GetRegionRequest.newBuilder()
                                                .setHeader(header)
                                                .setRegionKey(Bytes.of(encodedKey))
                                                .build()),
                        r -> r.getHeader()));
    }

    public Optional<RegionInfo> regionById(long regionId) {
        try {
            return regionOf(
                    call(
                            "pd getRegionById",
                            (stub, header) ->
                                    stub.getRegionByID(
                                            GetRegionByIDRequest.newBuilder()
                                                    .setHeader(header)
                                                    .setRegionId(regionId)
                                                    .build()),
                            r -> r.getHeader()));
        } catch (PdException e) {
            if (e.type() == ErrorType.REGION_NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Regions that touch {@code [encodedStart, encodedEnd)}, in key order, at most {@code limit}.
     */
    public List<RegionInfo> scanRegions(Key encodedStart, Key encodedEnd, int limit) {
        ScanRegionsResponse response =
                call(
                        "pd scanRegions",
                        (stub, header) ->
                                stub.scanRegions(
                                        ScanRegionsRequest.newBuilder()
                                                .setHeader(header)
                                                .setStartKey(Bytes.of(encodedStart))
                                                .setEndKey(Bytes.of(encodedEnd))
                                                .setLimit(limit)
                                                .build()),
                        r -> r.getHeader());
        List<RegionInfo> regions = new ArrayList<>();
        for (var region : response.getRegionsList()) {
            regions.add(
                    new RegionInfo(
                            region.getRegion(),
                            known(region.getLeader()),
                            region.getPendingPeersList(),
                            peers(region.getDownPeersList())));
        }
        return regions;
    }

    /** Ids for the regions a split will make, {@code splitCount} of them. */
    public List<SplitID> askBatchSplit(Region region, int splitCount) {
        return call(
                        "pd askBatchSplit",
                        (stub, header) ->
                                stub.askBatchSplit(
                                        AskBatchSplitRequest.newBuilder()
                                                .setHeader(header)
                                                .setRegion(region)
                                                .setSplitCount(splitCount)
                                                .build()),
                        r -> r.getHeader())
                .getIdsList();
    }

    /** All regions a split resulted in, left to right. */
    public void reportBatchSplit(List<Region> regions) {
        call(
                "pd reportBatchSplit",
                (stub, header) ->
                        stub.reportBatchSplit(
                                ReportBatchSplitRequest.newBuilder()
                                        .setHeader(header)
                                        .addAllRegions(regions)
                                        .build()),
                r -> r.getHeader());
    }

    /**
     * Opens the stream on which a store reports the regions it leads; PD's orders come back on
     * {@code orders}, on a network thread. If it breaks, the store opens another: the next call
     * looks for the leader anew.
     */
    public RegionHeartbeats openRegionHeartbeats(
            Consumer<RegionHeartbeatResponse> orders, Consumer<Throwable> broken) {
        return retrying(
                "pd regionHeartbeat",
                leader -> {
                    StreamObserver<RegionHeartbeatRequest> requests =
                            PDGrpc.newStub(leader.channel())
                                    .regionHeartbeat(
                                            new StreamObserver<>() {
                                                @Override
                                                public void onNext(RegionHeartbeatResponse order) {
                                                    if (order.getHeader().hasError()) {
                                                        return; // about one heartbeat; no order
                                                    }
                                                    orders.accept(order);
                                                }

                                                @Override
                                                public void onError(Throwable failure) {
                                                    rediscoverQuietly(leader);
                                                    broken.accept(failure);
                                                }

                                                @Override
                                                public void onCompleted() {
                                                    onError(
                                                            Status.UNAVAILABLE
                                                                    .withDescription("ended by PD")
                                                                    .asRuntimeException());
                                                }
                                            });
                    return new RegionHeartbeats(requests, members.header());
                });
    }

    /** One open stream of region heartbeats. Safe for many threads. */
    public static final class RegionHeartbeats implements AutoCloseable {
        private final StreamObserver<RegionHeartbeatRequest> requests;
        private final RequestHeader header;

        private RegionHeartbeats(
                StreamObserver<RegionHeartbeatRequest> requests, RequestHeader header) {
            this.requests = requests;
            this.header = header;
        }

        /** The header is filled in here. After the stream broke this does nothing. */
        public synchronized void send(RegionHeartbeatRequest heartbeat) {
            try {
                requests.onNext(heartbeat.toBuilder().setHeader(header).build());
            } catch (IllegalStateException ended) {
                // The call was cancelled; its owner hears so through `broken`.
            }
        }

        @Override
        public synchronized void close() {
            requests.onError(Status.CANCELLED.withDescription("closed").asRuntimeException());
        }
    }

    // ---- garbage collection

    /** Versions that no read at or after this timestamp sees may be dropped. */
    public Timestamp gcSafePoint() {
        return new Timestamp(
                call(
                                "pd getGcSafePoint",
                                (stub, header) ->
                                        stub.getGCSafePoint(
                                                GetGCSafePointRequest.newBuilder()
                                                        .setHeader(header)
                                                        .build()),
                                r -> r.getHeader())
                        .getSafePoint());
    }

    /**
     * What PD says of garbage collection.
     *
     * @param txnSafePoint reads below it are refused
     * @param gcSafePoint what only reads below it see may be dropped; not above the other
     */
    public record GcState(Timestamp txnSafePoint, Timestamp gcSafePoint) {}

    /** From PD's GC states; before PD had them, its safe point stands for both. */
    public GcState gcState() {
        try {
            var state =
                    call(
                                    "pd getGcState",
                                    (stub, header) ->
                                            stub.getGCState(
                                                    GetGCStateRequest.newBuilder()
                                                            .setHeader(header)
                                                            .setExcludeGcBarriers(true)
                                                            .build()),
                                    r -> r.getHeader())
                            .getGcState();
            return new GcState(
                    new Timestamp(state.getTxnSafePoint()), new Timestamp(state.getGcSafePoint()));
        } catch (PdException e) {
            if (!isUnimplemented(e)) {
                throw e;
            }
            Timestamp safePoint = gcSafePoint();
            return new GcState(safePoint, safePoint);
        }
    }

    /**
     * Keeps all versions from {@code ts} on for {@code ttl}, in PD's barriers or, before PD had
     * them, in its service safe points. To be repeated before the time is over.
     *
     * @return false if it came too late: PD has let go of that ts already
     */
    public boolean holdGc(String id, Timestamp ts, Duration ttl) {
        try {
            call(
                    "pd setGcBarrier",
                    (stub, header) ->
                            stub.setGCBarrier(
                                    SetGCBarrierRequest.newBuilder()
                                            .setHeader(header)
                                            .setBarrierId(id)
                                            .setBarrierTs(ts.value())
                                            .setTtlSeconds(ttl.toSeconds())
                                            .build()),
                    r -> r.getHeader());
            return true;
        } catch (PdException e) {
            if (isUnimplemented(e)) {
                Timestamp least = updateServiceGcSafePoint(id, ttl, ts);
                return Long.compareUnsigned(least.value(), ts.value()) <= 0;
            }
            if (e.getCause() == null) {
                return false; // PD's own refusal, not a failure on the way
            }
            throw e;
        }
    }

    /** Ends {@link #holdGc}. */
    public void releaseGc(String id) {
        try {
            call(
                    "pd deleteGcBarrier",
                    (stub, header) ->
                            stub.deleteGCBarrier(
                                    DeleteGCBarrierRequest.newBuilder()
                                            .setHeader(header)
                                            .setBarrierId(id)
                                            .build()),
                    r -> r.getHeader());
        } catch (PdException e) {
            if (!isUnimplemented(e)) {
                throw e;
            }
            updateServiceGcSafePoint(id, Duration.ZERO, new Timestamp(0));
        }
    }

    private static boolean isUnimplemented(PdException e) {
        return e.getCause() instanceof StatusRuntimeException status
                && status.getStatus().getCode() == Status.Code.UNIMPLEMENTED;
    }

    /**
     * Keeps versions from {@code safePoint} on for {@code ttl}; a ttl of zero ends that.
     *
     * @return the least safe point any service holds. Above {@code safePoint} it means that the
     *     request came too late and was not granted.
     */
    public Timestamp updateServiceGcSafePoint(String serviceId, Duration ttl, Timestamp safePoint) {
        return new Timestamp(
                call(
                                "pd updateServiceGcSafePoint",
                                (stub, header) ->
                                        stub.updateServiceGCSafePoint(
                                                UpdateServiceGCSafePointRequest.newBuilder()
                                                        .setHeader(header)
                                                        .setServiceId(
                                                                com.google.protobuf.ByteString
                                                                        .copyFromUtf8(serviceId))
                                                        .setTtl(ttl.toSeconds())
                                                        .setSafePoint(safePoint.value())
                                                        .build()),
                                r -> r.getHeader())
                        .getMinSafePoint());
    }

    /** Ends all calls. */
    @Override
    public void close() {
        channels.close();
    }

    // ---- how a call is made

    @FunctionalInterface
    private interface Call<R> {
        R on(PDGrpc.PDBlockingStub stub, RequestHeader header);
    }

    private <R> R call(String what, Call<R> call, Function<R, ResponseHeader> headerOf) {
        return retrying(
                what,
                leader -> {
                    R response =
                            call.on(
                                    PDGrpc.newBlockingStub(leader.channel())
                                            .withDeadlineAfter(
                                                    options.requestTimeout().toMillis(),
                                                    TimeUnit.MILLISECONDS),
                                    members.header());
                    ResponseHeader header = headerOf.apply(response);
                    if (header.getClusterId() != 0 && header.getClusterId() != clusterId()) {
                        throw foreign(what, header.getClusterId());
                    }
                    if (header.hasError() && header.getError().getType() != ErrorType.OK) {
                        throw refused(what, header.getError());
                    }
                    return response;
                });
    }

    private PdException foreign(String what, long answered) {
        return new PdException(
                ErrorType.UNKNOWN,
                "%s: the answer is of cluster %s, not %s"
                        .formatted(
                                what,
                                Long.toUnsignedString(answered),
                                Long.toUnsignedString(clusterId())));
    }

    private static RuntimeException refused(String what, io.garrick.proto.pd.Error error) {
        String message = what + ": " + error.getType() + ": " + error.getMessage();
        if (error.getType() == ErrorType.STORE_TOMBSTONE) {
            return new StoreTombstoneException(message);
        }
        if (error.getMessage().contains("not leader")) {
            return Status.UNAVAILABLE.withDescription(message).asRuntimeException();
        }
        return new PdException(error.getType(), message);
    }

    private <R> R retrying(String what, Function<PdMembers.Leader, R> attempt) {
        Backoff backoff = new Backoff(what, options.totalTimeout());
        PdMembers.Leader failed = null;
        while (true) {
            try {
                PdMembers.Leader leader =
                        failed == null ? members.leader() : members.discover(failed);
                failed = leader;
                return attempt.apply(leader);
            } catch (StatusRuntimeException e) {
                if (e.getStatus().getCode() == Status.Code.UNIMPLEMENTED
                        || isUnknownStore(e.getMessage())) {
                    throw new PdException(ErrorType.UNKNOWN, what + ": " + e.getStatus(), e);
                }
                pause(backoff, e);
            } catch (PdException e) {
                if (!isNoLeader(e)) {
                    throw e;
                }
                pause(backoff, e);
            }
        }
    }

    private static void pause(Backoff backoff, RuntimeException cause) {
        try {
            backoff.pause(Backoff.Reason.PD, String.valueOf(cause.getMessage()), cause);
        } catch (KvException over) {
            throw new PdException(ErrorType.UNKNOWN, String.valueOf(over.getMessage()), cause);
        }
    }

    private static boolean isNoLeader(PdException e) {
        return String.valueOf(e.getMessage()).startsWith("no PD leader found");
    }

    private static boolean isUnknownStore(@Nullable String message) {
        return message != null && message.contains("invalid store ID");
    }

    private void rediscoverQuietly(PdMembers.Leader failed) {
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        members.discover(failed);
                    } catch (RuntimeException e) {
                        // The next call finds out for itself.
                    }
                });
    }

    private static Optional<RegionInfo> regionOf(GetRegionResponse response) {
        if (response.getRegion().getId() == 0) {
            return Optional.empty();
        }
        return Optional.of(
                new RegionInfo(
                        response.getRegion(),
                        known(response.getLeader()),
                        response.getPendingPeersList(),
                        peers(response.getDownPeersList())));
    }

    private static @Nullable Peer known(Peer leader) {
        return leader.getId() == 0 ? null : leader;
    }

    private static List<Peer> peers(List<PeerStats> stats) {
        return stats.stream().map(PeerStats::getPeer).toList();
    }
}
