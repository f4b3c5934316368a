package io.garrick.learner.peer;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftserver.ExtraMessage;
import io.garrick.proto.raftserver.ExtraMessageType;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.RegionLocalState;
import java.util.Optional;

/**
 * What a store does with a raft message before raft sees it.
 *
 * <p>Peers come, go and come back under new ids while old messages are still on the wire. The rules
 * are TiKV's (tikv, components/raftstore/src/store/fsm/store.rs check_msg and fsm/peer.rs
 * check_msg): peer ids only grow, a tombstone outlives its peer, and who is behind is told so.
 */
final class MessageRules {
    /** The term and index every region starts with (tikv, RAFT_INIT_LOG_TERM and _INDEX). */
    static final long INITIAL = 5;

    private MessageRules() {}

    sealed interface Verdict {
        /** Let the peer take it in. */
        record Step() implements Verdict {}

        record Drop(String reason) implements Verdict {}

        /** Answer, and drop. */
        record Reply(RaftMessage answer) implements Verdict {}

        /** The local peer is out of date. Destroy it; then look at the message anew if asked. */
        record DestroySelf(boolean redeliver) implements Verdict {}

        /**
         * The sender's region was merged into the message's target: ask PD whether ours is gone.
         */
        record Validate() implements Verdict {}

        /** There is no peer, and this message may create one. */
        record Create() implements Verdict {}

        /** A split will create the peer: keep the message until then. */
        record KeepForSplit(String reason) implements Verdict {}
    }

    /** Checks that need no peer. Empty if the message is well-formed. */
    static Optional<String> malformed(long storeId, RaftMessage message) {
        if (message.getToPeer().getStoreId() != storeId) {
            return Optional.of("for another store");
        }
        if (!message.hasRegionEpoch()) {
            return Optional.of("no epoch");
        }
        if (message.getRegionId() == 0
                || message.getToPeer().getId() == 0
                || message.getFromPeer().getId() == 0) {
            return Optional.of("no region or peer id");
        }
        boolean isRaft =
                !message.hasExtraMsg() && !message.getIsTombstone() && !message.hasMergeTarget();
        return isRaft ? malformedRaft(message) : Optional.empty();
    }

    private static Optional<String> malformedRaft(RaftMessage message) {
        Message raft = message.getMessage();
        // A leader that answers a read by its lease leaves `from` out.
        boolean idsAgree =
                (raft.getFrom() == 0 || raft.getFrom() == message.getFromPeer().getId())
                        && (raft.getTo() == 0 || raft.getTo() == message.getToPeer().getId());
        if (!idsAgree) {
            return Optional.of("peer ids disagree");
        }
        // Unsigned on the wire: what is negative here is beyond any log.
        if (raft.getTerm() < 0 || raft.getIndex() < 0 || raft.getCommit() < 0) {
            return Optional.of("position out of range");
        }
        if (!isBelow(message.getStartKey(), message.getEndKey())) {
            return Optional.of("empty range");
        }
        return switch (raft.getMsgType()) {
            case MsgAppend -> raft.getTerm() == 0 ? Optional.of("no term") : malformedEntries(raft);
            case MsgHeartbeat, MsgRequestVote, MsgRequestPreVote ->
                    raft.getTerm() == 0 ? Optional.of("no term") : Optional.empty();
            case MsgSnapshot ->
                    raft.getTerm() == 0
                                    || raft.getSnapshot().getMetadata().getIndex() <= 0
                                    || raft.getSnapshot().getMetadata().getTerm() <= 0
                            ? Optional.of("snapshot without a position")
                            : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static Optional<String> malformedEntries(Message append) {
        long index = append.getIndex();
        long term = append.getLogTerm();
        for (Entry entry : append.getEntriesList()) {
            index++;
            if (entry.getIndex() != index) {
                return Optional.of("entries with gaps");
            }
            if (entry.getTerm() < term || entry.getTerm() > append.getTerm()) {
                return Optional.of("entries with terms out of order");
            }
            if (entry.getEntryType() == EntryType.UNRECOGNIZED) {
                return Optional.of("unknown kind of entry");
            }
            term = entry.getTerm();
        }
        return Optional.empty();
    }

    /** Checks of a region that a snapshot brings. Empty if it can be one. */
    static Optional<String> malformed(Region region) {
        if (region.getId() == 0 || !region.hasRegionEpoch()) {
            return Optional.of("region without id or epoch");
        }
        if (!isBelow(region.getStartKey(), region.getEndKey())) {
            return Optional.of("empty range");
        }
        boolean unknownRole =
                region.getPeersList().stream()
                        .anyMatch(peer -> peer.getRole() == PeerRole.UNRECOGNIZED);
        return unknownRole ? Optional.of("peer with an unknown role") : Optional.empty();
    }

    // An empty end is no bound.
    private static boolean isBelow(ByteString start, ByteString end) {
        return end.isEmpty() || Regions.compare(start, end) < 0;
    }

    /**
     * For a region with a local peer.
     *
     * @param region without peers while the local peer is uninitialized
     */
    static Verdict onExisting(Region region, long peerId, RaftMessage message) {
        RegionEpoch theirs = message.getRegionEpoch();
        RegionEpoch ours = region.getRegionEpoch();
        if (message.getIsTombstone()) {
            boolean meant = message.getToPeer().getId() == peerId;
            return meant && Regions.isStale(ours, theirs)
                    ? new Verdict.DestroySelf(false)
                    : new Verdict.Drop("tombstone for another peer or an older epoch");
        }
        if (Regions.isStale(theirs, ours)
                && Regions.onStore(region, message.getFromPeer().getStoreId()).isEmpty()) {
            return new Verdict.Reply(tombstone(message, ours));
        }
        int order = Long.compare(message.getToPeer().getId(), peerId);
        if (order < 0) {
            return new Verdict.Drop("for an older peer");
        }
        if (order > 0) {
            return new Verdict.DestroySelf(true);
        }
        return message.hasMergeTarget() ? new Verdict.Validate() : new Verdict.Step();
    }

    /** For a region without a local peer; {@code known} is what a former peer left behind. */
    static Verdict onMissing(long storeId, Optional<RegionLocalState> known, RaftMessage message) {
        if (message.getIsTombstone() || message.hasMergeTarget()) {
            return new Verdict.Drop("nothing to destroy");
        }
        if (known.isPresent()) {
            Verdict verdict = onKnown(storeId, known.get(), message);
            if (!(verdict instanceof Verdict.Create)) {
                return verdict;
            }
        }
        if (message.hasExtraMsg() || !isInitial(message.getMessage())) {
            return isFirst(message)
                    ? new Verdict.KeepForSplit("first message")
                    : new Verdict.Drop("no peer");
        }
        return new Verdict.Create();
    }

    private static Verdict onKnown(long storeId, RegionLocalState known, RaftMessage message) {
        if (known.getState() != PeerState.Tombstone) {
            return isFirst(message)
                    ? new Verdict.KeepForSplit("split not applied yet")
                    : new Verdict.Drop("split not applied yet");
        }
        Region region = known.getRegion();
        RegionEpoch ours = region.getRegionEpoch();
        long fromStore = message.getFromPeer().getStoreId();
        boolean senderKnown = Regions.onStore(region, fromStore).isPresent();
        if (known.hasMergeState()) {
            return new Verdict.Reply(
                    senderKnown
                            ? answer(message, ours)
                                    .setMergeTarget(known.getMergeState().getTarget())
                                    .build()
                            : tombstone(message, ours));
        }
        if (Regions.isStale(message.getRegionEpoch(), ours)) {
            if (!senderKnown) {
                return new Verdict.Reply(tombstone(message, ours));
            }
            return asksForPeers(message)
                    ? new Verdict.Reply(stalePeerResponse(message, region))
                    : new Verdict.Drop("older than the tombstone");
        }
        Optional<Peer> former = Regions.onStore(region, storeId);
        if (former.isPresent() && message.getToPeer().getId() <= former.get().getId()) {
            return new Verdict.Drop("for the peer that was destroyed");
        }
        return new Verdict.Create();
    }

    private static boolean asksForPeers(RaftMessage message) {
        if (message.hasExtraMsg()) {
            ExtraMessageType type = message.getExtraMsg().getType();
            return type == ExtraMessageType.MsgCheckStalePeer
                    || type == ExtraMessageType.MsgRegionWakeUp;
        }
        return isVote(message.getMessage());
    }

    static boolean isVote(Message message) {
        return message.getMsgType() == MessageType.MsgRequestVote
                || message.getMsgType() == MessageType.MsgRequestPreVote;
    }

    /** Only these may create a peer: others would be meaningless to an empty one. */
    static boolean isInitial(Message message) {
        return isVote(message)
                || (message.getMsgType() == MessageType.MsgHeartbeat && message.getCommit() == 0);
    }

    /**
     * The first thing a region that was just split off says. Lost, it costs an election timeout.
     */
    static boolean isFirst(RaftMessage message) {
        if (message.hasExtraMsg()) {
            return false;
        }
        Message raft = message.getMessage();
        if (isVote(raft)) {
            return raft.getTerm() == INITIAL + 1;
        }
        return raft.getMsgType() == MessageType.MsgAppend
                && raft.getEntriesCount() > 0
                && raft.getEntries(0).getEntryType() == EntryType.EntryNormal
                && raft.getEntries(0).getData().isEmpty()
                && raft.getEntries(0).getIndex() == INITIAL + 1;
    }

    static RaftMessage.Builder answer(RaftMessage message, RegionEpoch epoch) {
        return RaftMessage.newBuilder()
                .setRegionId(message.getRegionId())
                .setFromPeer(message.getToPeer())
                .setToPeer(message.getFromPeer())
                .setRegionEpoch(epoch);
    }

    static RaftMessage tombstone(RaftMessage message, RegionEpoch epoch) {
        return answer(message, epoch).setIsTombstone(true).build();
    }

    static RaftMessage stalePeerResponse(RaftMessage message, Region lastKnown) {
        return answer(message, lastKnown.getRegionEpoch())
                .setExtraMsg(
                        ExtraMessage.newBuilder()
                                .setType(ExtraMessageType.MsgCheckStalePeerResponse)
                                .addAllCheckPeers(lastKnown.getPeersList()))
                .build();
    }
}
