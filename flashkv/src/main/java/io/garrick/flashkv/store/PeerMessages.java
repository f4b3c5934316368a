package io.garrick.flashkv.store;

import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.raftserver.ExtraMessage;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.raft.RaftNode;
import io.garrick.raft.SnapshotStatus;

/** What one peer says to others. Owned by the store's thread. */
final class PeerMessages {
    private final StoreLoop store;
    private final Peer peer;
    private final RaftNode node;
    private final SnapshotGeneration snapshots;

    PeerMessages(StoreLoop store, Peer peer, RaftNode node, SnapshotGeneration snapshots) {
        this.store = store;
        this.peer = peer;
        this.node = node;
        this.snapshots = snapshots;
    }

    void send(Message message) {
        var to = peer.peer(message.getTo());
        if (to == null) {
            return;
        }
        RaftMessage.Builder out = envelope(to).setMessage(message);
        boolean initial =
                switch (message.getMsgType()) {
                    case MsgRequestVote, MsgRequestPreVote -> true;
                    case MsgHeartbeat -> message.getCommit() == 0;
                    default -> false;
                };
        if (initial && peer.isInitialized()) {
            out.setStartKey(peer.region().getStartKey()).setEndKey(peer.region().getEndKey());
        }
        if (message.getMsgType() == MessageType.MsgSnapshot) {
            sendSnapshot(out.build());
        } else {
            store.transport().send(out.build());
        }
    }

    private RaftMessage.Builder envelope(io.garrick.proto.meta.Peer to) {
        return RaftMessage.newBuilder()
                .setRegionId(peer.regionId())
                .setFromPeer(peer.self())
                .setToPeer(to)
                .setRegionEpoch(peer.region().getRegionEpoch());
    }

    void sendExtra(long toPeer, ExtraMessage extra) {
        var to = peer.peer(toPeer);
        if (to != null) {
            store.transport().send(envelope(to).setExtraMsg(extra).build());
        }
    }

    private void sendSnapshot(RaftMessage message) {
        long to = message.getToPeer().getId();
        SnapshotFiles files = snapshots.takeForSending(message.getMessage().getSnapshot());
        if (files == null) {
            store.post(() -> node.reportSnapshot(to, SnapshotStatus.FAILED), peer);
            return;
        }
        store.transport()
                .sendSnapshot(
                        message,
                        files,
                        success ->
                                store.post(
                                        () -> {
                                            snapshots.sent(files);
                                            if (!peer.isRemoved()) {
                                                node.reportSnapshot(
                                                        to,
                                                        success
                                                                ? SnapshotStatus.FINISHED
                                                                : SnapshotStatus.FAILED);
                                            }
                                        },
                                        peer));
    }
}
