package io.garrick.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.Timestamp;
import io.garrick.proto.pd.GetGCSafePointRequest;
import io.garrick.proto.pd.GetGCSafePointResponse;
import io.garrick.proto.pd.GetMembersRequest;
import io.garrick.proto.pd.GetMembersResponse;
import io.garrick.proto.pd.IsBootstrappedRequest;
import io.garrick.proto.pd.IsBootstrappedResponse;
import io.garrick.proto.pd.Member;
import io.garrick.proto.pd.PDGrpc;
import io.garrick.proto.pd.ResponseHeader;
import io.garrick.proto.pd.UpdateServiceGCSafePointRequest;
import io.garrick.proto.pd.UpdateServiceGCSafePointResponse;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** PDs without GC states, and PDs of other clusters. */
final class PdAnswersTest {
    private static final PdClient.Options SHORT =
            new PdClient.Options(Duration.ofSeconds(2), Duration.ofSeconds(3));

    private final List<Server> servers = new ArrayList<>();

    @AfterEach
    void stop() {
        servers.forEach(Server::shutdownNow);
    }

    /** Knows what PD 8.5 knows; everything else is UNIMPLEMENTED. */
    private static final class OldPd extends PDGrpc.PDImplBase {
        volatile long clusterId;
        final List<UpdateServiceGCSafePointRequest> holds = new ArrayList<>();
        volatile String url = "";

        OldPd(long clusterId) {
            this.clusterId = clusterId;
        }

        private ResponseHeader header() {
            return ResponseHeader.newBuilder().setClusterId(clusterId).build();
        }

        private static <T> void answer(StreamObserver<T> out, T value) {
            out.onNext(value);
            out.onCompleted();
        }

        @Override
        public void getMembers(GetMembersRequest r, StreamObserver<GetMembersResponse> out) {
            Member member = Member.newBuilder().setMemberId(1).addClientUrls(url).build();
            answer(
                    out,
                    GetMembersResponse.newBuilder()
                            .setHeader(header())
                            .addMembers(member)
                            .setLeader(member)
                            .build());
        }

        @Override
        public void isBootstrapped(
                IsBootstrappedRequest r, StreamObserver<IsBootstrappedResponse> out) {
            answer(
                    out,
                    IsBootstrappedResponse.newBuilder()
                            .setHeader(header())
                            .setBootstrapped(true)
                            .build());
        }

        @Override
        public void getGCSafePoint(
                GetGCSafePointRequest r, StreamObserver<GetGCSafePointResponse> out) {
            answer(
                    out,
                    GetGCSafePointResponse.newBuilder()
                            .setHeader(header())
                            .setSafePoint(900)
                            .build());
        }

        @Override
        public synchronized void updateServiceGCSafePoint(
                UpdateServiceGCSafePointRequest r,
                StreamObserver<UpdateServiceGCSafePointResponse> out) {
            holds.add(r);
            answer(
                    out,
                    UpdateServiceGCSafePointResponse.newBuilder()
                            .setHeader(header())
                            .setMinSafePoint(950)
                            .build());
        }
    }

    private OldPd serve(long clusterId) throws IOException {
        OldPd pd = new OldPd(clusterId);
        Server server =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .addService(pd)
                        .build()
                        .start();
        servers.add(server);
        pd.url = "http://127.0.0.1:" + server.getPort();
        return pd;
    }

    @Test
    void aPdWithoutGcStatesIsAskedForItsSafePoints() throws Exception {
        OldPd pd = serve(7);
        try (PdClient client = PdClient.connect(List.of(pd.url), SHORT)) {
            assertThat(client.gcState())
                    .isEqualTo(new PdClient.GcState(new Timestamp(900), new Timestamp(900)));
            assertThat(client.holdGc("it", new Timestamp(960), Duration.ofMinutes(1))).isTrue();
            // The least that any service holds is above: too late.
            assertThat(client.holdGc("it", new Timestamp(940), Duration.ofMinutes(1))).isFalse();
            client.releaseGc("it");
        }
        assertThat(pd.holds).extracting(r -> r.getTtl()).containsExactly(60L, 60L, 0L);
    }

    @Test
    void anAnswerOfAnotherClusterIsRefused() throws Exception {
        OldPd pd = serve(7);
        try (PdClient client = PdClient.connect(List.of(pd.url), SHORT)) {
            assertThat(client.isBootstrapped()).isTrue();
            pd.clusterId = 8;
            assertThatThrownBy(client::isBootstrapped)
                    .isInstanceOf(ClusterException.class)
                    .hasMessageContaining("of cluster 8, not 7");
        }
    }

    @Test
    void aMemberThatBelongsToAnotherClusterIsPassedOver() throws Exception {
        OldPd ours = serve(7);
        OldPd theirs = serve(8);
        try (PdClient client = PdClient.connect(List.of(ours.url, theirs.url), SHORT)) {
            assertThat(client.clusterId()).isEqualTo(7);
            servers.getFirst().shutdownNow().awaitTermination();
            assertThatThrownBy(client::isBootstrapped)
                    .isInstanceOf(PdException.class)
                    .hasMessageContaining("belongs to cluster 8, not 7");
        }
    }
}
