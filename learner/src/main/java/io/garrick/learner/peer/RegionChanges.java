package io.garrick.learner.peer;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChangeType;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftcmd.BatchSplitRequest;
import io.garrick.proto.raftcmd.BatchSwitchWitnessRequest;
import io.garrick.proto.raftcmd.ChangePeerRequest;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftcmd.PrepareMergeRequest;
import io.garrick.proto.raftcmd.SplitRequest;
import io.garrick.proto.raftcmd.SwitchWitnessRequest;
import io.garrick.proto.raftserver.MergeState;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RegionLocalState;
import java.util.ArrayList;
import java.util.List;

/**
 * What admin commands do to a region, as pure functions. Refusals are those of TiKV (tikv,
 * components/raftstore/src/store/fsm/apply.rs, exec_*): all replicas must come out alike.
 */
final class RegionChanges {
    private RegionChanges() {}

    // ---- membership ----

    private enum Kind {
        SIMPLE,
        ENTER_JOINT
    }

    /** The historic one-step command. */
    static Region changePeer(Region region, ChangePeerRequest change)
            throws RefusedCommandException {
        Peer peer = change.getPeer();
        List<Peer> peers = new ArrayList<>(region.getPeersList());
        int at = indexOnStore(peers, peer.getStoreId());
        switch (change.getChangeType()) {
            case AddNode -> {
                if (at < 0) {
                    peers.add(peer);
                } else {
                    Peer known = peers.get(at);
                    if (known.getRole() != PeerRole.Learner
                            || known.getId() != peer.getId()
                            || known.getIsWitness() != peer.getIsWitness()) {
                        throw new RefusedCommandException("peer exists already");
                    }
                    peers.set(at, peer);
                }
            }
            case AddLearnerNode -> {
                if (at >= 0) {
                    throw new RefusedCommandException("peer exists already");
                }
                peers.add(peer);
            }
            case RemoveNode -> remove(peers, at, peer);
            case UNRECOGNIZED -> throw new RefusedCommandException("unknown change");
        }
        return withPeers(region, peers, 1);
    }

    /** No changes leave a joint configuration, one is simple, more enter a joint one. */
    static Region changePeers(Region region, List<ChangePeerRequest> changes)
            throws RefusedCommandException {
        if (changes.isEmpty()) {
            return leaveJoint(region);
        }
        Kind kind = changes.size() == 1 ? Kind.SIMPLE : Kind.ENTER_JOINT;
        List<Peer> peers = new ArrayList<>(region.getPeersList());
        for (ChangePeerRequest change : changes) {
            changeOne(peers, change, kind);
        }
        return withPeers(region, peers, changes.size());
    }

    private static void changeOne(List<Peer> peers, ChangePeerRequest change, Kind kind)
            throws RefusedCommandException {
        Peer peer = change.getPeer();
        ConfChangeType type = change.getChangeType();
        int at = indexOnStore(peers, peer.getStoreId());
        if (type == ConfChangeType.UNRECOGNIZED) {
            throw new RefusedCommandException("unknown change");
        }
        if (type == ConfChangeType.RemoveNode) {
            if (at >= 0 && kind == Kind.ENTER_JOINT && peers.get(at).getRole() == PeerRole.Voter) {
                throw new RefusedCommandException("a joint change cannot remove a voter");
            }
            remove(peers, at, peer);
            return;
        }
        boolean voter = type == ConfChangeType.AddNode;
        if (at < 0) {
            PeerRole role =
                    !voter
                            ? PeerRole.Learner
                            : kind == Kind.SIMPLE ? PeerRole.Voter : PeerRole.IncomingVoter;
            peers.add(peer.toBuilder().setRole(role).build());
            return;
        }
        Peer known = peers.get(at);
        PeerRole from = voter ? PeerRole.Learner : PeerRole.Voter;
        if (known.getId() != peer.getId()
                || known.getRole() != from
                || known.getIsWitness() != peer.getIsWitness()) {
            throw new RefusedCommandException("peer exists already");
        }
        PeerRole to =
                voter
                        ? kind == Kind.SIMPLE ? PeerRole.Voter : PeerRole.IncomingVoter
                        : kind == Kind.SIMPLE ? PeerRole.Learner : PeerRole.DemotingVoter;
        peers.set(at, known.toBuilder().setRole(to).build());
    }

    private static Region leaveJoint(Region region) {
        List<Peer> peers = new ArrayList<>();
        int changed = 0;
        for (Peer peer : region.getPeersList()) {
            PeerRole role =
                    switch (peer.getRole()) {
                        case IncomingVoter -> PeerRole.Voter;
                        case DemotingVoter -> PeerRole.Learner;
                        case Voter, Learner, UNRECOGNIZED -> peer.getRole();
                    };
            changed += role == peer.getRole() ? 0 : 1;
            peers.add(role == peer.getRole() ? peer : peer.toBuilder().setRole(role).build());
        }
        if (changed == 0) {
            throw new IllegalStateException("leave joint without a joint configuration");
        }
        return withPeers(region, peers, changed);
    }

    private static void remove(List<Peer> peers, int at, Peer peer) throws RefusedCommandException {
        // The whole message must match, unknown fields included.
        if (at < 0 || !peers.get(at).equals(peer)) {
            throw new RefusedCommandException("no such peer");
        }
        peers.remove(at);
    }

    private static int indexOnStore(List<Peer> peers, long storeId) {
        for (int i = 0; i < peers.size(); i++) {
            if (peers.get(i).getStoreId() == storeId) {
                return i;
            }
        }
        return -1;
    }

    private static Region withPeers(Region region, List<Peer> peers, int confVerStep) {
        RegionEpoch epoch = region.getRegionEpoch();
        return region.toBuilder()
                .clearPeers()
                .addAllPeers(peers)
                .setRegionEpoch(epoch.toBuilder().setConfVer(epoch.getConfVer() + confVerStep))
                .build();
    }

    static Region switchWitnesses(Region region, BatchSwitchWitnessRequest request)
            throws RefusedCommandException {
        List<Peer> peers = new ArrayList<>(region.getPeersList());
        for (SwitchWitnessRequest one : request.getSwitchWitnessesList()) {
            int at = -1;
            for (int i = 0; i < peers.size(); i++) {
                at = peers.get(i).getId() == one.getPeerId() ? i : at;
            }
            if (at < 0 || peers.get(at).getIsWitness() == one.getIsWitness()) {
                throw new RefusedCommandException("no such peer to switch");
            }
            peers.set(at, peers.get(at).toBuilder().setIsWitness(one.getIsWitness()).build());
        }
        return withPeers(region, peers, request.getSwitchWitnessesCount());
    }

    // ---- split ----

    /** The region that keeps its id, and the new ones in key order. */
    record Split(Region derived, List<Region> children) {}

    static Split split(Region region, BatchSplitRequest request) throws RefusedCommandException {
        List<SplitRequest> requests = request.getRequestsList();
        checkSplit(region, requests);
        RegionEpoch epoch = region.getRegionEpoch();
        Region derived =
                region.toBuilder()
                        .setRegionEpoch(
                                epoch.toBuilder().setVersion(epoch.getVersion() + requests.size()))
                        .build();
        List<Region> children = new ArrayList<>();
        int count = requests.size();
        for (int i = 0; i < count; i++) {
            ByteString from =
                    request.getRightDerive()
                            ? (i == 0 ? region.getStartKey() : requests.get(i - 1).getSplitKey())
                            : requests.get(i).getSplitKey();
            ByteString to =
                    request.getRightDerive()
                            ? requests.get(i).getSplitKey()
                            : (i + 1 == count
                                    ? region.getEndKey()
                                    : requests.get(i + 1).getSplitKey());
            children.add(child(derived, requests.get(i), from, to));
        }
        Region.Builder kept = derived.toBuilder();
        if (request.getRightDerive()) {
            kept.setStartKey(requests.getLast().getSplitKey());
        } else {
            kept.setEndKey(requests.getFirst().getSplitKey());
        }
        return new Split(kept.build(), children);
    }

    private static void checkSplit(Region region, List<SplitRequest> requests)
            throws RefusedCommandException {
        if (requests.isEmpty()) {
            throw new RefusedCommandException("no split key");
        }
        ByteString previous = region.getStartKey();
        for (SplitRequest request : requests) {
            ByteString key = request.getSplitKey();
            if (key.isEmpty() || Regions.compare(key, previous) <= 0) {
                throw new RefusedCommandException("split keys do not increase");
            }
            if (request.getNewPeerIdsCount() != region.getPeersCount()) {
                throw new RefusedCommandException("wrong number of new peers");
            }
            previous = key;
        }
        if (!Regions.contains(region, previous)) {
            throw new RefusedCommandException("split key not in region");
        }
    }

    private static Region child(
            Region parent, SplitRequest request, ByteString from, ByteString to) {
        Region.Builder child =
                parent.toBuilder()
                        .setId(request.getNewRegionId())
                        .setStartKey(from)
                        .setEndKey(to)
                        .clearPeers();
        for (int i = 0; i < parent.getPeersCount(); i++) {
            child.addPeers(parent.getPeers(i).toBuilder().setId(request.getNewPeerIds(i)));
        }
        return child.build();
    }

    // ---- merge ----

    static RegionLocalState prepareMerge(
            RegionLocalState local, PrepareMergeRequest request, long index) {
        Region region = local.getRegion();
        RegionEpoch epoch = region.getRegionEpoch();
        return local.toBuilder()
                .setState(PeerState.Merging)
                .setRegion(
                        region.toBuilder()
                                .setRegionEpoch(
                                        epoch.toBuilder()
                                                .setVersion(epoch.getVersion() + 1)
                                                .setConfVer(epoch.getConfVer() + 1)))
                .setMergeState(
                        MergeState.newBuilder()
                                .setMinIndex(request.getMinIndex())
                                .setTarget(request.getTarget())
                                .setCommit(index))
                .build();
    }

    /** The target after it has taken in its neighbour. */
    static Region commitMerge(Region target, CommitMergeRequest request) {
        Region source = request.getSource();
        long version =
                Math.max(source.getRegionEpoch().getVersion(), target.getRegionEpoch().getVersion())
                        + 1;
        Region.Builder merged =
                target.toBuilder()
                        .setRegionEpoch(target.getRegionEpoch().toBuilder().setVersion(version));
        // An empty end is no key: two regions cannot meet there.
        if (!target.getEndKey().isEmpty() && target.getEndKey().equals(source.getStartKey())) {
            merged.setEndKey(source.getEndKey());
        } else if (!source.getEndKey().isEmpty()
                && source.getEndKey().equals(target.getStartKey())) {
            merged.setStartKey(source.getStartKey());
        } else {
            throw new IllegalStateException(
                    "merge of regions that do not touch: "
                            + source.getId()
                            + " into "
                            + target.getId());
        }
        return merged.build();
    }

    static RegionLocalState rollbackMerge(RegionLocalState local, long commit) {
        if (local.getState() != PeerState.Merging || local.getMergeState().getCommit() != commit) {
            throw new IllegalStateException("rollback of a merge that was not prepared: " + commit);
        }
        Region region = local.getRegion();
        RegionEpoch epoch = region.getRegionEpoch();
        return local.toBuilder()
                .setState(PeerState.Normal)
                .clearMergeState()
                .setRegion(
                        region.toBuilder()
                                .setRegionEpoch(
                                        epoch.toBuilder().setVersion(epoch.getVersion() + 1)))
                .build();
    }
}
