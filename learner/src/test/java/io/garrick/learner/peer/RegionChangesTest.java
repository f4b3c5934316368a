package io.garrick.learner.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChangeType;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftcmd.BatchSplitRequest;
import io.garrick.proto.raftcmd.ChangePeerRequest;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftcmd.PrepareMergeRequest;
import io.garrick.proto.raftcmd.SplitRequest;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RegionLocalState;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RegionChangesTest {
    private static final Region REGION =
            Region.newBuilder()
                    .setId(7)
                    .setStartKey(bytes("b"))
                    .setEndKey(bytes("y"))
                    .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(3).setVersion(5))
                    .addPeers(peer(11, 1, PeerRole.Voter))
                    .addPeers(peer(12, 2, PeerRole.Voter))
                    .addPeers(peer(92, 9, PeerRole.Learner))
                    .build();

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    private static Peer peer(long id, long store, PeerRole role) {
        return Peer.newBuilder().setId(id).setStoreId(store).setRole(role).build();
    }

    private static ChangePeerRequest change(ConfChangeType type, Peer peer) {
        return ChangePeerRequest.newBuilder().setChangeType(type).setPeer(peer).build();
    }

    // ---- membership ----

    @Test
    void oneChangeIsSimple() throws Exception {
        Region added =
                RegionChanges.changePeers(
                        REGION,
                        List.of(
                                change(
                                        ConfChangeType.AddLearnerNode,
                                        peer(13, 3, PeerRole.Learner))));
        assertThat(added.getPeers(3)).isEqualTo(peer(13, 3, PeerRole.Learner));
        assertThat(added.getRegionEpoch().getConfVer()).isEqualTo(4);
        assertThat(added.getRegionEpoch().getVersion()).isEqualTo(5);
    }

    @Test
    void severalChangesEnterAJointConfigurationAndNoneLeavesIt() throws Exception {
        Region joint =
                RegionChanges.changePeers(
                        REGION,
                        List.of(
                                change(ConfChangeType.AddNode, peer(92, 9, PeerRole.Learner)),
                                change(
                                        ConfChangeType.AddLearnerNode,
                                        peer(12, 2, PeerRole.Voter))));
        assertThat(joint.getPeersList())
                .extracting(Peer::getRole)
                .containsExactly(PeerRole.Voter, PeerRole.DemotingVoter, PeerRole.IncomingVoter);
        assertThat(joint.getRegionEpoch().getConfVer()).isEqualTo(5);
        assertThat(Regions.confState(joint))
                .isEqualTo(
                        ConfState.newBuilder()
                                .addVoters(11)
                                .addVotersOutgoing(11)
                                .addVotersOutgoing(12)
                                .addLearnersNext(12)
                                .addVoters(92)
                                .build());
        Region left = RegionChanges.changePeers(joint, List.of());
        assertThat(left.getPeersList())
                .extracting(Peer::getRole)
                .containsExactly(PeerRole.Voter, PeerRole.Learner, PeerRole.Voter);
        assertThat(left.getRegionEpoch().getConfVer()).isEqualTo(7);
        assertThat(Regions.confState(left).getVotersOutgoingList()).isEmpty();
    }

    @Test
    void refusedChangesLeaveTheRegionAsItWas() {
        refused("exists", change(ConfChangeType.AddNode, peer(11, 1, PeerRole.Voter)));
        refused("exists", change(ConfChangeType.AddNode, peer(99, 9, PeerRole.Voter)));
        refused("no such", change(ConfChangeType.RemoveNode, peer(93, 9, PeerRole.Learner)));
        refused("no such", change(ConfChangeType.RemoveNode, peer(92, 9, PeerRole.Voter)));
        refused("no such", change(ConfChangeType.RemoveNode, peer(99, 4, PeerRole.Voter)));
    }

    @Test
    void aJointChangeCannotRemoveAVoter() {
        assertThatThrownBy(() ->
                        RegionChanges.changePeers(
                                REGION,
                                List.of(
                                        change(
                                                ConfChangeType.RemoveNode,
                                                peer(11, 1, PeerRole.Voter)),
                                        change(
                                                ConfChangeType.AddNode,
                                                peer(92, 9, PeerRole.Learner)))))
                .isInstanceOf(RefusedCommandException.class);
    }

    private static void refused(String reason, ChangePeerRequest change) {
        assertThatThrownBy(() -> RegionChanges.changePeers(REGION, List.of(change)))
                .isInstanceOf(RefusedCommandException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void fieldsFromTheFutureSurviveAChange() throws Exception {
        Region withUnknown =
                Region.parseFrom(
                        REGION.toByteString().concat(ByteString.copyFrom(new byte[] {0x78, 0x2a})));
        Region after =
                RegionChanges.changePeers(
                        withUnknown,
                        List.of(change(ConfChangeType.RemoveNode, peer(92, 9, PeerRole.Learner))));
        assertThat(after.getUnknownFields().getField(15).getVarintList()).containsExactly(42L);
    }

    // ---- split ----

    private static BatchSplitRequest split(boolean rightDerive, String... keys) {
        BatchSplitRequest.Builder request =
                BatchSplitRequest.newBuilder().setRightDerive(rightDerive);
        for (int i = 0; i < keys.length; i++) {
            request.addRequests(
                    SplitRequest.newBuilder()
                            .setSplitKey(bytes(keys[i]))
                            .setNewRegionId(100 + i)
                            .addNewPeerIds(1001 + 10 * i)
                            .addNewPeerIds(1002 + 10 * i)
                            .addNewPeerIds(1003 + 10 * i));
        }
        return request.build();
    }

    private static String shape(Region region) {
        return region.getId()
                + "["
                + region.getStartKey().toStringUtf8()
                + ","
                + region.getEndKey().toStringUtf8()
                + ")@"
                + region.getRegionEpoch().getConfVer()
                + "."
                + region.getRegionEpoch().getVersion();
    }

    @Test
    void theOldRegionKeepsTheRightOrTheLeftEnd() throws Exception {
        RegionChanges.Split right = RegionChanges.split(REGION, split(true, "f", "m"));
        assertThat(shape(right.derived())).isEqualTo("7[m,y)@3.7");
        assertThat(right.children())
                .extracting(RegionChangesTest::shape)
                .containsExactly("100[b,f)@3.7", "101[f,m)@3.7");
        RegionChanges.Split left = RegionChanges.split(REGION, split(false, "f", "m"));
        assertThat(shape(left.derived())).isEqualTo("7[b,f)@3.7");
        assertThat(left.children())
                .extracting(RegionChangesTest::shape)
                .containsExactly("100[f,m)@3.7", "101[m,y)@3.7");
        assertThat(left.children().getLast().getPeersList())
                .containsExactly(
                        peer(1011, 1, PeerRole.Voter),
                        peer(1012, 2, PeerRole.Voter),
                        peer(1013, 9, PeerRole.Learner));
    }

    @Test
    void badSplitKeysAreRefused() {
        for (BatchSplitRequest bad :
                List.of(
                        split(true),
                        split(true, "b"),
                        split(true, "y"),
                        split(true, "z"),
                        split(true, "m", "m"),
                        split(true, "m", "f"))) {
            assertThatThrownBy(() -> RegionChanges.split(REGION, bad))
                    .isInstanceOf(RefusedCommandException.class);
        }
    }

    // ---- merge ----

    @Test
    void aMergePreparedCanBeRolledBack() {
        RegionLocalState local = RegionLocalState.newBuilder().setRegion(REGION).build();
        RegionLocalState merging =
                RegionChanges.prepareMerge(
                        local,
                        PrepareMergeRequest.newBuilder()
                                .setMinIndex(30)
                                .setTarget(Region.newBuilder().setId(8))
                                .build(),
                        40);
        assertThat(merging.getState()).isEqualTo(PeerState.Merging);
        assertThat(merging.getMergeState().getCommit()).isEqualTo(40);
        assertThat(shape(merging.getRegion())).isEqualTo("7[b,y)@4.6");
        RegionLocalState back = RegionChanges.rollbackMerge(merging, 40);
        assertThat(back.getState()).isEqualTo(PeerState.Normal);
        assertThat(back.hasMergeState()).isFalse();
        assertThat(shape(back.getRegion())).isEqualTo("7[b,y)@4.7");
        assertThatThrownBy(() -> RegionChanges.rollbackMerge(merging, 41))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theTargetGrowsTowardsItsNeighbour() {
        Region.Builder other =
                Region.newBuilder()
                        .setId(8)
                        .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(1).setVersion(9));
        Region right = other.setStartKey(bytes("y")).clearEndKey().build();
        Region left = other.clearStartKey().setEndKey(bytes("b")).build();
        assertThat(shape(merge(right))).isEqualTo("7[b,)@3.10");
        assertThat(shape(merge(left))).isEqualTo("7[,y)@3.10");
        Region apart = other.setStartKey(bytes("z")).clearEndKey().build();
        assertThatThrownBy(() -> merge(apart)).isInstanceOf(IllegalStateException.class);
    }

    private static Region merge(Region source) {
        return RegionChanges.commitMerge(
                REGION, CommitMergeRequest.newBuilder().setSource(source).build());
    }
}
