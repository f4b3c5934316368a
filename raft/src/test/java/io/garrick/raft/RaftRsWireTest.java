package io.garrick.raft;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Message fields in which raft-rs has more than Raft asks for, and which TiKV relies on. */
class RaftRsWireTest {
    private static final ConfState GROUP =
            ConfState.newBuilder().addVoters(1).addVoters(2).addVoters(3).addLearners(4).build();

    private static TestPeer peer(long id) {
        return new TestPeer(RaftConfig.builder(id).build(), MemoryStorage.startingAt(GROUP, 5, 5));
    }

    private static TestPeer uninitialized(long id) {
        return new TestPeer(
                RaftConfig.builder(id).build(), new MemoryStorage(ConfState.getDefaultInstance()));
    }

    private static Message.Builder from1(MessageType type, long to, long term) {
        return Message.newBuilder().setMsgType(type).setFrom(1).setTo(to).setTerm(term);
    }

    private static Message.Builder append(long to, long term, long index, long logTerm) {
        return from1(MessageType.MsgAppend, to, term).setIndex(index).setLogTerm(logTerm);
    }

    private static Entry entry(long term, long index) {
        return Entry.newBuilder().setTerm(term).setIndex(index).build();
    }

    private static Message answer(TestPeer peer, Message.Builder message) {
        peer.node.step(message.build());
        List<Message> out = peer.handleReady();
        assertThat(out).hasSize(1);
        return out.getFirst();
    }

    @Test
    void anUninitializedPeerAnswersHeartbeatsAndRefusesAppendsWithHintZero() {
        TestPeer learner = uninitialized(4);
        ByteString context = ByteString.copyFromUtf8("read");
        Message alive = answer(learner, from1(MessageType.MsgHeartbeat, 4, 6).setContext(context));
        assertThat(alive.getMsgType()).isEqualTo(MessageType.MsgHeartbeatResponse);
        assertThat(alive.getContext()).isEqualTo(context);
        assertThat(alive.getTerm()).isEqualTo(6);
        Message refusal = answer(learner, append(4, 6, 9, 6).addEntries(entry(6, 10)));
        assertThat(refusal.getReject()).isTrue();
        assertThat(refusal.getIndex()).isEqualTo(9);
        assertThat(refusal.getRejectHint()).isZero();
        assertThat(refusal.getLogTerm()).isZero();
    }

    @Test
    void anUninitializedPeerTakesTheSnapshotThatNamesIt() {
        TestPeer learner = uninitialized(4);
        Message answer =
                answer(
                        learner,
                        from1(MessageType.MsgSnapshot, 4, 6)
                                .setSnapshot(
                                        Snapshot.newBuilder()
                                                .setMetadata(
                                                        SnapshotMetadata.newBuilder()
                                                                .setIndex(20)
                                                                .setTerm(6)
                                                                .setConfState(GROUP))));
        assertThat(answer.getMsgType()).isEqualTo(MessageType.MsgAppendResponse);
        assertThat(answer.getReject()).isFalse();
        assertThat(answer.getIndex()).isEqualTo(20);
        assertThat(learner.storage.firstIndex()).isEqualTo(21);
    }

    @Test
    void appendAnswersCarryTheOwnCommit() {
        TestPeer follower = peer(2);
        Message answer = answer(follower, append(2, 6, 5, 5).setCommit(6).addEntries(entry(6, 6)));
        assertThat(answer.getIndex()).isEqualTo(6);
        assertThat(answer.getCommit()).isEqualTo(6);
    }

    @Test
    void aRefusalSkipsTheFollowersEntriesOfLaterTerms() {
        TestPeer follower = peer(2);
        answer(
                follower,
                append(2, 7, 5, 5)
                        .addEntries(entry(6, 6))
                        .addEntries(entry(7, 7))
                        .addEntries(entry(7, 8)));
        Message refusal = answer(follower, append(2, 8, 8, 6));
        assertThat(refusal.getReject()).isTrue();
        assertThat(refusal.getRejectHint()).isEqualTo(6);
        assertThat(refusal.getLogTerm()).isEqualTo(6);
    }

    @Test
    void anOldLeaderIsToldTheTermByAnEmptyAppendAnswer() {
        TestPeer follower = peer(2);
        answer(follower, from1(MessageType.MsgHeartbeat, 2, 9));
        Message answer = answer(follower, append(2, 8, 5, 5));
        assertThat(answer.getMsgType()).isEqualTo(MessageType.MsgAppendResponse);
        assertThat(answer.getTerm()).isEqualTo(9);
        assertThat(answer.getReject()).isFalse();
        assertThat(answer.getIndex()).isZero();
    }

    @Test
    void aRefusedVoteTellsWhatIsCommittedAndLearnsIt() {
        TestPeer voter = peer(2);
        answer(voter, append(2, 6, 5, 5).setCommit(5).addEntries(entry(6, 6)));
        // Node 1 has an older log but knows that entry 6 is committed.
        Message refusal =
                answer(
                        voter,
                        from1(MessageType.MsgRequestVote, 2, 8)
                                .setContext(ByteString.copyFromUtf8("CampaignTransfer"))
                                .setIndex(5)
                                .setLogTerm(5)
                                .setCommit(6)
                                .setCommitTerm(6));
        assertThat(refusal.getReject()).isTrue();
        assertThat(refusal.getTerm()).isEqualTo(8);
        assertThat(refusal.getCommit()).isEqualTo(5);
        assertThat(refusal.getCommitTerm()).isEqualTo(5);
        assertThat(voter.node.commitIndex()).isEqualTo(6);
    }

    @Test
    void aVoterRefusesACandidateOfLowerPriorityWithTheSameLog() {
        TestPeer voter = peer(2);
        voter.node.setPriority(2);
        Message.Builder request = from1(MessageType.MsgRequestVote, 2, 8).setIndex(5).setLogTerm(5);
        assertThat(answer(voter, request.setPriority(1)).getReject()).isTrue();
        // Peers that know only the older field are heard too.
        request.clearPriority().setDeprecatedPriority(2);
        assertThat(answer(voter, request).getReject()).isFalse();
    }

    @Test
    void aRequestForASnapshotIsRepeatedInsteadOfOtherAnswers() {
        TestPeer learner = peer(4);
        answer(
                learner,
                append(4, 6, 5, 5).setCommit(6).addEntries(entry(6, 6)).addEntries(entry(6, 7)));
        assertThat(learner.node.requestSnapshot()).isTrue();
        Message first = learner.handleReady().getFirst();
        Message again = answer(learner, from1(MessageType.MsgHeartbeat, 4, 6).setCommit(6));
        for (Message request : List.of(first, again)) {
            assertThat(request.getMsgType()).isEqualTo(MessageType.MsgAppendResponse);
            assertThat(request.getReject()).isTrue();
            assertThat(request.getIndex()).isEqualTo(6);
            assertThat(request.getRejectHint()).isEqualTo(7);
            assertThat(request.getLogTerm()).isEqualTo(6);
            assertThat(request.getRequestSnapshot()).isEqualTo(7);
        }
    }

    @Test
    void aLearnerForwardsReadsWithoutATerm() {
        TestPeer learner = peer(4);
        answer(learner, from1(MessageType.MsgHeartbeat, 4, 6));
        learner.node.readIndex(ByteString.copyFromUtf8("r"));
        Message request = learner.handleReady().getFirst();
        assertThat(request.getMsgType()).isEqualTo(MessageType.MsgReadIndex);
        assertThat(request.getTo()).isEqualTo(1);
        assertThat(request.getFrom()).isEqualTo(4);
        assertThat(request.getTerm()).isZero();
        assertThat(request.getEntries(0).getData().toStringUtf8()).isEqualTo("r");
    }

    @Test
    void aLearnerDoesNotCampaignButVotes() {
        TestPeer learner = peer(4);
        learner.node.campaign();
        for (int i = 0; i < 50; i++) {
            learner.node.tick();
        }
        learner.node.step(from1(MessageType.MsgTimeoutNow, 4, 6).build());
        assertThat(learner.handleReady()).isEmpty();
        Message vote =
                answer(learner, from1(MessageType.MsgRequestVote, 4, 8).setIndex(5).setLogTerm(5));
        assertThat(vote.getReject()).isFalse();
    }

    @Test
    void aLeaderStopsTakingProposalsBeyondItsUncommittedLimit() {
        TestPeer leader =
                new TestPeer(
                        RaftConfig.builder(1).maxBytesPerMessage(8).maxUncommittedBytes(10).build(),
                        MemoryStorage.startingAt(
                                ConfState.newBuilder().addVoters(1).build(), 5, 5));
        leader.node.campaign();
        leader.handleReady();
        ByteString six = ByteString.copyFromUtf8("123456");
        assertThat(leader.node.propose(ByteString.EMPTY, six)).isTrue();
        assertThat(leader.node.propose(ByteString.EMPTY, six)).isFalse();
        leader.handleReady();
        assertThat(leader.node.propose(ByteString.EMPTY, six)).isTrue();
    }

    @Test
    void aLeaderSendsNoMoreThanTheWindowAndOneMoreAfterAHeartbeat() {
        TestCluster cluster = new TestCluster();
        ConfState two = ConfState.newBuilder().addVoters(1).addVoters(2).build();
        for (long id : List.of(1L, 2L)) {
            cluster.add(
                    RaftConfig.builder(id).maxInflightMessages(2).maxBytesPerMessage(0),
                    MemoryStorage.startingAt(two, 5, 5));
        }
        cluster.elect(1);
        cluster.settle();
        TestPeer leader = cluster.peer(1);
        List<Message> sent = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            leader.node.propose(ByteString.EMPTY, ByteString.copyFromUtf8("x" + i));
            sent.addAll(leader.handleReady());
        }
        assertThat(sent).hasSize(2);
        leader.node.step(
                Message.newBuilder()
                        .setMsgType(MessageType.MsgHeartbeatResponse)
                        .setFrom(2)
                        .setTo(1)
                        .setTerm(leader.node.term())
                        .build());
        assertThat(leader.handleReady()).hasSize(1);
    }

    @Test
    void withGroupCommitAnEntryMustReachTwoGroups() {
        TestCluster cluster = TestCluster.ofVoters(1, 2, 3);
        cluster.elect(1);
        cluster.node(1).assignCommitGroups(Map.of(1L, 1L, 2L, 1L, 3L, 2L));
        cluster.node(1).enableGroupCommit(true);
        cluster.cutOff.add(3L);
        cluster.propose(1, "a");
        assertThat(cluster.peer(1).applied).isEmpty(); // a majority has it, but all of one group
        cluster.cutOff.clear();
        cluster.tick(4);
        assertThat(cluster.peer(1).applied).containsExactly("a");
    }
}
