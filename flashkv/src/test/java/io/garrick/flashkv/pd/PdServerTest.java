package io.garrick.flashkv.pd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.garrick.proto.etcd.DeleteRangeRequest;
import io.garrick.proto.etcd.KVGrpc;
import io.garrick.proto.etcd.PutRequest;
import io.garrick.proto.etcd.RangeRequest;
import io.garrick.proto.etcd.RangeResponse;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.meta.Store;
import io.garrick.proto.meta.StoreLabel;
import io.garrick.proto.pd.AllocIDRequest;
import io.garrick.proto.pd.AskBatchSplitRequest;
import io.garrick.proto.pd.BootstrapRequest;
import io.garrick.proto.pd.ErrorType;
import io.garrick.proto.pd.GetAllStoresRequest;
import io.garrick.proto.pd.GetMembersRequest;
import io.garrick.proto.pd.GetMembersResponse;
import io.garrick.proto.pd.GetRegionRequest;
import io.garrick.proto.pd.GetStoreRequest;
import io.garrick.proto.pd.IsBootstrappedRequest;
import io.garrick.proto.pd.PDGrpc;
import io.garrick.proto.pd.PutStoreRequest;
import io.garrick.proto.pd.RegionHeartbeatRequest;
import io.garrick.proto.pd.RegionHeartbeatResponse;
import io.garrick.proto.pd.RequestHeader;
import io.garrick.proto.pd.TsoRequest;
import io.garrick.proto.pd.TsoResponse;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The PD role over its real wire. */
final class PdServerTest {
    @TempDir Path dir;

    private PdServer pd;
    private ManagedChannel channel;
    private PDGrpc.PDBlockingStub stub;

    @BeforeEach
    void start() throws IOException {
        pd = PdServer.start(PdConfig.loopback(dir));
        connect();
    }

    @AfterEach
    void stop() throws Exception {
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        pd.close();
    }

    private void restart() throws Exception {
        stop();
        start();
    }

    private void connect() {
        channel = NettyChannelBuilder.forTarget(pd.address()).usePlaintext().build();
        stub = PDGrpc.newBlockingStub(channel);
    }

    @Test
    void aClientFindsTheLeaderAndTheClusterIdWithoutKnowingEither() {
        GetMembersResponse members = stub.getMembers(GetMembersRequest.getDefaultInstance());

        assertThat(members.getHeader().getClusterId()).isEqualTo(pd.clusterId()).isNotZero();
        assertThat(members.getLeader().getMemberId()).isNotZero();
        assertThat(members.getLeader().getClientUrlsList())
                .containsExactly("http://" + pd.address());
        assertThat(members.getMembersList()).containsExactly(members.getLeader());
        assertThat(
                        HealthGrpc.newBlockingStub(channel)
                                .check(HealthCheckRequest.getDefaultInstance())
                                .getStatus())
                .isEqualTo(ServingStatus.SERVING);
    }

    @Test
    void aRequestForAnotherClusterIsRefused() {
        IsBootstrappedRequest stranger =
                IsBootstrappedRequest.newBuilder()
                        .setHeader(RequestHeader.newBuilder().setClusterId(pd.clusterId() ^ 1))
                        .build();

        assertThatThrownBy(() -> stub.isBootstrapped(stranger))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("mismatch cluster id");
    }

    @Test
    void timestampsAndIdsGrowAcrossARestartAndTheClusterIdStays() throws Exception {
        long clusterId = pd.clusterId();
        long ts = timestamp(1000);
        long id = stub.allocID(AllocIDRequest.newBuilder().setHeader(header()).build()).getId();
        long batch =
                stub.allocID(AllocIDRequest.newBuilder().setHeader(header()).setCount(10).build())
                        .getId();

        restart();

        assertThat(pd.clusterId()).isEqualTo(clusterId);
        assertThat(timestamp(1)).isGreaterThan(ts);
        assertThat(batch).isEqualTo(id + 10);
        assertThat(stub.allocID(AllocIDRequest.newBuilder().setHeader(header()).build()).getId())
                .isGreaterThan(batch);
    }

    @Test
    void aTsoStreamOfOneRequestGivesOneResponseAndEnds() {
        TsoResponse response =
                ClientCalls.blockingUnaryCall(
                        channel,
                        PDGrpc.getTsoMethod().toBuilder()
                                .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
                                .build(),
                        io.grpc.CallOptions.DEFAULT,
                        TsoRequest.newBuilder().setHeader(header()).setCount(1).build());

        assertThat(response.getCount()).isEqualTo(1);
        assertThat(response.getTimestamp().getLogical()).isBetween(1L, (1L << 18) - 1);
    }

    @Test
    void beforeBootstrapTheClusterHasNoStores() {
        assertThat(
                        stub.isBootstrapped(
                                        IsBootstrappedRequest.newBuilder()
                                                .setHeader(header())
                                                .build())
                                .getBootstrapped())
                .isFalse();
        assertThat(
                        stub.getAllStores(
                                        GetAllStoresRequest.newBuilder()
                                                .setHeader(header())
                                                .build())
                                .getHeader()
                                .getError()
                                .getType())
                .isEqualTo(ErrorType.NOT_BOOTSTRAPPED);
    }

    @Test
    void bootstrapHappensOnceAndSurvives() throws Exception {
        bootstrap();

        assertThat(stub.bootstrap(bootstrapRequest()).getHeader().getError().getType())
                .isEqualTo(ErrorType.ALREADY_BOOTSTRAPPED);

        restart();

        assertThat(
                        stub.getStore(
                                        GetStoreRequest.newBuilder()
                                                .setHeader(header())
                                                .setStoreId(1)
                                                .build())
                                .getStore()
                                .getAddress())
                .isEqualTo("127.0.0.1:1001");
        assertThat(
                        stub.getRegion(
                                        GetRegionRequest.newBuilder()
                                                .setHeader(header())
                                                .setRegionKey(ByteString.copyFromUtf8("anything"))
                                                .build())
                                .getRegion())
                .isEqualTo(firstRegion());
    }

    @Test
    void aStoreIsRefusedForATakenAddressAForeignEngineOrAnOldVersion() {
        bootstrap();

        assertThat(put(store(2).setAddress("127.0.0.1:1001"))).isEqualTo(ErrorType.UNKNOWN);
        assertThat(put(store(2).setPeerAddress("127.0.0.1:1001"))).isEqualTo(ErrorType.UNKNOWN);
        assertThat(
                        put(
                                store(2).addLabels(
                                                StoreLabel.newBuilder()
                                                        .setKey("engine")
                                                        .setValue("garrick"))))
                .isEqualTo(ErrorType.INVALID_VALUE);
        assertThat(put(store(2).setVersion("8.4.9"))).isEqualTo(ErrorType.UNKNOWN);
        assertThat(put(store(2).setVersion("latest"))).isEqualTo(ErrorType.UNKNOWN);
        assertThat(put(store(2))).isEqualTo(ErrorType.OK);
    }

    @Test
    void anUnknownStoreIsAnErrorInTheHeader() {
        bootstrap();

        assertThat(
                        stub.getStore(
                                        GetStoreRequest.newBuilder()
                                                .setHeader(header())
                                                .setStoreId(77)
                                                .build())
                                .getHeader()
                                .getError()
                                .getMessage())
                .contains("invalid store ID 77");
    }

    @Test
    void aHeartbeatOfASingleVoterIsAnsweredWithANewLearnerOnAnotherStore() throws Exception {
        bootstrap();
        put(store(2));
        BlockingQueue<RegionHeartbeatResponse> orders = new LinkedBlockingQueue<>();
        StreamObserver<RegionHeartbeatRequest> heartbeats =
                PDGrpc.newStub(channel)
                        .regionHeartbeat(
                                new StreamObserver<>() {
                                    @Override
                                    public void onNext(RegionHeartbeatResponse order) {
                                        orders.add(order);
                                    }

                                    @Override
                                    public void onError(Throwable failure) {}

                                    @Override
                                    public void onCompleted() {}
                                });

        heartbeats.onNext(
                RegionHeartbeatRequest.newBuilder()
                        .setHeader(header())
                        .setRegion(firstRegion())
                        .setLeader(firstRegion().getPeers(0))
                        .build());
        RegionHeartbeatResponse order = orders.poll(20, TimeUnit.SECONDS);
        heartbeats.onCompleted();

        assertThat(order).isNotNull();
        assertThat(order.getRegionId()).isEqualTo(2);
        assertThat(order.getRegionEpoch()).isEqualTo(firstRegion().getRegionEpoch());
        assertThat(order.getTargetPeer()).isEqualTo(firstRegion().getPeers(0));
        assertThat(order.getChangePeer().getPeer().getStoreId()).isEqualTo(2);
        assertThat(order.getChangePeer().getPeer().getId()).isNotZero();
    }

    @Test
    void aSplitGetsFreshIdsForEveryRegionAndPeer() {
        bootstrap();
        AskBatchSplitRequest ask =
                AskBatchSplitRequest.newBuilder()
                        .setHeader(header())
                        .setRegion(firstRegion())
                        .setSplitCount(2)
                        .build();

        assertThat(stub.askBatchSplit(ask).getIdsList())
                .hasSize(2)
                .allSatisfy(ids -> {
                    assertThat(ids.getNewRegionId()).isNotZero();
                    assertThat(ids.getNewPeerIdsList()).hasSize(1).doesNotContain(0L);
                });
    }

    private ErrorType put(Store.Builder store) {
        return stub.putStore(
                        PutStoreRequest.newBuilder().setHeader(header()).setStore(store).build())
                .getHeader()
                .getError()
                .getType();
    }

    private long timestamp(int count) {
        TsoResponse response =
                ClientCalls.blockingUnaryCall(
                        channel,
                        PDGrpc.getTsoMethod().toBuilder()
                                .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
                                .build(),
                        io.grpc.CallOptions.DEFAULT,
                        TsoRequest.newBuilder().setHeader(header()).setCount(count).build());
        return response.getTimestamp().getPhysical() << 18 | response.getTimestamp().getLogical();
    }

    private void bootstrap() {
        assertThat(stub.bootstrap(bootstrapRequest()).getHeader().getError().getType())
                .isEqualTo(ErrorType.OK);
    }

    private BootstrapRequest bootstrapRequest() {
        return BootstrapRequest.newBuilder()
                .setHeader(header())
                .setStore(store(1))
                .setRegion(firstRegion())
                .build();
    }

    private static Store.Builder store(int id) {
        return Store.newBuilder()
                .setId(id)
                .setAddress("127.0.0.1:100" + id)
                .setPeerAddress("127.0.0.1:100" + id)
                .setVersion("8.5.0");
    }

    private static Region firstRegion() {
        return Region.newBuilder()
                .setId(2)
                .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(1).setVersion(1))
                .addPeers(Peer.newBuilder().setId(3).setStoreId(1))
                .build();
    }

    private RequestHeader header() {
        return RequestHeader.newBuilder().setClusterId(pd.clusterId()).build();
    }

    @Test
    void theEtcdRoleKeepsSmallValuesAcrossARestart() throws Exception {
        ByteString key = ByteString.copyFromUtf8("/tidb/store/gcworker/saved_safe_point");
        KVGrpc.KVBlockingStub etcd = KVGrpc.newBlockingStub(channel);
        assertThat(etcd.range(RangeRequest.newBuilder().setKey(key).build()).getCount()).isZero();
        for (String value : List.of("1", "2")) {
            etcd.put(
                    PutRequest.newBuilder()
                            .setKey(key)
                            .setValue(ByteString.copyFromUtf8(value))
                            .build());
        }
        restart();
        etcd = KVGrpc.newBlockingStub(channel);
        RangeResponse all =
                etcd.range(
                        RangeRequest.newBuilder()
                                .setKey(ByteString.copyFromUtf8("/tidb"))
                                .setRangeEnd(ByteString.copyFromUtf8("/tidc"))
                                .build());
        assertThat(all.getKvsList())
                .extracting(entry -> entry.getValue().toStringUtf8())
                .containsExactly("2");
        assertThat(
                        etcd.deleteRange(DeleteRangeRequest.newBuilder().setKey(key).build())
                                .getDeleted())
                .isOne();
        assertThat(etcd.range(RangeRequest.newBuilder().setKey(key).build()).getCount()).isZero();
    }
}
