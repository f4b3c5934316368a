package io.garrick.flashkv.store;

import io.garrick.proto.eraft.ConfChangeSingle;
import io.garrick.proto.eraft.ConfChangeTransition;
import io.garrick.proto.eraft.ConfChangeType;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftcmd.ChangePeerRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a membership change makes of a region. Pure: every replica computes the same.
 *
 * <p>Facts: attach-protocol 3.7 (roles to raft configuration) and 4.4 (ChangePeer).
 */
final class Membership {
    private Membership() {}

    /** A change that does not fit the region; the command then has no effect. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    static ConfState confState(Region region) {
        ConfState.Builder conf = ConfState.newBuilder();
        boolean joint = false;
        for (Peer peer : region.getPeersList()) {
            switch (peer.getRole()) {
                case Voter -> conf.addVoters(peer.getId()).addVotersOutgoing(peer.getId());
                case Learner -> conf.addLearners(peer.getId());
                case IncomingVoter -> {
                    conf.addVoters(peer.getId());
                    joint = true;
                }
                case DemotingVoter -> {
                    conf.addVotersOutgoing(peer.getId()).addLearnersNext(peer.getId());
                    joint = true;
                }
                case UNRECOGNIZED ->
                        throw new IllegalStateException("unknown role of peer " + peer);
            }
        }
        return joint ? conf.build() : conf.clearVotersOutgoing().build();
    }

    static boolean isJoint(Region region) {
        return region.getPeersList().stream()
                .anyMatch(peer ->
                        peer.getRole() == PeerRole.IncomingVoter
                                || peer.getRole() == PeerRole.DemotingVoter);
    }

    /** Whether these peers are a majority of the voters, in both halves of a joint state. */
    static boolean isQuorum(Region region, Set<Long> peerIds) {
        ConfState conf = confState(region);
        return isMajority(conf.getVotersList(), peerIds)
                && (conf.getVotersOutgoingCount() == 0
                        || isMajority(conf.getVotersOutgoingList(), peerIds));
    }

    private static boolean isMajority(List<Long> voters, Set<Long> peerIds) {
        return voters.stream().filter(peerIds::contains).count() > voters.size() / 2;
    }

    static Optional<Peer> peerOn(Region region, long storeId) {
        return region.getPeersList().stream()
                .filter(peer -> peer.getStoreId() == storeId)
                .findFirst();
    }

    static Optional<Peer> peer(Region region, long peerId) {
        return region.getPeersList().stream().filter(peer -> peer.getId() == peerId).findFirst();
    }

    /** The raft side of the same changes; none leaves a joint configuration. */
    static ConfChangeV2.Builder raftChange(List<ChangePeerRequest> changes) {
        ConfChangeV2.Builder change =
                ConfChangeV2.newBuilder()
                        .setTransition(
                                changes.size() > 1
                                        ? ConfChangeTransition.Explicit
                                        : ConfChangeTransition.Auto);
        for (ChangePeerRequest single : changes) {
            change.addChanges(
                    ConfChangeSingle.newBuilder()
                            .setChangeType(single.getChangeType())
                            .setNodeId(single.getPeer().getId()));
        }
        return change;
    }

    /** The region after the changes: none leaves a joint configuration, several enter one. */
    static Region apply(Region region, List<ChangePeerRequest> changes) throws RefusedException {
        return changes.isEmpty() ? leaveJoint(region) : change(region, changes);
    }

    private static Region leaveJoint(Region region) throws RefusedException {
        Region.Builder after = region.toBuilder().clearPeers();
        int count = 0;
        for (Peer peer : region.getPeersList()) {
            PeerRole role =
                    switch (peer.getRole()) {
                        case IncomingVoter -> PeerRole.Voter;
                        case DemotingVoter -> PeerRole.Learner;
                        default -> peer.getRole();
                    };
            if (role != peer.getRole()) {
                count++;
            }
            after.addPeers(peer.toBuilder().setRole(role));
        }
        if (count == 0) {
            throw new RefusedException("not in a joint configuration");
        }
        after.getRegionEpochBuilder().setConfVer(region.getRegionEpoch().getConfVer() + count);
        return after.build();
    }

    private static Region change(Region region, List<ChangePeerRequest> changes)
            throws RefusedException {
        boolean joint = changes.size() > 1;
        if (isJoint(region)) {
            throw new RefusedException("already in a joint configuration");
        }
        List<Peer> peers = new ArrayList<>(region.getPeersList());
        for (ChangePeerRequest request : changes) {
            changeOne(peers, request.getChangeType(), request.getPeer(), joint);
        }
        Region.Builder after = region.toBuilder().clearPeers().addAllPeers(peers);
        after.getRegionEpochBuilder()
                .setConfVer(region.getRegionEpoch().getConfVer() + changes.size());
        return after.build();
    }

    private static void changeOne(List<Peer> peers, ConfChangeType type, Peer asked, boolean joint)
            throws RefusedException {
        Peer existing = null;
        int position = -1;
        for (int i = 0; i < peers.size(); i++) {
            if (peers.get(i).getStoreId() == asked.getStoreId()) {
                existing = peers.get(i);
                position = i;
            }
        }
        PeerRole target = targetRole(existing, type, asked, joint);
        if (existing == null) {
            peers.add(asked.toBuilder().setRole(target).build());
        } else if (type == ConfChangeType.RemoveNode) {
            peers.remove(position);
        } else {
            peers.set(position, existing.toBuilder().setRole(target).build());
        }
    }

    private static PeerRole targetRole(
            @Nullable Peer existing, ConfChangeType type, Peer asked, boolean joint)
            throws RefusedException {
        if (existing == null) {
            return switch (type) {
                case AddNode -> joint ? PeerRole.IncomingVoter : PeerRole.Voter;
                case AddLearnerNode -> PeerRole.Learner;
                default -> throw new RefusedException("no peer on store " + asked.getStoreId());
            };
        }
        if (existing.getId() != asked.getId()) {
            throw new RefusedException(
                    "store %d has peer %d, not %d"
                            .formatted(asked.getStoreId(), existing.getId(), asked.getId()));
        }
        PeerRole role = existing.getRole();
        switch (type) {
            case AddNode -> {
                if (role == PeerRole.Learner) {
                    return joint ? PeerRole.IncomingVoter : PeerRole.Voter;
                }
            }
            case AddLearnerNode -> {
                if (role == PeerRole.Voter) {
                    return joint ? PeerRole.DemotingVoter : PeerRole.Learner;
                }
            }
            case RemoveNode -> {
                if (!joint || role == PeerRole.Learner) {
                    return role;
                }
            }
            case UNRECOGNIZED -> {}
        }
        throw new RefusedException("peer " + existing.getId() + " has role " + role + " already");
    }
}
