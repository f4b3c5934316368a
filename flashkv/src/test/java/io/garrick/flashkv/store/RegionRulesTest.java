package io.garrick.flashkv.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChangeType;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftcmd.AdminCmdType;
import io.garrick.proto.raftcmd.AdminRequest;
import io.garrick.proto.raftcmd.BatchSplitRequest;
import io.garrick.proto.raftcmd.ChangePeerRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftcmd.RaftRequestHeader;
import io.garrick.proto.raftcmd.ReadIndexRequest;
import io.garrick.proto.raftcmd.SplitRequest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The rules every replica must follow alike (attach-protocol 4.3, 4.4, 6.2). */
final class RegionRulesTest {
    private static Peer peer(long id, long store, PeerRole role) {
        return Peer.newBuilder().setId(id).setStoreId(store).setRole(role).build();
    }

    private static Region region(Peer... peers) {
        return Region.newBuilder()
                .setId(2)
                .setStartKey(ByteString.copyFromUtf8("b"))
                .setEndKey(ByteString.copyFromUtf8("y"))
                .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(3).setVersion(7))
                .addAllPeers(List.of(peers))
                .build();
    }

    private static BatchSplitRequest split(boolean rightDerive, String... keys) {
        BatchSplitRequest.Builder request =
                BatchSplitRequest.newBuilder().setRightDerive(rightDerive);
        long id = 100;
        for (String key : keys) {
            request.addRequests(
                    SplitRequest.newBuilder()
                            .setSplitKey(ByteString.copyFromUtf8(key))
                            .setNewRegionId(id)
                            .addNewPeerIds(id + 1)
                            .addNewPeerIds(id + 2));
            id += 10;
        }
        return request.build();
    }

    private static String describe(Splits.Outcome outcome) {
        return outcome.ordered().stream()
                .map(part ->
                        "%d[%s,%s)v%d%s"
                                .formatted(
                                        part.getId(),
                                        part.getStartKey().toStringUtf8(),
                                        part.getEndKey().toStringUtf8(),
                                        part.getRegionEpoch().getVersion(),
                                        part.getPeersList().stream()
                                                .map(peer -> peer.getId())
                                                .toList()))
                .collect(Collectors.joining(" "));
    }

    @Test
    void theOldRegionKeepsTheRightEndOrTheLeft() throws Exception {
        Region region = region(peer(3, 1, PeerRole.Voter), peer(4, 5, PeerRole.Learner));
        assertThat(describe(Splits.apply(region, split(true, "f", "p"))))
                .isEqualTo("100[b,f)v9[101, 102] 110[f,p)v9[111, 112] 2[p,y)v9[3, 4]");
        Splits.Outcome left = Splits.apply(region, split(false, "f", "p"));
        assertThat(describe(left))
                .isEqualTo("2[b,f)v9[3, 4] 100[f,p)v9[101, 102] 110[p,y)v9[111, 112]");
        assertThat(left.created().getFirst().getPeers(1)).isEqualTo(peer(102, 5, PeerRole.Learner));
    }

    @Test
    void splitKeysMustRiseWithinTheRegion() {
        Region region = region(peer(3, 1, PeerRole.Voter), peer(4, 5, PeerRole.Learner));
        for (String[] keys : new String[][] {{"b"}, {"y"}, {"p", "f"}, {"f", "f"}, {}}) {
            assertThatThrownBy(() -> Splits.apply(region, split(true, keys)))
                    .isInstanceOf(Membership.RefusedException.class);
        }
    }

    private static ChangePeerRequest change(ConfChangeType type, Peer peer) {
        return ChangePeerRequest.newBuilder().setChangeType(type).setPeer(peer).build();
    }

    @Test
    void aLearnerIsAddedPromotedAndRemovedOneStepEach() throws Exception {
        Region region = region(peer(3, 1, PeerRole.Voter));
        Peer newcomer = peer(9, 5, PeerRole.Learner);
        Region added =
                Membership.apply(region, List.of(change(ConfChangeType.AddLearnerNode, newcomer)));
        assertThat(added.getPeers(1)).isEqualTo(newcomer);
        assertThat(added.getRegionEpoch().getConfVer()).isEqualTo(4);
        Region promoted =
                Membership.apply(added, List.of(change(ConfChangeType.AddNode, newcomer)));
        assertThat(promoted.getPeers(1).getRole()).isEqualTo(PeerRole.Voter);
        Region removed =
                Membership.apply(promoted, List.of(change(ConfChangeType.RemoveNode, newcomer)));
        assertThat(removed.getPeersList()).containsExactly(peer(3, 1, PeerRole.Voter));
        assertThat(removed.getRegionEpoch().getConfVer()).isEqualTo(6);
    }

    @Test
    void severalChangesGoThroughAJointConfiguration() throws Exception {
        Region region = region(peer(3, 1, PeerRole.Voter), peer(4, 5, PeerRole.Learner));
        Region joint =
                Membership.apply(
                        region,
                        List.of(
                                change(ConfChangeType.AddNode, peer(4, 5, PeerRole.Learner)),
                                change(ConfChangeType.AddLearnerNode, peer(3, 1, PeerRole.Voter))));
        assertThat(Membership.confState(joint))
                .isEqualTo(
                        ConfState.newBuilder()
                                .addVoters(4)
                                .addVotersOutgoing(3)
                                .addLearnersNext(3)
                                .build());
        Region left = Membership.apply(joint, List.of());
        assertThat(left.getPeersList())
                .containsExactly(peer(3, 1, PeerRole.Learner), peer(4, 5, PeerRole.Voter));
        assertThat(left.getRegionEpoch().getConfVer()).isEqualTo(7);
    }

    @Test
    void aChangeThatDoesNotFitIsRefused() {
        Region region = region(peer(3, 1, PeerRole.Voter), peer(4, 5, PeerRole.Learner));
        List<ChangePeerRequest> misfits =
                List.of(
                        change(ConfChangeType.AddNode, peer(8, 1, PeerRole.Voter)),
                        change(ConfChangeType.AddNode, peer(3, 1, PeerRole.Voter)),
                        change(ConfChangeType.AddLearnerNode, peer(4, 5, PeerRole.Learner)),
                        change(ConfChangeType.RemoveNode, peer(7, 6, PeerRole.Voter)));
        for (ChangePeerRequest misfit : misfits) {
            assertThatThrownBy(() -> Membership.apply(region, List.of(misfit)))
                    .isInstanceOf(Membership.RefusedException.class);
        }
        assertThatThrownBy(() -> Membership.apply(region, List.of()))
                .isInstanceOf(Membership.RefusedException.class);
    }

    private static boolean matches(long version, long confVer, AdminCmdType admin) {
        RaftCmdRequest.Builder command =
                RaftCmdRequest.newBuilder()
                        .setHeader(
                                RaftRequestHeader.newBuilder()
                                        .setRegionEpoch(
                                                RegionEpoch.newBuilder()
                                                        .setVersion(version)
                                                        .setConfVer(confVer)));
        if (admin != AdminCmdType.InvalidAdmin) {
            command.setAdminRequest(AdminRequest.newBuilder().setCmdType(admin));
        }
        return Epochs.matches(command.build(), region());
    }

    @Test
    void eachCommandChecksItsPartOfTheEpoch() {
        AdminCmdType write = AdminCmdType.InvalidAdmin;
        assertThat(matches(7, 99, write)).isTrue();
        assertThat(matches(8, 3, write)).isFalse();
        assertThat(matches(6, 3, write)).isFalse();
        assertThat(matches(99, 3, AdminCmdType.ChangePeerV2)).isTrue();
        assertThat(matches(7, 4, AdminCmdType.ChangePeer)).isFalse();
        assertThat(matches(7, 4, AdminCmdType.BatchSplit)).isFalse();
        assertThat(matches(7, 3, AdminCmdType.BatchSplit)).isTrue();
        assertThat(matches(99, 99, AdminCmdType.CompactLog)).isTrue();
    }

    @Test
    void aReadIndexContextIsWrittenAsTikvReadsIt() {
        ByteString uuid = ByteString.copyFromUtf8("0123456789abcdef");
        ReadIndexContext asked =
                new ReadIndexContext(
                        uuid, ReadIndexRequest.newBuilder().setStartTs(5).build(), null, 0);
        assertThat(HexFormat.of().formatHex(asked.encode().substring(16).toByteArray()))
                .isEqualTo("72" + "02" + "0805");
        ReadIndexContext answered = new ReadIndexContext(uuid, null, null, 258);
        assertThat(HexFormat.of().formatHex(answered.encode().substring(16).toByteArray()))
                .isEqualTo("6d" + "0000000000000008" + "0201000000000000");
        assertThat(ReadIndexContext.parse(asked.encode())).isEqualTo(asked);
        assertThat(ReadIndexContext.parse(answered.encode())).isEqualTo(answered);
        assertThat(ReadIndexContext.parse(ByteString.copyFromUtf8("short"))).isNull();
    }
}
