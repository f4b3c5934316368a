package io.garrick.learner;

import static io.garrick.learner.Scene.PEER;
import static io.garrick.learner.Scene.REGION;
import static io.garrick.learner.Waiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.proto.coprocessor.BatchRequest;
import io.garrick.proto.coprocessor.BatchResponse;
import io.garrick.proto.coprocessor.Request;
import io.garrick.proto.kvrpc.CheckLeaderRequest;
import io.garrick.proto.kvrpc.CheckLeaderResponse;
import io.garrick.proto.kvrpc.LeaderInfo;
import io.garrick.proto.kvrpc.ReadState;
import io.garrick.proto.kvrpc.StoreSafeTSRequest;
import io.garrick.proto.meta.Region;
import io.garrick.proto.tikv.CancelTaskRequest;
import io.garrick.proto.tikv.DispatchTaskRequest;
import io.garrick.proto.tikv.IsAliveRequest;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What TiKV and TiDB ask a columnar store besides raft, and the form of the answers. */
final class TidbFaceTest {
    @TempDir Path directory;
    private Scene scene;
    private ManagedChannel channel;
    private TikvGrpc.TikvBlockingStub tikv;

    @BeforeEach
    void start() throws IOException {
        scene = new Scene(directory);
        scene.follow();
        channel = NettyChannelBuilder.forTarget(scene.learner.address()).usePlaintext().build();
        tikv = TikvGrpc.newBlockingStub(channel);
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        channel.shutdownNow();
        scene.close();
    }

    // ---- reads that belong to TiKV ----

    @Test
    void aCoprocessorRequestFailsAsIfTheServerWereGone() {
        assertThatThrownBy(() -> tikv.coprocessor(Request.getDefaultInstance()))
                .satisfies(failure -> assertRefused(failure, Status.Code.UNAVAILABLE));
    }

    @Test
    void aBatchCoprocessorStreamBreaksBehindAnAnswerWithoutRows() {
        Iterator<BatchResponse> answers = tikv.batchCoprocessor(BatchRequest.getDefaultInstance());
        assertThat(answers.next()).isEqualTo(BatchResponse.getDefaultInstance());
        assertThatThrownBy(answers::next)
                .satisfies(failure -> assertRefused(failure, Status.Code.UNAVAILABLE));
    }

    @Test
    void anMppTaskIsCancelledAtOnce() {
        assertThatThrownBy(() -> tikv.dispatchMPPTask(DispatchTaskRequest.getDefaultInstance()))
                .satisfies(failure -> assertRefused(failure, Status.Code.CANCELLED));
        assertThat(tikv.cancelMPPTask(CancelTaskRequest.getDefaultInstance())).isNotNull();
    }

    private void assertRefused(Throwable failure, Status.Code code) {
        assertThat(failure).isInstanceOf(StatusRuntimeException.class);
        Status status = Status.fromThrowable(failure);
        assertThat(status.getCode()).isEqualTo(code);
        assertThat(status.getDescription()).contains("tidb_isolation_read_engines");
        assertThat(scene.refused("read by TiDB")).isEqualTo(1);
    }

    @Test
    void theStoreIsAliveAndHealthy() {
        assertThat(tikv.isAlive(IsAliveRequest.getDefaultInstance()).getAvailable()).isTrue();
        assertThat(
                        HealthGrpc.newBlockingStub(channel)
                                .check(HealthCheckRequest.getDefaultInstance())
                                .getStatus())
                .isEqualTo(ServingStatus.SERVING);
    }

    // ---- stale reads ----

    private LeaderInfo.Builder leaderOf(long regionId) {
        Region region = scene.leader.region(regionId);
        return LeaderInfo.newBuilder()
                .setRegionId(regionId)
                .setPeerId(region.getPeers(0).getId())
                .setTerm(6)
                .setRegionEpoch(region.getRegionEpoch());
    }

    private CheckLeaderResponse check(LeaderInfo.Builder leader) {
        return tikv.checkLeader(
                CheckLeaderRequest.newBuilder().addRegions(leader).setTs(77).build());
    }

    private long safeTs() {
        return tikv.getStoreSafeTS(StoreSafeTSRequest.getDefaultInstance()).getSafeTs();
    }

    @Test
    void aLeaderIsConfirmedByPeerTermAndEpoch() {
        await(
                "the leader is known",
                () -> check(leaderOf(REGION)).getRegionsList().equals(java.util.List.of(REGION)));
        assertThat(check(leaderOf(REGION)).getTs()).isEqualTo(77);
        assertThat(check(leaderOf(REGION).setTerm(5)).getRegionsList()).isEmpty();
        assertThat(check(leaderOf(REGION).setPeerId(PEER)).getRegionsList()).isEmpty();
        LeaderInfo.Builder older = leaderOf(REGION);
        older.getRegionEpochBuilder().setVersion(0);
        assertThat(check(older).getRegionsList()).isEmpty();
        assertThat(check(leaderOf(REGION).setRegionId(4242)).getRegionsList()).isEmpty();
    }

    @Test
    void theStoresSafeTsIsTheLeastOfItsRegionsAndOnlyOfThoseThatHaveOne() {
        scene.split();
        scene.leader.put(REGION, Cf.WRITE, "x", "1");
        scene.leader.put(8, Cf.WRITE, "b", "1");
        scene.awaitRow("x", "1");
        scene.awaitRow("b", "1");
        assertThat(safeTs()).isZero();
        long applied = scene.region(REGION).appliedIndex();
        check(leaderOf(REGION).setReadState(readState(applied, 300)));
        assertThat(safeTs()).isEqualTo(300);
        check(leaderOf(8).setReadState(readState(scene.region(8).appliedIndex(), 200)));
        assertThat(safeTs()).isEqualTo(200);
        // A promise about what is not applied yet does not count before that.
        long next = scene.leader.lastIndex(8) + 1;
        check(leaderOf(8).setReadState(readState(next, 250)));
        assertThat(safeTs()).isEqualTo(200);
        scene.leader.put(8, Cf.WRITE, "c", "1");
        scene.awaitRow("c", "1");
        await("the promise counts", () -> safeTs() == 250);
    }

    private static ReadState readState(long appliedIndex, long safeTs) {
        return ReadState.newBuilder().setAppliedIndex(appliedIndex).setSafeTs(safeTs).build();
    }

    @Test
    void aRegionFarBehindItsLeadersSafeTsIsNotReportedAsReplicated() {
        long minute = 60_000L << 18;
        check(
                leaderOf(REGION)
                        .setReadState(readState(scene.region(REGION).appliedIndex(), minute)));
        assertThat(scene.region(REGION).lagging()).isFalse();
        check(leaderOf(REGION).setReadState(readState(1L << 40, 2 * minute)));
        assertThat(scene.region(REGION).lagging()).isFalse();
        check(leaderOf(REGION).setReadState(readState(1L << 41, 4 * minute)));
        assertThat(scene.region(REGION).lagging()).isTrue();
    }
}
