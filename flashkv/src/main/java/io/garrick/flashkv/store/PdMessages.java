package io.garrick.flashkv.store;

import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import io.garrick.proto.pd.ChangePeer;
import io.garrick.proto.pd.RegionHeartbeatRequest;
import io.garrick.proto.raftcmd.ChangePeerRequest;
import java.util.List;

/** Words of PD in words of raft, and back. */
final class PdMessages {
    private PdMessages() {}

    /** pdpb has the two fields the other way round. */
    static ChangePeerRequest change(ChangePeer order) {
        return ChangePeerRequest.newBuilder()
                .setChangeType(order.getChangeType())
                .setPeer(order.getPeer())
                .build();
    }

    static RegionHeartbeatRequest heartbeat(
            Region region, Peer leader, long term, List<Long> pendingPeers, long sizeBytes) {
        RegionHeartbeatRequest.Builder heartbeat =
                RegionHeartbeatRequest.newBuilder()
                        .setRegion(region)
                        .setLeader(leader)
                        .setTerm(term)
                        .setApproximateSize(Math.max(1, sizeBytes));
        for (long id : pendingPeers) {
            Membership.peer(region, id).ifPresent(heartbeat::addPendingPeers);
        }
        return heartbeat.build();
    }
}
