package io.garrick.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeSingle;
import io.garrick.proto.eraft.ConfChangeType;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RaftNodeTest {
    private static final ByteString NONE = ByteString.EMPTY;

    private static ConfChangeSingle change(ConfChangeType type, long id) {
        return ConfChangeSingle.newBuilder().setChangeType(type).setNodeId(id).build();
    }

    @Test
    void threeVotersElectALeaderAndApplyWhatItIsGiven() {
        TestCluster cluster = TestCluster.ofVoters(1, 2, 3);
        cluster.tick(30);
        long leader = cluster.node(1).leaderId();
        assertThat(leader).isNotZero();
        assertThat(cluster.propose(leader, "a")).isTrue();
        assertThat(cluster.propose(leader % 3 + 1, "b")).isTrue(); // forwarded by a follower
        cluster.peers.values().forEach(p -> assertThat(p.applied).containsExactly("a", "b"));
    }

    @Test
    void aSingleVoterCommitsAlone() {
        TestCluster cluster = TestCluster.ofVoters(1);
        cluster.elect(1);
        cluster.propose(1, "a");
        assertThat(cluster.peer(1).applied).containsExactly("a");
        cluster.node(1).readIndex(ByteString.copyFromUtf8("r"));
        cluster.settle();
        assertThat(cluster.peer(1).reads).extracting(ReadState::index).containsExactly(7L);
    }

    @Test
    void aLearnerWithoutALogIsCaughtUpByASnapshotAndThenByEntries() {
        TestCluster cluster = TestCluster.ofVoters(1, 2, 3);
        cluster.elect(1);
        cluster.propose(1, "a");
        cluster.propose(1, "b");
        cluster.peer(1).snapshotAndCompact();
        cluster.addEmpty(4);
        cluster.node(1)
                .proposeConfChange(
                        NONE,
                        ConfChange.newBuilder()
                                .setChangeType(ConfChangeType.AddLearnerNode)
                                .setNodeId(4)
                                .build());
        cluster.settle();
        // The snapshot from before the change does not name the learner.
        cluster.peer(1).snapshotAndCompact();
        cluster.tick(4);
        cluster.propose(1, "c");
        assertThat(cluster.peer(4).applied).containsExactly("a", "b", "c");
        assertThat(cluster.peer(4).storage.firstIndex()).isGreaterThan(6);
        cluster.node(4).readIndex(ByteString.copyFromUtf8("r"));
        cluster.settle();
        assertThat(cluster.peer(4).reads)
                .containsExactly(
                        new ReadState(cluster.node(1).commitIndex(), ByteString.copyFromUtf8("r")));
        assertThat(cluster.node(1).status().progress())
                .hasEntrySatisfying(4L, p -> assertThat(p.learner()).isTrue());
    }

    @Test
    void aFollowerThatFellBehindTheLogGetsASnapshot() {
        TestCluster cluster = TestCluster.ofVoters(1, 2, 3);
        cluster.elect(1);
        cluster.cutOff.add(3L);
        cluster.propose(1, "a");
        cluster.propose(1, "b");
        cluster.peer(1).snapshotAndCompact();
        cluster.cutOff.clear();
        cluster.tick(5);
        assertThat(cluster.peer(3).applied).containsExactly("a", "b");
        cluster.propose(1, "c");
        assertThat(cluster.peer(3).applied).containsExactly("a", "b", "c");
    }

    @Test
    void aJointChangeReplacesVotersAndLeavesByItself() {
        TestCluster cluster = TestCluster.ofVoters(1, 2, 3);
        cluster.elect(1);
        cluster.addEmpty(4);
        cluster.addEmpty(5);
        cluster.peer(1).snapshotAndCompact();
        cluster.node(1)
                .proposeConfChange(
                        NONE,
                        ConfChangeV2.newBuilder()
                                .addChanges(change(ConfChangeType.AddNode, 4))
                                .addChanges(change(ConfChangeType.AddNode, 5))
                                .addChanges(change(ConfChangeType.RemoveNode, 2))
                                .addChanges(change(ConfChangeType.AddLearnerNode, 3))
                                .build());
        cluster.settle();
        assertThat(cluster.node(1).status().confState().getVotersOutgoingList())
                .containsExactly(1L, 2L, 3L);
        cluster.peer(1).snapshotAndCompact();
        cluster.tick(10);
        assertThat(cluster.node(1).status().confState().getVotersList())
                .containsExactly(1L, 4L, 5L);
        assertThat(cluster.node(1).status().confState().getLearnersList()).containsExactly(3L);
        assertThat(cluster.node(1).status().confState().getVotersOutgoingList()).isEmpty();
        cluster.cutOff.add(2L);
        cluster.propose(1, "a");
        assertThat(cluster.peer(5).applied).containsExactly("a");
        assertThat(cluster.peer(3).applied).containsExactly("a");
    }

    @Test
    void leadershipIsHandedOverOnRequest() {
        TestCluster cluster = TestCluster.ofVoters(1, 2, 3);
        cluster.elect(1);
        cluster.node(1).transferLeader(3);
        cluster.settle();
        assertThat(cluster.node(3).isLeader()).isTrue();
        assertThat(cluster.node(1).leaderId()).isEqualTo(3);
    }

    @Test
    void aLeaderWithoutItsQuorumStepsDown() {
        TestCluster cluster = TestCluster.ofVoters(1, 2, 3);
        cluster.elect(1);
        cluster.cutOff.add(1L);
        cluster.tick(25);
        assertThat(cluster.node(1).isLeader()).isFalse();
        assertThat(cluster.propose(1, "lost")).isFalse();
    }

    @Test
    void aReadIsAnsweredOnlyAfterAQuorumEchoedTheHeartbeat() {
        TestCluster cluster = TestCluster.ofVoters(1, 2, 3);
        cluster.elect(1);
        cluster.cutOff.add(2L);
        cluster.cutOff.add(3L);
        cluster.node(1).readIndex(ByteString.copyFromUtf8("r"));
        cluster.settle();
        assertThat(cluster.peer(1).reads).isEmpty();
        assertThat(cluster.node(1).pendingReadCount()).isEqualTo(1);
        cluster.cutOff.remove(2L);
        cluster.tick(2);
        assertThat(cluster.peer(1).reads)
                .extracting(ReadState::index)
                .containsExactly(cluster.node(1).commitIndex());
    }

    @Test
    void aDemotedLeaderAsksTheOnlyVoterBeforeItAnswersARead() {
        TestCluster cluster = TestCluster.ofVoters(1, 2);
        cluster.elect(1);
        cluster.node(1)
                .proposeConfChange(
                        NONE,
                        ConfChangeV2.newBuilder()
                                .addChanges(change(ConfChangeType.AddLearnerNode, 1))
                                .build());
        cluster.settle();
        assertThat(cluster.node(1).isLeader()).isTrue();
        assertThat(cluster.node(1).status().confState().getVotersList()).containsExactly(2L);
        cluster.cutOff.add(2L);
        cluster.node(1).readIndex(ByteString.copyFromUtf8("r"));
        cluster.settle();
        assertThat(cluster.peer(1).reads).isEmpty();
        cluster.cutOff.clear();
        cluster.tick(2);
        assertThat(cluster.peer(1).reads).hasSize(1);
    }

    @Test
    void aLeaderWithoutACommitInItsTermDropsReads() {
        TestCluster cluster = TestCluster.ofVoters(1, 2);
        cluster.node(1).campaign();
        while (!cluster.node(1).isLeader()) {
            for (Message message : cluster.peer(1).handleReady()) {
                cluster.node(2).step(message);
            }
            for (Message message : cluster.peer(2).handleReady()) {
                cluster.node(1).step(message);
            }
        }
        cluster.node(1).readIndex(ByteString.copyFromUtf8("r"));
        assertThat(cluster.node(1).pendingReadCount()).isZero();
        cluster.settle();
        assertThat(cluster.peer(1).reads).isEmpty();
    }

    @Test
    void aFollowerMayAskForAFreshSnapshot() {
        TestCluster cluster = TestCluster.ofVoters(1, 2, 3);
        cluster.elect(1);
        cluster.propose(1, "a");
        cluster.peer(1).snapshotAndCompact();
        cluster.peer(2).applied.clear(); // its data is damaged
        assertThat(cluster.node(2).requestSnapshot()).isTrue();
        cluster.settle();
        assertThat(cluster.peer(2).applied).containsExactly("a");
        cluster.tick(4);
        cluster.propose(1, "b");
        assertThat(cluster.peer(2).applied).containsExactly("a", "b");
    }

    @Test
    void aCommitBeyondTheLogIsATypedError() {
        TestCluster cluster = TestCluster.ofVoters(1, 2, 3);
        Message heartbeat =
                Message.newBuilder()
                        .setMsgType(MessageType.MsgHeartbeat)
                        .setFrom(2)
                        .setTo(1)
                        .setTerm(6)
                        .setCommit(9)
                        .build();
        assertThatThrownBy(() -> cluster.node(1).step(heartbeat))
                .isInstanceOfSatisfying(
                        RaftBrokenException.class,
                        broken ->
                                assertThat(broken.reason())
                                        .isEqualTo(
                                                RaftBrokenException.Reason
                                                        .COMMIT_BEYOND_LAST_INDEX));
    }

    @Test
    void theOnlyVoterSendsNothingBeforeItsOwnVoteIsSynced() {
        MemoryStorage storage =
                MemoryStorage.startingAt(
                        ConfState.newBuilder().addVoters(1).addLearners(2).build(), 5, 5);
        RaftNode node =
                new RaftNode(
                        RaftConfig.builder(1).preVote(false).build(),
                        storage,
                        new SplittableRandom(1));
        node.campaign();
        assertThat(node.isLeader()).isTrue();
        Ready ready = node.ready();
        assertThat(ready.mustSync()).isTrue();
        assertThat(ready.messages()).isEmpty();
        assertThat(ready.persistedMessages()).isNotEmpty();
        storage.append(ready.entries());
        node.advanceAppendAsync(ready);
        node.ping();
        Ready next = node.ready();
        assertThat(next.messages()).isEmpty();
        node.advanceAppendAsync(next);
        node.onPersistReady(next.number());
        node.ping();
        assertThat(node.ready().messages()).isNotEmpty();
    }

    @Test
    void followersAnswerAppendsOnlyThroughPersistedMessages() {
        TestCluster cluster = TestCluster.ofVoters(1, 2, 3);
        RaftNode follower = cluster.node(2);
        follower.step(
                Message.newBuilder()
                        .setMsgType(MessageType.MsgAppend)
                        .setFrom(1)
                        .setTo(2)
                        .setTerm(6)
                        .setIndex(5)
                        .setLogTerm(5)
                        .setCommit(5)
                        .addEntries(
                                io.garrick.proto.eraft.Entry.newBuilder().setTerm(6).setIndex(6))
                        .build());
        Ready ready = follower.ready();
        assertThat(ready.mustSync()).isTrue();
        assertThat(ready.messages()).isEmpty();
        assertThat(ready.persistedMessages())
                .singleElement()
                .satisfies(m -> {
                    assertThat(m.getMsgType()).isEqualTo(MessageType.MsgAppendResponse);
                    assertThat(m.getIndex()).isEqualTo(6);
                    assertThat(m.getCommit()).isEqualTo(5);
                });
    }
}
