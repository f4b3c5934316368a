package io.garrick.learner;

import static io.garrick.learner.Waiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.base.Timestamp;
import io.garrick.learner.LearnerStatus.Phase;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftserver.RaftMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A learner and a leader, over real gRPC, with a PD and a sink in memory. */
final class LearnerTest {
    private static final long REGION = 7;
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir Path directory;
    private final FakePd pd = new FakePd();
    private FakeLeader leader;
    private OrderedStore durable;
    private Learner learner;
    private MemorySink sink = new MemorySink();

    @BeforeEach
    void start() throws IOException {
        leader = new FakeLeader(pd, directory);
        durable =
                RocksStore.open(
                        directory.resolve("durable"), OrderedStore.Mode.LOGGED, Learner.FAMILIES);
        learner = startLearner();
        leader.addRegion(REGION, "", "");
        leader.awaitLeader(REGION);
    }

    private Learner startLearner() throws IOException {
        return Learner.start(
                LearnerConfig.of(directory.resolve("snap"))
                        .withClocks(Duration.ofMillis(20), Duration.ofMillis(100)),
                pd,
                durable,
                sink);
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        learner.close();
        leader.close();
        durable.close();
    }

    private void crashAndRestart() throws IOException {
        learner.close();
        sink = sink.crashed();
        learner = startLearner();
    }

    private void join(long regionId, long peerId) {
        leader.addLearner(regionId, learner.storeId(), peerId);
    }

    private void awaitRow(String key, String value) {
        await("row " + key, () -> value.equals(sink.rows().get(key)));
    }

    private LearnerStatus.Region region(long id) {
        return learner.status().regions().stream()
                .filter(region -> region.regionId() == id)
                .findFirst()
                .orElseThrow();
    }

    private Optional<Phase> phase(long id) {
        return learner.status().regions().stream()
                .filter(region -> region.regionId() == id)
                .map(LearnerStatus.Region::phase)
                .findFirst();
    }

    private void awaitPhase(long id, Phase phase) {
        await("region " + id + " is " + phase, () -> phase(id).equals(Optional.of(phase)));
    }

    private ReadOutcome read(String start, String end, long ts, Long... bypass) throws Exception {
        return learner.readGate()
                .prepareRead(range(start, end), new Timestamp(ts), Set.of(bypass), LONG)
                .get(60, TimeUnit.SECONDS);
    }

    private static KeyRange range(String start, String end) {
        return new KeyRange(
                Key.of(start.getBytes(StandardCharsets.UTF_8)),
                Key.of(end.getBytes(StandardCharsets.UTF_8)));
    }

    // ---- joining, following ----

    @Test
    void theStoreRegistersWithTheVersionOfTikvAndHeartbeats() {
        var store = pd.store(learner.storeId()).orElseThrow();
        assertThat(store.getVersion()).isEqualTo("8.5.0");
        assertThat(store.getPeerAddress()).isEqualTo(learner.address());
        assertThat(store.getLabelsList())
                .anyMatch(l -> l.getKey().equals("engine") && l.getValue().equals("tiflash"));
        await("heartbeats", () -> pd.heartbeats.get() > 2);
    }

    @Test
    void aNewLearnerGetsASnapshotAndThenFollowsTheLog() {
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        leader.put(REGION, Cf.DEFAULT, "d1", "long");
        leader.put(REGION, Cf.LOCK, "l1", "50");
        leader.compact(REGION);
        join(REGION, 72);
        awaitRow("k1", "v1");
        awaitPhase(REGION, Phase.NORMAL);
        leader.put(REGION, Cf.WRITE, "k2", "v2");
        awaitRow("k2", "v2");
        assertThat(phase(REGION)).contains(Phase.NORMAL);
        assertThat(learner.status().snapshotsReceived()).isEqualTo(1);
    }

    @Test
    void aCommandOfAnOlderEpochOnlyAdvancesTheIndex() {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        var stale =
                FakeLeader.put(Cf.WRITE, "stale", "x")
                        .setHeader(
                                io.garrick.proto.raftcmd.RaftRequestHeader.newBuilder()
                                        .setRegionId(REGION)
                                        .setRegionEpoch(
                                                RegionEpoch.newBuilder()
                                                        .setConfVer(2)
                                                        .setVersion(0)));
        leader.proposeRaw(REGION, stale.build().toByteString());
        leader.put(REGION, Cf.WRITE, "after", "y");
        awaitRow("after", "y");
        assertThat(sink.rows()).doesNotContainKey("stale");
    }

    // ---- split ----

    @Test
    void aSplitMakesTwoRegionsThatBothFollow() throws Exception {
        leader.put(REGION, Cf.WRITE, "a", "1");
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        leader.split(REGION, "m", 8);
        awaitPhase(8, Phase.NORMAL);
        leader.awaitLeader(8);
        leader.put(8, Cf.WRITE, "b", "2");
        leader.put(REGION, Cf.WRITE, "x", "3");
        awaitRow("b", "2");
        awaitRow("x", "3");
        assertThat(region(8).range()).isEqualTo(range("", "m"));
        assertThat(region(REGION).range()).isEqualTo(range("m", ""));
        assertThat(read("a", "z", 100)).isInstanceOf(ReadOutcome.Ready.class);
    }

    // ---- merge ----

    private void twoRegions() {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        leader.split(REGION, "m", 8);
        awaitPhase(8, Phase.NORMAL);
        leader.awaitLeader(8);
        leader.put(8, Cf.WRITE, "b", "2");
        leader.put(REGION, Cf.WRITE, "x", "3");
        awaitRow("b", "2");
        awaitRow("x", "3");
    }

    private void assertMerged() {
        await("region 8 is gone", () -> phase(8).isEmpty());
        awaitPhase(REGION, Phase.NORMAL);
        assertThat(region(REGION).range()).isEqualTo(KeyRange.ALL);
        assertThat(sink.rows()).containsEntry("b", "2").containsEntry("x", "3");
        leader.put(REGION, Cf.WRITE, "c", "4");
        awaitRow("c", "4");
        assertThat(sink.callLog()).doesNotContain("remove 8");
    }

    @Test
    void aMergeJoinsTwoRegionsAndKeepsTheirData() throws Exception {
        twoRegions();
        leader.merge(8, REGION);
        assertMerged();
        assertThat(read("a", "z", 100)).isInstanceOf(ReadOutcome.Ready.class);
    }

    @Test
    void aSourceThatLagsIsBroughtToItsEndByTheTargetsCommand() {
        twoRegions();
        leader.mute(8);
        leader.put(8, Cf.WRITE, "late", "5");
        leader.awaitCommitted(8);
        leader.merge(8, REGION);
        assertMerged();
        awaitRow("late", "5");
    }

    @Test
    void aMergeThatTheSinkHasLostIsReplayed() throws Exception {
        twoRegions();
        leader.merge(8, REGION);
        assertMerged();
        crashAndRestart();
        awaitRow("b", "2");
        awaitRow("c", "4");
        assertMerged();
    }

    @Test
    void aMergeThatTheSinkHasKeptIsNotReplayed() throws Exception {
        twoRegions();
        leader.merge(8, REGION);
        assertMerged();
        sink.checkpoint();
        crashAndRestart();
        assertMerged();
        assertThat(learner.status().snapshotsReceived()).isZero();
    }

    @Test
    void aMergeRolledBackLetsReadsGoOn() throws Exception {
        twoRegions();
        leader.rollbackMerge(8);
        leader.put(8, Cf.WRITE, "d", "5");
        awaitRow("d", "5");
        assertThat(read("a", "b", 100)).isInstanceOf(ReadOutcome.Ready.class);
    }

    // ---- restart ----

    @Test
    void aRestartReplaysWhatTheSinkHasLost() throws Exception {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        awaitRow("k1", "v1");
        crashAndRestart();
        awaitRow("k1", "v1");
        leader.put(REGION, Cf.WRITE, "k2", "v2");
        awaitRow("k2", "v2");
        assertThat(learner.status().snapshotsReceived()).isZero();
        assertThat(read("", "", 100)).isInstanceOf(ReadOutcome.Ready.class);
    }

    @Test
    void aSplitThatTheSinkHasLostIsReplayedAndItsChildGoesOn() {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        leader.split(REGION, "m", 8);
        awaitPhase(8, Phase.NORMAL);
        leader.awaitLeader(8);
        leader.put(8, Cf.WRITE, "b", "2");
        awaitRow("b", "2");
        assertThatCode(this::crashAndRestart);
        awaitRow("b", "2");
        awaitPhase(8, Phase.NORMAL);
        leader.put(8, Cf.WRITE, "c", "3");
        awaitRow("c", "3");
        assertThat(learner.status().snapshotsReceived()).isZero();
    }

    private static void assertThatCode(org.assertj.core.api.ThrowableAssert.ThrowingCallable code) {
        org.assertj.core.api.Assertions.assertThatCode(code).doesNotThrowAnyException();
    }

    @Test
    void aSinkThatLostEverythingGetsSnapshotsAgain() throws Exception {
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        join(REGION, 72);
        awaitRow("k1", "v1");
        learner.close();
        sink = new MemorySink();
        learner = startLearner();
        awaitRow("k1", "v1");
        awaitPhase(REGION, Phase.NORMAL);
        assertThat(learner.status().snapshotsReceived()).isEqualTo(1);
        leader.put(REGION, Cf.WRITE, "k2", "v2");
        awaitRow("k2", "v2");
    }

    @Test
    void aDataDirectoryOfAnotherClusterIsRefused() {
        learner.close();
        pd.clusterId = 78;
        assertThatThrownBy(this::startLearner)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("belongs to cluster 77");
        pd.clusterId = 77;
    }

    // ---- the end of a peer ----

    @Test
    void aRemovedLearnerDestroysItsDataAndMayComeBackUnderANewId() {
        leader.put(REGION, Cf.WRITE, "k1", "v1");
        join(REGION, 72);
        awaitRow("k1", "v1");
        leader.removeLearner(REGION, learner.storeId(), 72);
        await("data gone", () -> sink.rows().isEmpty());
        await("peer gone", () -> phase(REGION).isEmpty());
        leader.compact(REGION);
        join(REGION, 73);
        awaitRow("k1", "v1");
        assertThat(region(REGION).peerId()).isEqualTo(73);
    }

    @Test
    void aLateHeartbeatDoesNotBringARemovedPeerBack() {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        leader.removeLearner(REGION, learner.storeId(), 72);
        await("peer gone", () -> phase(REGION).isEmpty());
        long refused = learner.status().messagesRefused();
        leader.sendRaw(
                RaftMessage.newBuilder()
                        .setRegionId(REGION)
                        .setFromPeer(Peer.newBuilder().setId(71).setStoreId(1))
                        .setToPeer(Peer.newBuilder().setId(72).setStoreId(learner.storeId()))
                        .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(2).setVersion(1))
                        .setMessage(
                                Message.newBuilder()
                                        .setMsgType(MessageType.MsgHeartbeat)
                                        .setTerm(6)
                                        .setFrom(71)
                                        .setTo(72))
                        .build());
        await("refused", () -> learner.status().messagesRefused() > refused);
        assertThat(phase(REGION)).isEmpty();
    }

    // ---- trouble stays in one region ----

    @Test
    void aRegionThatCannotApplyIsHealedByASnapshotWhileOthersGoOn() {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        leader.split(REGION, "m", 8);
        awaitPhase(8, Phase.NORMAL);
        leader.awaitLeader(8);
        long bad = leader.lastIndex(REGION) + 1;
        sink.failAtIndex = Optional.of(bad);
        leader.put(REGION, Cf.WRITE, "x", "1");
        leader.put(8, Cf.WRITE, "b", "2");
        awaitRow("b", "2");
        await("snapshot", () -> learner.status().snapshotsReceived() > 0);
        awaitPhase(REGION, Phase.NORMAL);
        awaitRow("x", "1");
        sink.failAtIndex = Optional.empty();
        leader.put(REGION, Cf.WRITE, "y", "2");
        awaitRow("y", "2");
    }

    @Test
    void anUndecodableCommandQuarantinesItsRegionUntilASnapshotComes() {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        long before = learner.status().snapshotsReceived();
        leader.proposeRaw(REGION, ByteString.copyFromUtf8("\u0000garbage"));
        await("healed", () -> learner.status().snapshotsReceived() > before);
        leader.put(REGION, Cf.WRITE, "k", "v");
        awaitRow("k", "v");
    }

    // ---- reads ----

    @Test
    void aReadSeesWhatWasCommittedBeforeItBegan() throws Exception {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        for (int i = 0; i < 50; i++) {
            leader.put(REGION, Cf.WRITE, "k" + i, "v");
            leader.awaitCommitted(REGION);
            ReadOutcome outcome = read("", "", 100);
            assertThat(outcome).isInstanceOf(ReadOutcome.Ready.class);
            assertThat(sink.rows()).containsKey("k" + i);
            assertThat(learner.readGate().stillValid(((ReadOutcome.Ready) outcome).regions()))
                    .isTrue();
        }
    }

    @Test
    void aReadOfARangeThatIsNotHereSaysSo() throws Exception {
        assertThat(read("a", "b", 100))
                .isEqualTo(new ReadOutcome.NotReady("no local region for key 61"));
    }

    @Test
    void aLocalLockBlocksAReadUnlessBypassed() throws Exception {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        leader.put(REGION, Cf.LOCK, "k", "50");
        leader.awaitCommitted(REGION);
        assertThat(read("", "", 49)).isInstanceOf(ReadOutcome.Ready.class);
        assertThat(read("", "", 51))
                .isInstanceOfSatisfying(
                        ReadOutcome.Locked.class,
                        locked ->
                                assertThat(locked.locks().getFirst().getLockVersion())
                                        .isEqualTo(50));
        assertThat(read("", "", 51, 50L)).isInstanceOf(ReadOutcome.Ready.class);
        assertThat(read("l", "", 51)).isInstanceOf(ReadOutcome.Ready.class);
    }

    @Test
    void aLockInTheLeadersMemoryBlocksARead() throws Exception {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        ByteArrayOutputStream field = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(field);
        out.write((byte) 'l');
        out.writeByteArrayNoTag(LockInfo.newBuilder().setLockVersion(60).build().toByteArray());
        out.flush();
        leader.lockedAnswer = Optional.of(ByteString.copyFrom(field.toByteArray()));
        assertThat(read("", "", 61)).isInstanceOf(ReadOutcome.Locked.class);
        leader.lockedAnswer = Optional.empty();
        assertThat(read("", "", 61)).isInstanceOf(ReadOutcome.Ready.class);
    }

    @Test
    void aSplitEndsTheLeasesGivenBefore() throws Exception {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        ReadOutcome.Ready before = (ReadOutcome.Ready) read("", "", 100);
        leader.split(REGION, "m", 8);
        awaitPhase(8, Phase.NORMAL);
        await("the leases end", () -> !learner.readGate().stillValid(before.regions()));
        ReadOutcome.Ready after = (ReadOutcome.Ready) read("", "", 100);
        assertThat(after.regions())
                .extracting(RegionLease::regionId)
                .isEqualTo(List.of(8L, REGION));
    }

    @Test
    void aReadGivesUpWhenItsTimeIsOver() throws Exception {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        // An unknown field ends the context: an answer for nobody.
        leader.lockedAnswer = Optional.of(ByteString.EMPTY);
        leader.close();
        ReadOutcome outcome =
                learner.readGate()
                        .prepareRead(
                                KeyRange.ALL, new Timestamp(100), Set.of(), Duration.ofMillis(200))
                        .get(60, TimeUnit.SECONDS);
        assertThat(outcome).isInstanceOf(ReadOutcome.NotReady.class);
    }

    // ---- raft log ----

    @Test
    void theLogIsTruncatedOnlyUpToWhatTheSinkKeeps() throws Exception {
        join(REGION, 72);
        awaitPhase(REGION, Phase.NORMAL);
        for (int i = 0; i < 200; i++) {
            leader.put(REGION, Cf.WRITE, "k" + i, "v");
        }
        awaitRow("k199", "v");
        sink.checkpoint();
        await("truncated", () -> logEntries() < 100);
        crashAndRestart();
        assertThat(sink.rows()).hasSize(200);
        leader.put(REGION, Cf.WRITE, "more", "v");
        awaitRow("more", "v");
    }

    private int logEntries() {
        int count = 0;
        try (OrderedStore.Cursor cursor = durable.scan("raft", KeyRange.ALL)) {
            while (cursor.next()) {
                count++;
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return count;
    }

    @Test
    void removalByPdStopsTheStore() throws Exception {
        pd.tombstone = true;
        assertThat(learner.stopped().get(60, TimeUnit.SECONDS))
                .isInstanceOf(StoreTombstoneException.class);
    }
}
