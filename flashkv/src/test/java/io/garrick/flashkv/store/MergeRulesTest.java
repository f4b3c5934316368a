package io.garrick.flashkv.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftcmd.AdminCmdType;
import io.garrick.proto.raftcmd.AdminRequest;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftcmd.CompactLogRequest;
import io.garrick.proto.raftcmd.PrepareMergeRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RegionLocalState;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What every replica makes of a merge alike (attach-protocol 4.3, 4.4). */
final class MergeRulesTest {
    private static Region region(long id, String start, String end, long version, int... stores) {
        Region.Builder region =
                Region.newBuilder()
                        .setId(id)
                        .setStartKey(ByteString.copyFromUtf8(start))
                        .setEndKey(ByteString.copyFromUtf8(end))
                        .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(3).setVersion(version));
        for (int store : stores) {
            region.addPeers(Peer.newBuilder().setId(id * 10 + store).setStoreId(store));
        }
        return region.build();
    }

    private static String describe(Region region) {
        return "%d[%s,%s)c%dv%d"
                .formatted(
                        region.getId(),
                        region.getStartKey().toStringUtf8(),
                        region.getEndKey().toStringUtf8(),
                        region.getRegionEpoch().getConfVer(),
                        region.getRegionEpoch().getVersion());
    }

    private static RegionLocalState prepared(Region source, Region target) throws Exception {
        return Merges.prepare(
                RegionLocalState.newBuilder().setRegion(source).build(),
                PrepareMergeRequest.newBuilder().setMinIndex(7).setTarget(target).build(),
                9);
    }

    @Test
    void aSourceChangesBothPartsOfItsEpochAndRemembersItsTarget() throws Exception {
        Region target = region(3, "m", "", 4, 1, 2, 3);
        RegionLocalState state = prepared(region(2, "", "m", 6, 1, 2, 3), target);
        assertThat(state.getState()).isEqualTo(PeerState.Merging);
        assertThat(describe(state.getRegion())).isEqualTo("2[,m)c4v7");
        assertThat(state.getMergeState().getCommit()).isEqualTo(9);
        assertThat(state.getMergeState().getTarget()).isEqualTo(target);
        assertThatThrownBy(
                        () -> Merges.prepare(state, PrepareMergeRequest.getDefaultInstance(), 11))
                .isInstanceOf(Membership.RefusedException.class);
    }

    @Test
    void aTargetTakesTheRangeOfEitherNeighbourAndIsNewerThanBoth() throws Exception {
        Region left = region(2, "", "m", 6, 1, 2, 3);
        Region right = region(3, "m", "", 4, 1, 2, 3);
        assertThat(describe(commit(right, left))).isEqualTo("3[,)c3v7");
        assertThat(describe(commit(left, right))).isEqualTo("2[,)c3v7");
        Region far = region(4, "x", "z", 9, 1, 2, 3);
        assertThatThrownBy(() -> commit(left, far)).isInstanceOf(Membership.RefusedException.class);
        // Both ends of the key space are empty, and yet they do not meet.
        assertThatThrownBy(() ->
                        commit(region(2, "", "b", 1, 1, 2, 3), region(3, "y", "", 1, 1, 2, 3)))
                .isInstanceOf(Membership.RefusedException.class);
    }

    private static Region commit(Region target, Region source) throws Exception {
        return Merges.commit(target, CommitMergeRequest.newBuilder().setSource(source).build());
    }

    @Test
    void onlyThePreparedMergeIsTakenBack() throws Exception {
        RegionLocalState state =
                prepared(region(2, "", "m", 6, 1, 2, 3), region(3, "m", "", 4, 1, 2, 3));
        assertThatThrownBy(() -> Merges.rollback(state, 8))
                .isInstanceOf(Membership.RefusedException.class);
        RegionLocalState back = Merges.rollback(state, 9);
        assertThat(back.getState()).isEqualTo(PeerState.Normal);
        assertThat(back.hasMergeState()).isFalse();
        assertThat(describe(back.getRegion())).isEqualTo("2[,m)c4v8");
        assertThatThrownBy(() -> Merges.rollback(back, 9))
                .isInstanceOf(Membership.RefusedException.class);
    }

    @Test
    void onlyNeighboursOnTheSameStoresInTheSameRolesMerge() {
        Region left = region(2, "", "m", 6, 1, 2, 3);
        assertThat(Merges.obstacle(left, region(3, "m", "", 4, 3, 2, 1))).isEmpty();
        assertThat(Merges.obstacle(left, region(3, "m", "", 4, 1, 2, 4)).orElse(""))
                .contains("different stores");
        assertThat(Merges.obstacle(left, region(3, "m", "", 4, 1, 2)).orElse(""))
                .contains("different stores");
        Region learner = region(3, "m", "", 4, 1, 2, 3);
        learner =
                learner.toBuilder()
                        .setPeers(0, learner.getPeers(0).toBuilder().setRole(PeerRole.Learner))
                        .build();
        assertThat(Merges.obstacle(left, learner).orElse("")).contains("different stores");
        assertThat(Merges.obstacle(left, region(3, "n", "", 4, 1, 2, 3)).orElse(""))
                .contains("not neighbours");
    }

    private static Entry entry(long index, AdminRequest admin) {
        return Entry.newBuilder()
                .setIndex(index)
                .setData(RaftCmdRequest.newBuilder().setAdminRequest(admin).build().toByteString())
                .build();
    }

    @Test
    void aGapWithAChangeOfMembersRangeOrTooShortALogIsNotPlain() throws Exception {
        AdminRequest.Builder admin = AdminRequest.newBuilder();
        Entry early =
                entry(
                        8,
                        admin.setCmdType(AdminCmdType.CompactLog)
                                .setCompactLog(CompactLogRequest.newBuilder().setCompactIndex(6))
                                .build());
        Entry late =
                entry(
                        8,
                        admin.setCompactLog(CompactLogRequest.newBuilder().setCompactIndex(7))
                                .build());
        Entry split = entry(8, admin.setCmdType(AdminCmdType.BatchSplit).build());
        Entry change =
                Entry.newBuilder().setIndex(8).setEntryType(EntryType.EntryConfChangeV2).build();
        Entry data =
                Entry.newBuilder()
                        .setIndex(7)
                        .setData(RaftCmdRequest.newBuilder().build().toByteString())
                        .build();
        assertThat(Merges.isPlain(List.of(), 7)).isTrue();
        assertThat(Merges.isPlain(List.of(data, early), 7)).isTrue();
        assertThat(Merges.isPlain(List.of(data, late), 7)).isFalse();
        assertThat(Merges.isPlain(List.of(data, split), 7)).isFalse();
        assertThat(Merges.isPlain(List.of(data, change), 7)).isFalse();
    }

    @Test
    void aRollbackNeedsAQuorumOfVoters() {
        Region region = region(2, "", "m", 6, 1, 2, 3);
        assertThat(Membership.isQuorum(region, Set.of(21L))).isFalse();
        assertThat(Membership.isQuorum(region, Set.of(21L, 99L))).isFalse();
        assertThat(Membership.isQuorum(region, Set.of(21L, 23L))).isTrue();
    }
}
