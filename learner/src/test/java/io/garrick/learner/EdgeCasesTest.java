package io.garrick.learner;

import static io.garrick.learner.Scene.PEER;
import static io.garrick.learner.Scene.REGION;
import static io.garrick.learner.Scene.heartbeat;
import static io.garrick.learner.Waiting.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.garrick.base.KeyRange;
import io.garrick.learner.LearnerStatus.Phase;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.importsst.Range;
import io.garrick.proto.importsst.SSTMeta;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.pd.PeerReport;
import io.garrick.proto.pd.RecoveryPlan;
import io.garrick.proto.pd.StoreReport;
import io.garrick.proto.raftcmd.AdminCmdType;
import io.garrick.proto.raftcmd.AdminRequest;
import io.garrick.proto.raftcmd.CmdType;
import io.garrick.proto.raftcmd.CompactLogRequest;
import io.garrick.proto.raftcmd.IngestSSTRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftcmd.Request;
import io.garrick.proto.raftserver.DiskUsage;
import io.garrick.proto.raftserver.ExtraMessage;
import io.garrick.proto.raftserver.ExtraMessageType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The difficult cases of following a cluster, one test each; docs/attach.md lists them. */
final class EdgeCasesTest {
    @TempDir Path directory;
    private Scene scene;
    private FakeLeader leader;

    @BeforeEach
    void start() throws IOException {
        scene = new Scene(directory);
        leader = scene.leader;
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        scene.close();
    }

    // ---- snapshots ----

    @Test
    void aSnapshotWhoseRangeIsTakenIsDroppedUntilTheOtherRegionIsGone() {
        leader.addRegion(9, "m", "");
        leader.awaitLeader(9);
        leader.put(9, Cf.WRITE, "x", "9");
        scene.join(9, 92);
        scene.awaitPhase(9, Phase.NORMAL);
        leader.put(REGION, Cf.WRITE, "a", "7");
        leader.compact(REGION);
        scene.join(REGION, PEER);
        // Its own range would not let it come to life here; a narrower one does.
        leader.sendRaw(
                scene.fromLeader(REGION, PEER)
                        .setStartKey(ByteString.copyFromUtf8("a"))
                        .setEndKey(ByteString.copyFromUtf8("b"))
                        .setMessage(heartbeat(6, 0))
                        .build());
        await("refused", () -> scene.refused("snapshot not wanted") > 1);
        assertThat(scene.phase(REGION)).contains(Phase.UNINITIALIZED);
        assertThat(scene.phase(9)).contains(Phase.NORMAL);
        assertThat(scene.sink.rows()).containsOnlyKeys("x");
        await("its files are deleted", () -> scene.snapshotFiles().isEmpty());

        scene.pd.regions.remove(9L); // PD knows that it went into region 7
        scene.awaitRow("a", "7");
        assertThat(scene.phase(9)).isEmpty();
        assertThat(scene.sink.rows()).containsOnlyKeys("a");
    }

    @Test
    void theSecondOfTwoOverlappingSnapshotsWaitsForTheFirst() {
        CountDownLatch installing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        scene.sink.beforeInstall =
                () -> {
                    installing.countDown();
                    awaitLatch(goOn);
                };
        leader.addRegion(9, "m", "");
        leader.awaitLeader(9);
        leader.put(9, Cf.WRITE, "x", "9");
        leader.compact(9);
        leader.compact(REGION);
        scene.join(9, 92);
        awaitLatch(installing);
        scene.join(REGION, PEER);
        leader.sendRaw(
                scene.fromLeader(REGION, PEER)
                        .setStartKey(ByteString.copyFromUtf8("a"))
                        .setEndKey(ByteString.copyFromUtf8("b"))
                        .setMessage(heartbeat(6, 0))
                        .build());
        await("refused", () -> scene.refused("snapshot not wanted") > 0);
        assertThat(scene.phase(REGION)).contains(Phase.UNINITIALIZED);
        goOn.countDown();
        scene.awaitPhase(9, Phase.NORMAL);
        scene.awaitRow("x", "9");
        assertThat(scene.phase(REGION)).contains(Phase.UNINITIALIZED);
    }

    @Test
    void aSnapshotOfTheTargetEndsASourceThatNeverHeardOfItsMerge() {
        scene.follow();
        scene.split();
        leader.put(8, Cf.WRITE, "b", "1");
        scene.awaitRow("b", "1");
        leader.mute(8);
        leader.mute(REGION);
        leader.put(8, Cf.WRITE, "c", "2");
        leader.awaitCommitted(8);
        leader.merge(8, REGION);
        leader.compact(REGION);
        leader.unmute(REGION);
        leader.put(REGION, Cf.WRITE, "x", "3");
        scene.awaitRow("x", "3");
        scene.awaitRow("c", "2");
        await("the source is gone", () -> scene.phase(8).isEmpty());
        assertThat(scene.region(REGION).range()).isEqualTo(KeyRange.ALL);
        assertThat(scene.sink.rows()).containsOnlyKeys("b", "c", "x");
    }

    @Test
    void aSnapshotWithoutOurPeerIsDropped() {
        leader.distort =
                data ->
                        data.toBuilder()
                                .setRegion(data.getRegion().toBuilder().removePeers(1))
                                .build();
        leader.put(REGION, Cf.WRITE, "k", "v");
        leader.compact(REGION);
        scene.join(REGION, PEER);
        await("refused", () -> scene.refused("snapshot not wanted") > 0);
        assertThat(scene.phase(REGION)).contains(Phase.UNINITIALIZED);
        assertThat(scene.sink.rows()).isEmpty();
        leader.distort = data -> data;
        scene.awaitRow("k", "v");
    }

    @Test
    void aSnapshotThatComesTwiceOrLateChangesNothing() {
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        leader.compact(REGION);
        scene.follow();
        leader.repeatSnapshot();
        leader.put(REGION, Cf.WRITE, "k2", "v2");
        scene.awaitRow("k2", "v2");
        leader.repeatSnapshot();
        leader.put(REGION, Cf.WRITE, "k3", "v3");
        scene.awaitRow("k3", "v3");
        await("its files are deleted", () -> scene.snapshotFiles().isEmpty());
        assertThat(scene.phase(REGION)).contains(Phase.NORMAL);
        assertThat(scene.learner.status().snapshotsReceived()).isEqualTo(1);
        assertThat(scene.sink.rows()).containsOnlyKeys("k1", "k2", "k3");
    }

    @Test
    void aSnapshotRepeatedWhileItIsInstalledKeepsItsFiles() {
        CountDownLatch installing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        scene.sink.beforeInstall =
                () -> {
                    installing.countDown();
                    awaitLatch(goOn);
                };
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        leader.compact(REGION);
        scene.join(REGION, PEER);
        awaitLatch(installing);
        leader.repeatSnapshot();
        await("refused", () -> scene.refused("snapshot not wanted") > 0);
        goOn.countDown();
        scene.awaitPhase(REGION, Phase.NORMAL);
        assertThat(scene.sink.rows()).containsOnlyKeys("k1");
        assertThat(scene.learner.status().regionsQuarantined()).isZero();
    }

    @Test
    void aCrashBeforeASnapshotIsInstalledInstallsItAgain() throws IOException {
        CountDownLatch installing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        scene.sink.beforeInstall =
                () -> {
                    installing.countDown();
                    awaitLatch(goOn);
                };
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        leader.compact(REGION);
        scene.join(REGION, PEER);
        awaitLatch(installing);
        Scene.Image image = scene.image();
        goOn.countDown();
        leader.mute(REGION);
        scene.startFrom(image);
        scene.awaitRow("k1", "v1");
        scene.awaitPhase(REGION, Phase.NORMAL);
        assertThat(scene.sink.callLog()).containsExactly("install 7");
        leader.unmute(REGION);
        leader.put(REGION, Cf.WRITE, "k2", "v2");
        scene.awaitRow("k2", "v2");
    }

    @Test
    void aCrashBehindAnInstallationRepeatsItWithoutEffect() throws IOException {
        CountDownLatch installed = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        scene.sink.afterInstall =
                () -> {
                    installed.countDown();
                    awaitLatch(goOn);
                };
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        leader.compact(REGION);
        scene.join(REGION, PEER);
        awaitLatch(installed);
        Scene.Image image = scene.image();
        goOn.countDown();
        leader.mute(REGION);
        scene.startFrom(image);
        scene.awaitPhase(REGION, Phase.NORMAL);
        assertThat(scene.sink.callLog()).containsExactly("install 7", "repeated 7");
        assertThat(scene.sink.rows()).containsOnlyKeys("k1");
    }

    @Test
    void aPeerRemovedWhileItsSnapshotIsInstalledEndsAfterwards() {
        CountDownLatch installing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        scene.sink.beforeInstall =
                () -> {
                    installing.countDown();
                    awaitLatch(goOn);
                };
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        leader.compact(REGION);
        scene.join(REGION, PEER);
        awaitLatch(installing);
        RegionEpoch epoch = leader.region(REGION).getRegionEpoch();
        leader.mute(REGION);
        leader.sendRaw(
                scene.fromLeader(REGION, PEER)
                        .setRegionEpoch(epoch.toBuilder().setConfVer(epoch.getConfVer() + 1))
                        .setIsTombstone(true)
                        .build());
        // What is sent after the tombstone is taken in after it.
        long before = scene.learner.status().messagesReceived();
        leader.sendRaw(scene.fromLeader(REGION, PEER).setMessage(heartbeat(6, 0)).build());
        await("received", () -> scene.learner.status().messagesReceived() > before);
        assertThat(scene.phase(REGION)).contains(Phase.APPLYING);
        goOn.countDown();
        await("gone", () -> scene.phase(REGION).isEmpty() && scene.sink.rows().isEmpty());
    }

    @Test
    void aSnapshotOfASmallerRegionLeavesTheRestToItsNeighbour() throws Exception {
        leader.put(REGION, Cf.WRITE, "a", "1");
        leader.put(REGION, Cf.WRITE, "x", "1");
        scene.follow();
        scene.awaitRow("x", "1");
        leader.mute(REGION);
        leader.split(REGION, "m", 8);
        leader.awaitLeader(8);
        leader.put(8, Cf.WRITE, "b", "2");
        leader.put(REGION, Cf.WRITE, "y", "2");
        leader.awaitCommitted(8);
        leader.awaitCommitted(REGION);
        leader.compact(REGION);
        leader.compact(8);
        leader.unmute(REGION);
        leader.put(REGION, Cf.WRITE, "z", "3");
        scene.awaitRow("z", "3");
        scene.awaitRow("b", "2");
        scene.awaitPhase(8, Phase.NORMAL);
        assertThat(scene.sink.rows()).containsOnlyKeys("a", "b", "x", "y", "z");
        assertThat(scene.read(100)).isInstanceOf(ReadOutcome.Ready.class);
    }

    // ---- splits and merges ----

    @Test
    void aChildThatIsGoneIsNotCreatedAgainWhenItsSplitIsReplayed() throws IOException {
        scene.follow();
        scene.sink.checkpoint();
        MemorySink beforeTheSplit = scene.sink.crashed();
        scene.split();
        leader.put(8, Cf.WRITE, "b", "1");
        scene.awaitRow("b", "1");
        leader.removeLearner(8, scene.learner.storeId(), leader.region(8).getPeers(1).getId());
        await("the child is gone", () -> scene.phase(8).isEmpty());
        scene.learner.close();
        scene.sink = beforeTheSplit;
        scene.learner = scene.startLearner(Duration.ofMillis(20));
        await("the split is replayed", () -> scene.sink.callLog().contains("remove 8"));
        leader.put(REGION, Cf.WRITE, "x", "2");
        scene.awaitRow("x", "2");
        assertThat(scene.phase(8)).isEmpty();
        assertThat(scene.sink.rows()).containsOnlyKeys("x");
    }

    @Test
    void aMergeWithoutEntriesStillCommitsTheSourcesTail() {
        scene.follow();
        scene.split();
        leader.put(8, Cf.WRITE, "b", "1");
        scene.awaitRow("b", "1");
        leader.limitCommit(8, leader.lastIndex(8));
        leader.put(8, Cf.WRITE, "c", "2");
        leader.awaitCommitted(8);
        leader.merge(8, REGION, false);
        await("merged", () -> scene.phase(8).isEmpty());
        assertThat(scene.sink.rows()).containsOnlyKeys("b", "c");
        assertThat(scene.region(REGION).range()).isEqualTo(KeyRange.ALL);
    }

    @Test
    void aSourceThatHearsOfItsMergeAsksPdWhetherItIsOver() {
        scene.follow();
        scene.split();
        leader.put(8, Cf.WRITE, "b", "1");
        scene.awaitRow("b", "1");
        long peer = scene.region(8).peerId();
        var merged = scene.fromLeader(8, peer).setMergeTarget(leader.region(REGION)).build();
        leader.sendRaw(merged);
        leader.put(8, Cf.WRITE, "c", "2");
        scene.awaitRow("c", "2");
        assertThat(scene.phase(8)).contains(Phase.NORMAL);
        leader.mute(8);
        scene.pd.regions.remove(8L);
        leader.sendRaw(merged);
        await("gone", () -> scene.phase(8).isEmpty());
    }

    // ---- the log ----

    @Test
    void appendsThatComeTwiceOrOutOfOrderChangeNothing() throws Exception {
        scene.follow();
        for (int i = 0; i < 20; i++) {
            leader.put(REGION, Cf.WRITE, "k" + i, "v");
        }
        scene.awaitRow("k19", "v");
        scene.split();
        var rows = scene.sink.rows();
        leader.repeatAppends();
        leader.put(REGION, Cf.WRITE, "x", "1");
        leader.put(8, Cf.WRITE, "b", "1");
        scene.awaitRow("x", "1");
        scene.awaitRow("b", "1");
        leader.repeatAppends();
        assertThat(scene.read(100)).isInstanceOf(ReadOutcome.Ready.class);
        assertThat(scene.sink.rows()).containsAllEntriesOf(rows).hasSize(rows.size() + 2);
        assertThat(scene.learner.status().regionsQuarantined()).isZero();
    }

    @Test
    void aLeaderThatCountsOnMoreThanWeHaveMakesUsAskForASnapshot() throws IOException {
        scene.follow();
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        scene.awaitRow("k1", "v1");
        scene.sink.checkpoint();
        leader.put(REGION, Cf.WRITE, "k2", "v2");
        scene.awaitRow("k2", "v2");
        scene.learner.close();
        EdgeCaseRecords.dropLog(scene.durable, REGION);
        scene.sink = scene.sink.crashed();
        scene.learner = scene.startLearner(Duration.ofMillis(20));
        scene.awaitRow("k2", "v2");
        scene.awaitPhase(REGION, Phase.NORMAL);
        assertThat(scene.learner.status().snapshotsReceived()).isEqualTo(1);
        leader.put(REGION, Cf.WRITE, "k3", "v3");
        scene.awaitRow("k3", "v3");
    }

    @Test
    void aLeaderOfAnOlderTermIsToldTheNewerOne() {
        scene.follow();
        leader.sendRaw(
                scene.fromLeader(REGION, PEER)
                        .setMessage(heartbeat(3, 0).setFrom(REGION * 10 + 1))
                        .build());
        await(
                "an answer",
                () ->
                        leader.received().stream()
                                .map(message -> message.getMessage())
                                .anyMatch(raft ->
                                        raft.getMsgType() == MessageType.MsgAppendResponse
                                                && raft.getTerm() > 3
                                                && raft.getIndex() == 0));
        assertThat(scene.phase(REGION)).contains(Phase.NORMAL);
    }

    @Test
    void aCompactLogOutOfRangeIsIgnored() {
        scene.follow();
        for (long index : new long[] {0, 1, 1L << 40, -1}) {
            leader.admin(
                    REGION,
                    AdminRequest.newBuilder()
                            .setCmdType(AdminCmdType.CompactLog)
                            .setCompactLog(
                                    CompactLogRequest.newBuilder()
                                            .setCompactIndex(index)
                                            .setCompactTerm(6)));
        }
        leader.put(REGION, Cf.WRITE, "k", "v");
        scene.awaitRow("k", "v");
        assertThat(scene.learner.status().regionsQuarantined()).isZero();
    }

    @Test
    void anUnknownAdminCommandIsHealedByASnapshot() {
        scene.follow();
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        leader.admin(REGION, AdminRequest.newBuilder().setCmdTypeValue(99));
        await("quarantined", () -> scene.learner.status().regionsQuarantined() == 1);
        leader.put(REGION, Cf.WRITE, "k2", "v2");
        scene.awaitRow("k2", "v2");
        scene.awaitPhase(REGION, Phase.NORMAL);
    }

    @Test
    void anImportedFileIsFetchedByASnapshot() throws Exception {
        scene.follow();
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        scene.awaitRow("k1", "v1");
        long before = scene.learner.status().snapshotsReceived();
        leader.propose(
                REGION,
                RaftCmdRequest.newBuilder()
                        .addRequests(
                                Request.newBuilder()
                                        .setCmdType(CmdType.IngestSST)
                                        .setIngestSst(
                                                IngestSSTRequest.newBuilder()
                                                        .setSst(
                                                                SSTMeta.newBuilder()
                                                                        .setUuid(
                                                                                ByteString.copyFrom(
                                                                                        new byte
                                                                                                [16]))
                                                                        .setCfName("write")
                                                                        .setRange(
                                                                                Range.newBuilder()
                                                                                        .setStart(
                                                                                                key(
                                                                                                        "i1"))
                                                                                        .setEnd(
                                                                                                key(
                                                                                                        "i2")))
                                                                        .setRegionId(REGION)
                                                                        .setRegionEpoch(
                                                                                leader.region(
                                                                                                REGION)
                                                                                        .getRegionEpoch())))));
        await("a snapshot", () -> scene.learner.status().snapshotsReceived() > before);
        scene.awaitPhase(REGION, Phase.NORMAL);
        // The leader has the file's rows, and so has its snapshot.
        assertThat(scene.sink.rows()).containsEntry("i1", "imported").containsKey("k1");
        assertThat(scene.read(100)).isInstanceOf(ReadOutcome.Ready.class);
    }

    private static ByteString key(String text) {
        return ByteString.copyFromUtf8(text);
    }

    // ---- silence, pressure, orders ----

    @Test
    void aSleepingLeaderIsWokenByARead() throws Exception {
        scene.follow();
        leader.put(REGION, Cf.WRITE, "k", "v");
        scene.awaitRow("k", "v");
        leader.sleep(REGION);
        scene.crashAndRestart();
        assertThat(scene.read(100)).isInstanceOf(ReadOutcome.Ready.class);
        assertThat(leader.sleeps(REGION)).isFalse();
        assertThat(scene.sink.rows()).containsKey("k");
    }

    @Test
    void aPeerThatHearsNothingAsksTheOthersWhetherItStillBelongs() throws IOException {
        scene.follow();
        leader.mute(REGION);
        scene.learner.close();
        scene.learner = scene.startLearner(Duration.ofMillis(1));
        await(
                "a question",
                () ->
                        leader.received().stream()
                                .anyMatch(message ->
                                        message.getExtraMsg().getType()
                                                == ExtraMessageType.MsgCheckStalePeer));
        // One that was removed meanwhile hears so.
        leader.removeLearner(REGION, scene.learner.storeId(), PEER);
        await("gone", () -> scene.phase(REGION).isEmpty());
    }

    @Test
    void aStoreUnderPressurePausesAppendsAndPd() {
        scene.follow();
        scene.sink.busy = true;
        leader.put(REGION, Cf.WRITE, "k", "v");
        await(
                "disk usage is reported",
                () -> leader.received().getLast().getDiskUsage() == DiskUsage.DiskAlmostFull);
        await("PD hears so", () -> scene.pd.lastHeartbeat.getStats().getIsBusy());
        scene.sink.busy = false;
        await("over", () -> leader.received().getLast().getDiskUsage() == DiskUsage.DiskNormal);
        await("PD hears so", () -> !scene.pd.lastHeartbeat.getStats().getIsBusy());
    }

    @Test
    void unknownExtraMessagesAreIgnored() {
        scene.follow();
        for (int type = 0; type < 40; type++) {
            leader.sendRaw(
                    scene.fromLeader(REGION, PEER)
                            .setExtraMsg(ExtraMessage.newBuilder().setTypeValue(type))
                            .build());
        }
        leader.put(REGION, Cf.WRITE, "k", "v");
        scene.awaitRow("k", "v");
        assertThat(scene.phase(REGION)).contains(Phase.NORMAL);
    }

    @Test
    void aRecoveryPlanOfPdIsObeyedAndReported() {
        scene.follow();
        scene.split();
        scene.pd.plans.add(RecoveryPlan.newBuilder().setStep(1).build());
        await("the first report", () -> scene.pd.reports.size() == 1);
        StoreReport all = scene.pd.reports.remove();
        assertThat(all.getStep()).isEqualTo(1);
        assertThat(all.getPeerReportsList())
                .extracting(report -> report.getRegionState().getRegion().getId())
                .containsExactlyInAnyOrder(REGION, 8L);
        assertThat(all.getPeerReportsList())
                .allSatisfy(report -> {
                    assertThat(report.getRegionState().getRegion().getPeersCount()).isEqualTo(2);
                    assertThat(report.getAppliedIndex()).isPositive();
                    assertThat(report.getRaftState().getLastIndex())
                            .isGreaterThanOrEqualTo(report.getAppliedIndex());
                    assertThat(report.getRaftState().getHardState().getTerm()).isPositive();
                });
        leader.mute(8);
        scene.pd.plans.add(RecoveryPlan.newBuilder().setStep(2).addTombstones(8).build());
        await("the second report", () -> scene.pd.reports.size() == 1);
        StoreReport rest = scene.pd.reports.remove();
        assertThat(rest.getStep()).isEqualTo(2);
        assertThat(rest.getPeerReportsList())
                .extracting(PeerReport::getRegionState)
                .extracting(state -> state.getRegion().getId())
                .containsExactly(REGION);
        assertThat(scene.phase(8)).isEmpty();
    }

    // ---- damage ----

    @Test
    void aDamagedLogConcernsItsRegionOnly() throws IOException {
        scene.follow();
        scene.split();
        leader.put(REGION, Cf.WRITE, "x", "1");
        leader.put(8, Cf.WRITE, "b", "1");
        scene.awaitRow("x", "1");
        scene.awaitRow("b", "1");
        scene.learner.close();
        EdgeCaseRecords.damageEntries(scene.durable, REGION);
        scene.sink = scene.sink.crashed();
        leader.limitCommit(8, leader.lastIndex(8));
        scene.learner = scene.startLearner(Duration.ofMillis(20));
        scene.awaitRow("x", "1");
        scene.awaitRow("b", "1");
        scene.awaitPhase(REGION, Phase.NORMAL);
        scene.awaitPhase(8, Phase.NORMAL);
        leader.put(REGION, Cf.WRITE, "y", "2");
        scene.awaitRow("y", "2");
        assertThat(scene.learner.status().regionsQuarantined()).isPositive();
    }

    @Test
    void aDamagedPeerRecordConcernsItsRegionOnly() throws IOException {
        scene.follow();
        scene.split();
        leader.put(REGION, Cf.WRITE, "x", "1");
        leader.put(8, Cf.WRITE, "b", "1");
        scene.awaitRow("x", "1");
        scene.awaitRow("b", "1");
        scene.sink.checkpoint();
        scene.learner.close();
        EdgeCaseRecords.damagePeerRecords(scene.durable, REGION);
        scene.learner = scene.startLearner(Duration.ofMillis(20));
        leader.put(8, Cf.WRITE, "c", "2");
        scene.awaitRow("c", "2");
        leader.put(REGION, Cf.WRITE, "y", "2");
        scene.awaitRow("y", "2");
        scene.awaitPhase(REGION, Phase.NORMAL);
        assertThat(scene.learner.status().snapshotsReceived()).isEqualTo(1);
    }

    @Test
    void aRegionThatNeitherMemoryKnowsIsLookedUpInPd() throws IOException {
        leader.put(REGION, Cf.WRITE, "x", "1");
        scene.follow();
        scene.awaitRow("x", "1");
        scene.learner.close();
        EdgeCaseRecords.damagePeerRecords(scene.durable, REGION);
        scene.sink = new MemorySink();
        scene.learner = scene.startLearner(Duration.ofMillis(20));
        scene.awaitRow("x", "1");
        assertThat(scene.region(REGION).peerId()).isEqualTo(PEER);
        scene.learner.close();
        EdgeCaseRecords.damagePeerRecords(scene.durable, REGION);
        scene.sink = new MemorySink();
        scene.pd.regions.remove(REGION);
        leader.mute(REGION);
        scene.learner = scene.startLearner(Duration.ofMillis(20));
        assertThat(scene.phase(REGION)).isEmpty();
    }

    // ---- foreign and malformed messages ----

    @Test
    void malformedMessagesAreCountedAndHurtNobody() {
        scene.follow();
        var good =
                scene.fromLeader(REGION, PEER)
                        .setMessage(heartbeat(6, 0).setFrom(71).setTo(PEER))
                        .build();
        leader.sendRaw(good.toBuilder().clearRegionEpoch().build());
        leader.sendRaw(good.toBuilder().setRegionId(0).build());
        leader.sendRaw(
                good.toBuilder().setMessage(good.getMessage().toBuilder().setFrom(5)).build());
        leader.sendRaw(
                good.toBuilder().setMessage(good.getMessage().toBuilder().setTerm(-1)).build());
        leader.sendRaw(
                good.toBuilder().setMessage(good.getMessage().toBuilder().setCommit(-1)).build());
        leader.sendRaw(good.toBuilder().setStartKey(key("b")).setEndKey(key("a")).build());
        leader.put(REGION, Cf.WRITE, "k", "v");
        scene.awaitRow("k", "v");
        assertThat(scene.learner.refusals())
                .containsEntry("no epoch", 1L)
                .containsEntry("no region or peer id", 1L)
                .containsEntry("peer ids disagree", 1L)
                .containsEntry("position out of range", 2L)
                .containsEntry("empty range", 1L);
        assertThat(scene.learner.status().regionsQuarantined()).isZero();
    }

    private static void awaitLatch(CountDownLatch latch) {
        await("a latch", () -> latch.getCount() == 0);
    }
}
