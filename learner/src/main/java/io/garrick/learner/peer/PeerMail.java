package io.garrick.learner.peer;

import io.garrick.proto.eraft.Message;
import io.garrick.proto.raftserver.DiskUsage;
import io.garrick.proto.raftserver.ExtraMessage;
import io.garrick.proto.raftserver.RaftMessage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What one peer sends: its envelope, and to whom. Owned by the region's worker. */
final class PeerMail {
    private final Store store;
    private final Peer peer;
    // Whoever has written, or was named, by peer id: the region may not list them yet.
    private final Map<Long, io.garrick.proto.meta.Peer> known = new HashMap<>();

    PeerMail(Store store, Peer peer) {
        this.store = store;
        this.peer = peer;
    }

    void know(io.garrick.proto.meta.Peer other) {
        known.put(other.getId(), other);
    }

    Optional<io.garrick.proto.meta.Peer> known(long peerId) {
        return Optional.ofNullable(known.get(peerId));
    }

    /** Also to those that the region does not list. */
    void toAllKnown(ExtraMessage extra) {
        known.values().forEach(other -> store.send(envelope(other).setExtraMsg(extra).build()));
    }

    void answer(RaftMessage message, ExtraMessage.Builder extra) {
        store.send(envelope(message.getFromPeer()).setExtraMsg(extra).build());
    }

    RaftMessage.Builder envelope(io.garrick.proto.meta.Peer to) {
        return RaftMessage.newBuilder()
                .setRegionId(peer.regionId())
                .setFromPeer(peer.self())
                .setToPeer(to)
                .setRegionEpoch(peer.region().getRegionEpoch())
                .setDiskUsage(
                        store.sink().busy() ? DiskUsage.DiskAlmostFull : DiskUsage.DiskNormal);
    }

    void send(List<Message> messages) {
        for (Message message : messages) {
            io.garrick.proto.meta.Peer to =
                    Regions.byId(peer.region(), message.getTo()).orElse(known.get(message.getTo()));
            if (to != null) {
                store.send(envelope(to).setMessage(message).build());
            }
        }
    }

    void broadcast(ExtraMessage extra) {
        for (io.garrick.proto.meta.Peer other : peer.region().getPeersList()) {
            if (other.getId() != peer.self().getId()) {
                store.send(envelope(other).setExtraMsg(extra).build());
            }
        }
    }
}
