package io.garrick.flashkv.store;

import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftcmd.PrepareMergeRequest;
import io.garrick.proto.raftcmd.RaftCmdRequest;
import io.garrick.proto.raftserver.MergeState;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RegionLocalState;
import java.util.List;
import java.util.Optional;

/**
 * What a merge makes of two regions, and when it may begin. Pure: every replica computes the same.
 *
 * <p>The source gives itself up in three steps. PrepareMerge in its own log is its last data: its
 * epoch changes, so that nothing else is accepted. CommitMerge in the target's log, made for the
 * target's epoch of that time, takes its range over; it carries the end of the source's log for
 * replicas that lag. If the target's epoch has moved on meanwhile, CommitMerge can never take
 * effect, and RollbackMerge gives the source its life back (attach-protocol 4.4).
 */
final class Merges {
    /** The log that CommitMerge may have to carry must fit an entry with room to spare. */
    static final long MAX_GAP_BYTES = 4L << 20;

    static final long MAX_GAP_ENTRIES = 4096;

    private Merges() {}

    /** Why the two cannot become one; empty if they can. */
    static Optional<String> obstacle(Region source, Region target) {
        if (source.getId() == target.getId()) {
            return Optional.of("a region does not merge with itself");
        }
        if (!touches(source, target)) {
            return Optional.of("the regions are not neighbours");
        }
        if (Membership.isJoint(source) || Membership.isJoint(target)) {
            return Optional.of("members are changing");
        }
        if (!onSameStores(source, target)) {
            return Optional.of("the regions are on different stores");
        }
        return Optional.empty();
    }

    /** An empty end is no key: two regions cannot meet there. */
    private static boolean touches(Region left, Region right) {
        return meets(left, right) || meets(right, left);
    }

    private static boolean meets(Region left, Region right) {
        return !left.getEndKey().isEmpty() && left.getEndKey().equals(right.getStartKey());
    }

    private static boolean onSameStores(Region left, Region right) {
        if (left.getPeersCount() != right.getPeersCount()) {
            return false;
        }
        for (Peer peer : left.getPeersList()) {
            boolean same =
                    Membership.peerOn(right, peer.getStoreId())
                            .filter(other -> other.getRole() == peer.getRole())
                            .isPresent();
            if (!same) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether replicas that lack these entries can be brought to the end by CommitMerge: nothing in
     * them may change members, range or the beginning of the log.
     *
     * @param minIndex the first of them
     */
    static boolean isPlain(List<Entry> entries, long minIndex)
            throws com.google.protobuf.InvalidProtocolBufferException {
        for (Entry entry : entries) {
            if (entry.getEntryType() != EntryType.EntryNormal) {
                return false;
            }
            RaftCmdRequest command = RaftCmdRequest.parseFrom(entry.getData());
            if (!command.hasAdminRequest()) {
                continue;
            }
            boolean harmless =
                    switch (command.getAdminRequest().getCmdType()) {
                        case CompactLog ->
                                command.getAdminRequest().getCompactLog().getCompactIndex()
                                        < minIndex;
                        case TransferLeader, ComputeHash, VerifyHash, InvalidAdmin -> true;
                        default -> false;
                    };
            if (!harmless) {
                return false;
            }
        }
        return true;
    }

    static RegionLocalState prepare(RegionLocalState local, PrepareMergeRequest request, long index)
            throws Membership.RefusedException {
        if (local.getState() != PeerState.Normal) {
            throw new Membership.RefusedException("region is " + local.getState());
        }
        RegionEpoch.Builder epoch = local.getRegion().getRegionEpoch().toBuilder();
        epoch.setVersion(epoch.getVersion() + 1).setConfVer(epoch.getConfVer() + 1);
        return local.toBuilder()
                .setState(PeerState.Merging)
                .setRegion(local.getRegion().toBuilder().setRegionEpoch(epoch))
                .setMergeState(
                        MergeState.newBuilder()
                                .setMinIndex(request.getMinIndex())
                                .setTarget(request.getTarget())
                                .setCommit(index))
                .build();
    }

    static RegionLocalState rollback(RegionLocalState local, long commit)
            throws Membership.RefusedException {
        if (local.getState() != PeerState.Merging || local.getMergeState().getCommit() != commit) {
            throw new Membership.RefusedException("no merge was prepared at index " + commit);
        }
        RegionEpoch.Builder epoch = local.getRegion().getRegionEpoch().toBuilder();
        epoch.setVersion(epoch.getVersion() + 1);
        return local.toBuilder()
                .setState(PeerState.Normal)
                .clearMergeState()
                .setRegion(local.getRegion().toBuilder().setRegionEpoch(epoch))
                .build();
    }

    /** The target once the source is part of it. */
    static Region commit(Region target, CommitMergeRequest request)
            throws Membership.RefusedException {
        Region source = request.getSource();
        Region.Builder merged = target.toBuilder();
        if (meets(target, source)) {
            merged.setEndKey(source.getEndKey());
        } else if (meets(source, target)) {
            merged.setStartKey(source.getStartKey());
        } else {
            throw new Membership.RefusedException("the regions are not neighbours");
        }
        merged.getRegionEpochBuilder()
                .setVersion(
                        Math.max(
                                        source.getRegionEpoch().getVersion(),
                                        target.getRegionEpoch().getVersion())
                                + 1);
        return merged.build();
    }

    /** What is left of the source: stale messages about it are answered with where it went. */
    static RegionLocalState tombstone(Region source, Region formerTarget) {
        return RegionLocalState.newBuilder()
                .setState(PeerState.Tombstone)
                .setRegion(source)
                .setMergeState(MergeState.newBuilder().setTarget(formerTarget))
                .build();
    }
}
