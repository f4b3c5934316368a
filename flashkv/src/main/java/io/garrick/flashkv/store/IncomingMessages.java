package io.garrick.flashkv.store;

import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.RegionLocalState;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which peer shall have a message of another store, and brings peers to life or buries them
 * by it (attach-protocol 3.5, 3.6). Owned by the store's thread.
 */
final class IncomingMessages {
    private static final Logger log = LoggerFactory.getLogger(IncomingMessages.class);

    private final StoreLoop loop;
    private final long storeId;
    private final RaftLog raftLog;
    private final RegionTable regions;
    private final RaftTransport transport;
    // Messages that cannot create a peer yet because a split is about to.
    private final Map<Long, RaftMessage> early = new HashMap<>();

    IncomingMessages(
            StoreLoop loop,
            long storeId,
            RaftLog raftLog,
            RegionTable regions,
            RaftTransport transport) {
        this.loop = loop;
        this.storeId = storeId;
        this.raftLog = raftLog;
        this.regions = regions;
        this.transport = transport;
    }

    void step(RaftMessage message) {
        if (!message.hasRegionEpoch()) {
            return;
        }
        Peer peer = regions.peer(message.getRegionId());
        if (peer == null) {
            peer = create(message);
        } else {
            peer = check(peer, message);
        }
        if (peer == null) {
            return;
        }
        Peer target = peer;
        loop.touch(target);
        loop.guarded(target, () -> target.step(message));
    }

    /** The peer that shall have the message; null if nobody. */
    private @Nullable Peer check(Peer peer, RaftMessage message) {
        boolean fromMember =
                Membership.peerOn(peer.region(), message.getFromPeer().getStoreId()).isPresent();
        boolean stale = Epochs.isStale(message.getRegionEpoch(), peer.region().getRegionEpoch());
        if (peer.isInitialized() && stale && !fromMember) {
            if (!message.getIsTombstone()) {
                sendTombstone(message, peer.region());
            }
            return null;
        }
        long asked = message.getToPeer().getId();
        if (asked < peer.id()) {
            return null;
        }
        if (message.getIsTombstone()) {
            if (asked == peer.id()
                    && Epochs.isStale(peer.region().getRegionEpoch(), message.getRegionEpoch())) {
                log.info("peer is stale regionId={} peerId={}", peer.regionId(), peer.id());
                loop.remove(peer);
            }
            return null;
        }
        if (message.hasMergeTarget()) {
            if (asked == peer.id() && peer.isInitialized()) {
                peer.merges().goneInto(message.getMergeTarget());
            }
            return null;
        }
        if (asked > peer.id()) {
            loop.remove(peer);
            return create(message);
        }
        return peer;
    }

    private void sendTombstone(RaftMessage about, Region region) {
        transport.send(
                RaftMessage.newBuilder()
                        .setRegionId(about.getRegionId())
                        .setFromPeer(about.getToPeer())
                        .setToPeer(about.getFromPeer())
                        .setRegionEpoch(region.getRegionEpoch())
                        .setIsTombstone(true)
                        .build());
    }

    private void sendMergeTarget(RaftMessage about, RegionLocalState tombstone) {
        if (about.getIsTombstone() || about.hasMergeTarget()) {
            return;
        }
        transport.send(
                RaftMessage.newBuilder()
                        .setRegionId(about.getRegionId())
                        .setFromPeer(about.getToPeer())
                        .setToPeer(about.getFromPeer())
                        .setRegionEpoch(tombstone.getRegion().getRegionEpoch())
                        .setMergeTarget(tombstone.getMergeState().getTarget())
                        .build());
    }

    /** Only first messages of a leader or candidate bring a peer to life (attach-protocol 3.5). */
    private @Nullable Peer create(RaftMessage message) {
        RegionLocalState tombstone = regions.tombstone(message.getRegionId());
        if (tombstone != null && tombstone.hasMergeState()) {
            sendMergeTarget(message, tombstone);
            return null;
        }
        MessageType type = message.getMessage().getMsgType();
        boolean initial =
                type == MessageType.MsgRequestVote
                        || type == MessageType.MsgRequestPreVote
                        || (type == MessageType.MsgHeartbeat
                                && message.getMessage().getCommit() == 0);
        if (message.getIsTombstone()
                || message.hasMergeTarget()
                || message.hasExtraMsg()
                || !initial) {
            return null;
        }
        if (tombstone != null) {
            long last =
                    Membership.peerOn(tombstone.getRegion(), storeId)
                            .map(io.garrick.proto.meta.Peer::getId)
                            .orElse(0L);
            if (last >= message.getToPeer().getId()) {
                return null;
            }
        }
        Peer holder =
                regions.overlapping(
                        message.getRegionId(), message.getStartKey(), message.getEndKey());
        if (holder != null) {
            early.put(message.getRegionId(), message); // its split may be on the way
            return null;
        }
        long regionId = message.getRegionId();
        Peer peer =
                new Peer(
                        loop,
                        message.getToPeer(),
                        source -> PeerStorage.uninitialized(regionId, raftLog, source));
        regions.add(peer);
        log.info(
                "peer created by message regionId={} peerId={} from={}",
                regionId,
                peer.id(),
                message.getFromPeer().getId());
        return peer;
    }

    /** Borrowed until a peer takes the files; else they are deleted. */
    void stepSnapshot(RaftMessage message, SnapshotFiles files) {
        Peer peer = regions.peer(message.getRegionId());
        Region region = files.data().getRegion();
        List<Peer> inTheWay =
                regions.allOverlapping(region.getId(), region.getStartKey(), region.getEndKey());
        boolean wanted =
                peer != null
                        && message.getToPeer().getId() == peer.id()
                        && Membership.peer(region, peer.id()).isPresent()
                        && inTheWay.stream().allMatch(other -> isPartOf(other, region, inTheWay));
        if (!wanted || peer == null) {
            log.info("snapshot dropped regionId={}", message.getRegionId());
            files.delete();
            return;
        }
        loop.touch(peer);
        loop.guarded(peer, () -> peer.stepSnapshot(message, files));
    }

    /**
     * Whether a region here is known to have ended in the one that a snapshot brings, perhaps by
     * way of another that ended there too.
     */
    private boolean isPartOf(Peer other, Region newcomer, List<Peer> inTheWay) {
        Region into = other.merges().goneInto();
        return into != null
                && DataKeys.rangeOf(newcomer).contains(DataKeys.rangeOf(other.region()))
                && (into.getId() == newcomer.getId()
                        || inTheWay.stream().anyMatch(peer -> peer.regionId() == into.getId()));
    }

    /** A region was born by a split: what came for it before is not lost. */
    void deliverEarly(long regionId) {
        RaftMessage waiting = early.remove(regionId);
        if (waiting != null) {
            step(waiting);
        }
    }
}
