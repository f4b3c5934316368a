package io.garrick.learner.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.learner.peer.MessageRules.Verdict;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.raftserver.ExtraMessage;
import io.garrick.proto.raftserver.ExtraMessageType;
import io.garrick.proto.raftserver.MergeState;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.RegionLocalState;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a store does with messages, as tables. We are store 9 with peer 92; the region is 7, its
 * leader is peer 11 on store 1.
 */
final class MessageRulesTest {
    private static final long STORE = 9;

    private static RegionEpoch epoch(String confVerDotVersion) {
        String[] parts = confVerDotVersion.split("-", -1);
        return RegionEpoch.newBuilder()
                .setConfVer(Long.parseLong(parts[0]))
                .setVersion(Long.parseLong(parts[1]))
                .build();
    }

    private static Region region(String epoch, long ourPeer) {
        Region.Builder region =
                Region.newBuilder()
                        .setId(7)
                        .setRegionEpoch(epoch(epoch))
                        .addPeers(Peer.newBuilder().setId(11).setStoreId(1));
        if (ourPeer != 0) {
            region.addPeers(Peer.newBuilder().setId(ourPeer).setStoreId(STORE));
        }
        return region.build();
    }

    private static RaftMessage message(String kind, long fromStore, long toPeer, String epoch) {
        RaftMessage.Builder message =
                RaftMessage.newBuilder()
                        .setRegionId(7)
                        .setFromPeer(Peer.newBuilder().setId(10 + fromStore).setStoreId(fromStore))
                        .setToPeer(Peer.newBuilder().setId(toPeer).setStoreId(STORE))
                        .setRegionEpoch(epoch(epoch));
        Message.Builder raft = Message.newBuilder().setTerm(8);
        switch (kind) {
            case "tombstone" -> message.setIsTombstone(true);
            case "merged" -> message.setMergeTarget(Region.newBuilder().setId(6));
            case "check-stale" ->
                    message.setExtraMsg(
                            ExtraMessage.newBuilder().setType(ExtraMessageType.MsgCheckStalePeer));
            case "precheck" ->
                    message.setExtraMsg(
                            ExtraMessage.newBuilder()
                                    .setType(ExtraMessageType.MsgSnapGenPrecheckRequest));
            case "heartbeat-0" -> message.setMessage(raft.setMsgType(MessageType.MsgHeartbeat));
            case "heartbeat-9" ->
                    message.setMessage(raft.setMsgType(MessageType.MsgHeartbeat).setCommit(9));
            case "vote" -> message.setMessage(raft.setMsgType(MessageType.MsgRequestVote));
            case "first-vote" ->
                    message.setMessage(raft.setMsgType(MessageType.MsgRequestVote).setTerm(6));
            case "append" -> message.setMessage(raft.setMsgType(MessageType.MsgAppend));
            case "first-append" ->
                    message.setMessage(
                            raft.setMsgType(MessageType.MsgAppend)
                                    .addEntries(Entry.newBuilder().setIndex(6).setTerm(6)));
            default -> throw new IllegalArgumentException(kind);
        }
        return message.build();
    }

    private static String word(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Step _ -> "step";
            case Verdict.Drop _ -> "drop";
            case Verdict.Create _ -> "create";
            case Verdict.KeepForSplit _ -> "keep";
            case Verdict.Validate _ -> "validate";
            case Verdict.DestroySelf(boolean redeliver) -> redeliver ? "replace" : "destroy";
            case Verdict.Reply(RaftMessage answer) ->
                    answer.getIsTombstone()
                            ? "answer-tombstone"
                            : answer.hasMergeTarget() ? "answer-merged" : "answer-peers";
        };
    }

    /** Our region is at conf version 3, version 5. */
    @ParameterizedTest(name = "{0} from store {1} to peer {2} at {3}: {4}")
    @CsvSource({
        // the ordinary case, also from a sender that is behind but known
        "append, 1, 92, 3-5, step",
        "append, 1, 92, 2-5, step",
        "append, 1, 92, 9-9, step",
        // a sender that our region has not (any more), and that is behind either way
        "append, 4, 92, 2-5, answer-tombstone",
        "append, 4, 92, 3-4, answer-tombstone",
        "append, 4, 92, 4-4, answer-tombstone",
        "vote, 4, 92, 2-5, answer-tombstone",
        // ... but a newer one may know what we do not
        "append, 4, 92, 4-5, step",
        // peer ids only grow
        "append, 1, 91, 3-5, drop",
        "append, 1, 93, 3-5, replace",
        "heartbeat-0, 1, 93, 4-5, replace",
        // tombstones count only if they are for us, and newer
        "tombstone, 1, 92, 4-5, destroy",
        "tombstone, 1, 92, 3-6, destroy",
        "tombstone, 1, 92, 3-5, drop",
        "tombstone, 1, 92, 2-5, drop",
        "tombstone, 1, 91, 4-5, drop",
        "tombstone, 1, 93, 4-5, drop",
        // a leader says that our region was merged away
        "merged, 1, 92, 4-6, validate",
    })
    void aMessageForAPeerThatExists(
            String kind, long fromStore, long toPeer, String epoch, String expected) {
        Verdict verdict =
                MessageRules.onExisting(
                        region("3-5", 92), 92, message(kind, fromStore, toPeer, epoch));
        assertThat(word(verdict)).isEqualTo(expected);
    }

    /** A peer without data knows no epoch: everything is newer, and nobody is a stranger. */
    @ParameterizedTest
    @CsvSource({
        "append, 1, 92, 1-1, step",
        "tombstone, 1, 92, 1-1, destroy",
        "append, 1, 93, 1-1, replace",
    })
    void aMessageForAnUninitializedPeer(
            String kind, long fromStore, long toPeer, String epoch, String expected) {
        Verdict verdict =
                MessageRules.onExisting(
                        Region.newBuilder().setId(7).build(),
                        92,
                        message(kind, fromStore, toPeer, epoch));
        assertThat(word(verdict)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "heartbeat-0, create",
        "vote, create",
        "first-vote, create",
        "heartbeat-9, drop",
        "append, drop",
        "first-append, keep",
        "precheck, drop",
        "check-stale, drop",
        "tombstone, drop",
        "merged, drop",
    })
    void aMessageForAPeerThatNeverWas(String kind, String expected) {
        Verdict verdict =
                MessageRules.onMissing(STORE, Optional.empty(), message(kind, 1, 92, "3-5"));
        assertThat(word(verdict)).isEqualTo(expected);
    }

    /**
     * The tombstone is at 3-5 and knows store 1; ours is the peer that stands in it, 0 for none.
     */
    @ParameterizedTest(name = "{0} from store {1} to peer {2} at {3}, tombstone of {4}: {5}")
    @CsvSource({
        "heartbeat-0, 1, 92, 2-5, 0, drop",
        "vote, 1, 92, 2-5, 0, answer-peers",
        "check-stale, 1, 92, 2-5, 0, answer-peers",
        "append, 4, 92, 2-5, 0, answer-tombstone",
        "heartbeat-0, 1, 93, 4-5, 0, create",
        "heartbeat-0, 1, 92, 4-5, 92, drop",
        "heartbeat-0, 1, 93, 4-5, 92, create",
        "append, 1, 93, 4-5, 92, drop",
    })
    void aMessageForAPeerThatIsGone(
            String kind, long fromStore, long toPeer, String epoch, long ours, String expected) {
        RegionLocalState tombstone =
                RegionLocalState.newBuilder()
                        .setState(PeerState.Tombstone)
                        .setRegion(region("3-5", ours))
                        .build();
        Verdict verdict =
                MessageRules.onMissing(
                        STORE, Optional.of(tombstone), message(kind, fromStore, toPeer, epoch));
        assertThat(word(verdict)).isEqualTo(expected);
    }

    @Test
    void aPeerThatWasDestroyedBeforeItHadDataDoesNotComeBackUnderItsOldId() {
        RegionLocalState tombstone =
                RegionLocalState.newBuilder()
                        .setState(PeerState.Tombstone)
                        .setRegion(
                                Region.newBuilder()
                                        .setId(7)
                                        .addPeers(Peer.newBuilder().setId(92).setStoreId(STORE)))
                        .build();
        assertThat(
                        word(
                                MessageRules.onMissing(
                                        STORE,
                                        Optional.of(tombstone),
                                        message("heartbeat-0", 1, 92, "3-5"))))
                .isEqualTo("drop");
        assertThat(
                        word(
                                MessageRules.onMissing(
                                        STORE,
                                        Optional.of(tombstone),
                                        message("heartbeat-0", 1, 93, "3-5"))))
                .isEqualTo("create");
    }

    @ParameterizedTest
    @CsvSource({"1, answer-merged", "4, answer-tombstone"})
    void whoeverWritesToAMergedRegionHearsSo(long fromStore, String expected) {
        RegionLocalState merged =
                RegionLocalState.newBuilder()
                        .setState(PeerState.Tombstone)
                        .setRegion(region("3-5", 92))
                        .setMergeState(
                                MergeState.newBuilder().setTarget(Region.newBuilder().setId(6)))
                        .build();
        Verdict verdict =
                MessageRules.onMissing(
                        STORE, Optional.of(merged), message("append", fromStore, 92, "3-5"));
        assertThat(word(verdict)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"first-append, keep", "first-vote, keep", "vote, drop", "heartbeat-0, drop"})
    void aRecordWithoutAPeerWaitsForItsSplit(String kind, String expected) {
        RegionLocalState normal =
                RegionLocalState.newBuilder().setRegion(region("3-5", 92)).build();
        Verdict verdict =
                MessageRules.onMissing(STORE, Optional.of(normal), message(kind, 1, 92, "3-5"));
        assertThat(word(verdict)).isEqualTo(expected);
    }

    @Test
    void malformedMessagesAreNamed() {
        RaftMessage good = message("append", 1, 92, "3-5");
        assertThat(MessageRules.malformed(STORE, good)).isEmpty();
        assertThat(MessageRules.malformed(8, good)).contains("for another store");
        assertThat(MessageRules.malformed(STORE, good.toBuilder().clearRegionEpoch().build()))
                .contains("no epoch");
        assertThat(MessageRules.malformed(STORE, good.toBuilder().clearFromPeer().build()))
                .contains("no region or peer id");
    }

    /** Entries are given as index-term; the append follows entry 9 of term 7, its own term is 8. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "'', fine",
        "10-7 11-8, fine",
        "11-8, entries with gaps",
        "10-8 12-8, entries with gaps",
        "9-8, entries with gaps",
        "10-6, entries with terms out of order",
        "10-8 11-7, entries with terms out of order",
        "10-9, entries with terms out of order",
    })
    void entriesOfAnAppendFollowEachOther(String entries, String expected) {
        Message.Builder append =
                Message.newBuilder()
                        .setMsgType(MessageType.MsgAppend)
                        .setTerm(8)
                        .setIndex(9)
                        .setLogTerm(7);
        for (String entry : entries.split(" ", -1)) {
            if (!entry.isEmpty()) {
                String[] parts = entry.split("-", -1);
                append.addEntries(
                        Entry.newBuilder()
                                .setIndex(Long.parseLong(parts[0]))
                                .setTerm(Long.parseLong(parts[1])));
            }
        }
        RaftMessage message =
                message("append", 1, 92, "3-5").toBuilder().setMessage(append).build();
        assertThat(MessageRules.malformed(STORE, message).orElse("fine")).isEqualTo(expected);
    }

    @Test
    void positionsBeyondAnyLogAndIdsThatDisagreeAreNamed() {
        RaftMessage good = message("heartbeat-9", 1, 92, "3-5");
        assertThat(MessageRules.malformed(STORE, good)).isEmpty();
        assertThat(malformed(good, good.getMessage().toBuilder().setCommit(-1)))
                .contains("position out of range");
        assertThat(malformed(good, good.getMessage().toBuilder().setTerm(0))).contains("no term");
        assertThat(malformed(good, good.getMessage().toBuilder().setTo(93)))
                .contains("peer ids disagree");
        // TiKV's answer by lease names no sender inside.
        assertThat(
                        malformed(
                                good,
                                Message.newBuilder()
                                        .setMsgType(MessageType.MsgReadIndexResp)
                                        .setTo(92)
                                        .setTerm(8)))
                .isEmpty();
    }

    private static Optional<String> malformed(RaftMessage message, Message.Builder raft) {
        return MessageRules.malformed(STORE, message.toBuilder().setMessage(raft).build());
    }
}
