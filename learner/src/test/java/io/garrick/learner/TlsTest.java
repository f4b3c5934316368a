package io.garrick.learner;

import static io.garrick.learner.Scene.REGION;
import static io.garrick.learner.Waiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.kv.PdClient;
import io.garrick.kv.Tls;
import io.garrick.proto.pd.GetMembersRequest;
import io.garrick.proto.pd.GetMembersResponse;
import io.garrick.proto.pd.Member;
import io.garrick.proto.pd.PDGrpc;
import io.garrick.proto.pd.ResponseHeader;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A learner and a leader that speak TLS in both directions, and who may not join in. */
final class TlsTest {
    @TempDir static Path shared;
    private static Certificates certificates;
    private static Certificates others;

    @TempDir Path directory;
    private Scene scene;

    @BeforeAll
    static void issue() throws IOException, InterruptedException {
        certificates = new Certificates(shared.resolve("ours"), "authority");
        certificates.issue("tikv", "tikv");
        certificates.issue("garrick", "garrick", "RSA");
        certificates.issue("stranger", "stranger");
        others = new Certificates(shared.resolve("others"), "other");
        others.issue("tikv", "tikv");
        others.issue("garrick", "garrick");
    }

    // The learner's files are its own, so that a test may change them.
    private Path own(String name) {
        return directory.resolve(name);
    }

    private void install(Certificates from) throws IOException {
        replace(from.ca(), own("ca.pem"));
        replace(from.pem("garrick"), own("garrick.pem"));
        replace(from.key("garrick"), own("garrick.key"));
    }

    @BeforeEach
    void start() throws IOException {
        install(certificates);
        scene =
                new Scene(
                        directory,
                        Tls.load(
                                new Tls.Config(
                                        own("ca.pem"),
                                        own("garrick.pem"),
                                        own("garrick.key"),
                                        Set.of("tikv"))),
                        certificates.tls("tikv"));
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        scene.close();
    }

    private void health(Tls tls) throws InterruptedException {
        ManagedChannel channel =
                Tls.secured(NettyChannelBuilder.forTarget(scene.learner.address()), tls).build();
        try {
            HealthGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(20, TimeUnit.SECONDS)
                    .check(HealthCheckRequest.getDefaultInstance());
        } finally {
            channel.shutdownNow();
            channel.awaitTermination(5, TimeUnit.SECONDS);
        }
    }

    @Test
    void regionsAreFollowedOverMutualTls() {
        scene.leader.put(REGION, Cf.WRITE, "k1", "v1");
        scene.leader.compact(REGION);
        scene.follow();
        scene.awaitRow("k1", "v1");
        scene.leader.put(REGION, Cf.WRITE, "k2", "v2");
        scene.awaitRow("k2", "v2");
    }

    @Test
    void aPlainTextClientIsCountedAndHungUpOn() {
        ManagedChannel plain =
                NettyChannelBuilder.forTarget(scene.learner.address()).usePlaintext().build();
        try {
            assertThatThrownBy(() ->
                            HealthGrpc.newBlockingStub(plain)
                                    .check(HealthCheckRequest.getDefaultInstance()))
                    .isInstanceOf(StatusRuntimeException.class);
        } finally {
            plain.shutdownNow();
        }
        assertThat(scene.refused("plain text on the TLS port")).isPositive();
    }

    @Test
    void onlyAllowedNamesOfTheRightAuthorityMayConnect() throws Exception {
        health(certificates.tls("tikv"));
        Tls stranger = certificates.tls("stranger");
        assertThatThrownBy(() -> health(stranger)).isInstanceOf(StatusRuntimeException.class);
        await("counted", () -> scene.refused("client certificate") > 0);
        // It trusts us, but we do not trust whoever vouches for it.
        Tls foreign =
                Tls.load(
                        new Tls.Config(
                                certificates.ca(),
                                others.pem("tikv"),
                                others.key("tikv"),
                                Set.of()));
        assertThatThrownBy(() -> health(foreign)).isInstanceOf(StatusRuntimeException.class);
        // And the other way round: a server that the client's authority does not vouch for.
        Tls distrusting = others.tls("tikv");
        assertThatThrownBy(() -> health(distrusting)).isInstanceOf(StatusRuntimeException.class);
    }

    @Test
    void changedFilesServeTheNextConnection() throws Exception {
        Tls newClient = others.tls("tikv");
        assertThatThrownBy(() -> health(newClient)).isInstanceOf(StatusRuntimeException.class);
        install(others);
        await(
                "the new authority is in force",
                () -> {
                    try {
                        health(newClient);
                        return true;
                    } catch (StatusRuntimeException e) {
                        return false;
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    @Test
    void filesThatCannotBeReadLeaveTheFormerInForce() throws Exception {
        Tls client = certificates.tls("tikv");
        health(client);
        Files.writeString(own("garrick.key"), "not a key");
        touch(own("garrick.key"));
        for (int i = 0; i < 3; i++) {
            Thread.sleep(500); // longer than the files are trusted without a look
            health(client);
        }
    }

    private static void replace(Path from, Path to) throws IOException {
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        touch(to);
    }

    private static void touch(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(5)));
    }

    @Test
    void filesThatCannotBeReadAtTheStartAreNamed() throws Exception {
        Path missing = directory.resolve("missing.pem");
        assertThatThrownBy(() ->
                        Tls.load(
                                new Tls.Config(
                                        missing,
                                        certificates.pem("tikv"),
                                        certificates.key("tikv"),
                                        Set.of())))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("missing.pem");
        assertThatThrownBy(() ->
                        Tls.load(
                                new Tls.Config(
                                        certificates.ca(),
                                        certificates.pem("tikv"),
                                        certificates.pem("tikv"),
                                        Set.of())))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no private key");
    }

    @Test
    void pdIsAskedOverMutualTls() throws Exception {
        Server pd =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .sslContext(certificates.tls("tikv").forServers())
                        .addService(new Members())
                        .build()
                        .start();
        String address = "https://127.0.0.1:" + pd.getPort();
        PdClient.Options options =
                new PdClient.Options(Duration.ofSeconds(5), Duration.ofSeconds(20));
        try (PdClient client =
                PdClient.connect(List.of(address), options, certificates.tls("garrick"))) {
            assertThat(client.clusterId()).isEqualTo(42);
        } finally {
            pd.shutdownNow();
        }
    }

    private static final class Members extends PDGrpc.PDImplBase {
        @Override
        public void getMembers(
                GetMembersRequest request, StreamObserver<GetMembersResponse> response) {
            Member leader =
                    Member.newBuilder().setMemberId(1).addClientUrls("https://127.0.0.1:1").build();
            response.onNext(
                    GetMembersResponse.newBuilder()
                            .setHeader(ResponseHeader.newBuilder().setClusterId(42))
                            .addMembers(leader)
                            .setLeader(leader)
                            .build());
            response.onCompleted();
        }
    }
}
