package io.garrick.flashkv.pd;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.pd.PeerStats;
import io.garrick.proto.pd.RegionHeartbeatRequest;
import java.util.List;
import java.util.Optional;

/**
 * A region as its leader last described it.
 *
 * @param leader the default peer (id 0) while no leader has spoken
 * @param pending peers that still lack log the leader has dropped
 */
record RegionInfo(
        Region region,
        Peer leader,
        List<PeerStats> down,
        List<Peer> pending,
        long sizeBytes,
        long keyCount) {
    RegionInfo {
        down = List.copyOf(down);
        pending = List.copyOf(pending);
    }

    static RegionInfo of(Region region) {
        return new RegionInfo(region, Peer.getDefaultInstance(), List.of(), List.of(), 0, 0);
    }

    static RegionInfo of(RegionHeartbeatRequest heartbeat) {
        return new RegionInfo(
                heartbeat.getRegion(),
                heartbeat.getLeader(),
                heartbeat.getDownPeersList(),
                heartbeat.getPendingPeersList(),
                heartbeat.getApproximateSize(),
                heartbeat.getApproximateKeys());
    }

    long id() {
        return region.getId();
    }

    long version() {
        return region.getRegionEpoch().getVersion();
    }

    long confVer() {
        return region.getRegionEpoch().getConfVer();
    }

    KeyRange range() {
        return new KeyRange(
                Key.wrap(region.getStartKey().toByteArray()),
                Key.wrap(region.getEndKey().toByteArray()));
    }

    Optional<Peer> peerOn(long storeId) {
        return region.getPeersList().stream()
                .filter(peer -> peer.getStoreId() == storeId)
                .findFirst();
    }

    boolean isPending(Peer peer) {
        return pending.stream().anyMatch(other -> other.getId() == peer.getId());
    }

    long downSeconds(Peer peer) {
        return down.stream()
                .filter(stats -> stats.getPeer().getId() == peer.getId())
                .mapToLong(PeerStats::getDownSeconds)
                .findFirst()
                .orElse(0);
    }

    static boolean isVoter(Peer peer) {
        return peer.getRole() == PeerRole.Voter;
    }
}
