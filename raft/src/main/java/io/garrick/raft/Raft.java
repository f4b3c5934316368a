package io.garrick.raft;

import static io.garrick.proto.eraft.MessageType.MsgAppendResponse;
import static io.garrick.proto.eraft.MessageType.MsgRequestPreVote;
import static io.garrick.proto.eraft.MessageType.MsgRequestPreVoteResponse;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.raft.RaftBrokenException.Reason;
import io.garrick.raft.RaftConfig.Dialect;
import io.garrick.raft.member.ConfChangeException;
import io.garrick.raft.member.ConfChanger;
import io.garrick.raft.member.Configuration;
import io.garrick.raft.member.Members;
import io.garrick.raft.member.Progress;
import io.garrick.raft.member.Progress.FlowControl;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The state of one peer and its transitions between roles.
 *
 * <p>Every input ends in {@link #step}. It first settles the term: a higher one makes this peer a
 * follower, a lower one is refused. What remains is of the current term and goes to {@link
 * Election} (votes), {@link Leading} or {@link Following}. Effects are only collected here:
 * messages, entries in the unstable log, read states. {@link RaftNode} turns them into a Ready and
 * keeps the order of persisting and sending.
 *
 * <p>Why it is safe, in short: a term has at most one leader, since a vote is persisted before it
 * is answered and two quorums overlap; a leader never changes its own log, and commits by counting
 * only entries of its own term; a voter refuses candidates whose log is behind its own, so whatever
 * is committed is in every later leader's log; a configuration takes effect when applied, and only
 * one change may be in flight, so that consecutive configurations overlap too.
 */
final class Raft {
    static final long NONE = 0;

    final RaftConfig config;
    final RaftLog log;
    final Members members;
    final ReadOnlyQueue reads = new ReadOnlyQueue();
    final List<ReadState> readStates = new ArrayList<>();
    final UncommittedBytes uncommitted;
    private final RandomGenerator random;
    private final RaftObserver observer;
    private final Election election = new Election(this);
    private final Leading leading = new Leading(this);
    private final Following following = new Following(this);

    RaftRole role = RaftRole.FOLLOWER;
    long term;
    long vote;
    long leaderId;
    long leadTransferee;
    long priority;
    boolean promotable;
    // At least the index of the last conf change in the log that may not be applied; no other may
    // be proposed before.
    long pendingConfIndex;
    // A snapshot this follower has asked for must contain this index; 0 when it did not ask.
    long pendingRequestSnapshot;
    int electionElapsed;
    int heartbeatElapsed;
    int randomizedElectionTimeout;

    private List<Message> messages = new ArrayList<>();
    // etcd sends answers that wait for the disk after all other messages; raft-rs keeps the order
    // of sending.
    private List<Message> answers = new ArrayList<>();
    // etcd counts the own vote when it is persisted; raft-rs at once.
    private @Nullable Message ownVote;

    Raft(RaftConfig config, RaftStorage storage, RandomGenerator random, RaftObserver observer) {
        this.config = config;
        this.random = random;
        this.observer = observer;
        priority = config.priority();
        log = new RaftLog(storage);
        uncommitted = new UncommittedBytes(config.maxUncommittedBytes());
        members =
                new Members(
                        config.maxInflightMessages(),
                        etcd() ? FlowControl.BY_FLAG : FlowControl.BY_WINDOW);
        RaftStorage.InitialState initial = storage.initialState();
        switchTo(restored(initial.confState()));
        HardState hard = initial.hardState();
        if (!hard.equals(HardState.getDefaultInstance())) {
            log.loadCommitted(hard.getCommit());
            term = hard.getTerm();
            vote = hard.getVote();
        }
        if (config.applied() > 0) {
            log.loadApplied(config.applied());
        }
        becomeFollower(term, NONE);
        event(
                new RaftEvent.Started(
                        config.id(),
                        List.copyOf(members.conf().voters().ids()),
                        term,
                        log.committed(),
                        log.applied(),
                        log.lastIndex(),
                        log.lastTerm()));
    }

    boolean etcd() {
        return config.dialect() == Dialect.ETCD;
    }

    long id() {
        return config.id();
    }

    void event(RaftEvent event) {
        observer.on(event);
    }

    HardState hardState() {
        return HardState.newBuilder()
                .setTerm(term)
                .setVote(vote)
                .setCommit(log.committed())
                .build();
    }

    SoftState softState() {
        return new SoftState(leaderId, role);
    }

    boolean committedInCurrentTerm() {
        return log.term(log.committed()) == term;
    }

    /**
     * How far apply may run ahead of the disk: never on a follower, whose tail may still be
     * replaced.
     */
    long allowUnpersisted() {
        if (etcd()) {
            return RaftConfig.NO_LIMIT;
        }
        return role == RaftRole.LEADER ? config.maxApplyUnpersistedEntries() : 0;
    }

    // ---- sending ----

    static Message.Builder message(MessageType type, long to) {
        return Message.newBuilder().setMsgType(type).setTo(to);
    }

    /**
     * Sends with the current term. Votes carry their own, forwarded requests none: use {@link
     * #sendAsIs}.
     */
    void send(Message.Builder message) {
        sendAsIs(message.setTerm(term));
    }

    void sendAsIs(Message.Builder message) {
        if (message.getFrom() == NONE) {
            message.setFrom(id());
        }
        Message built = message.build();
        switch (built.getMsgType()) {
            case MsgAppendResponse, MsgRequestVoteResponse, MsgRequestPreVoteResponse -> {
                if (etcd()) {
                    answers.add(built);
                } else {
                    messages.add(built);
                }
            }
            default -> messages.add(built);
        }
    }

    List<Message> outgoing() {
        return messages;
    }

    boolean hasMessages() {
        return !messages.isEmpty() || !answers.isEmpty() || ownVote != null;
    }

    List<Message> takeMessages() {
        List<Message> taken = messages;
        messages = new ArrayList<>();
        if (!answers.isEmpty()) {
            taken.addAll(answers);
            answers = new ArrayList<>();
        }
        return taken;
    }

    void setOwnVote(Message own) {
        ownVote = own;
    }

    @Nullable Message takeOwnVote() {
        Message taken = ownVote;
        ownVote = null;
        return taken;
    }

    // ---- time ----

    boolean tick() {
        if (role == RaftRole.LEADER) {
            return leading.tick();
        }
        electionElapsed++;
        if (electionElapsed < randomizedElectionTimeout || !mayCampaign()) {
            return false;
        }
        electionElapsed = 0;
        election.start(config.preVote() ? Election.Kind.PRE_VOTE : Election.Kind.VOTE);
        return true;
    }

    boolean mayCampaign() {
        return promotable && !(etcd() && log.unstable().snapshot() != null);
    }

    void campaign() {
        election.start(config.preVote() ? Election.Kind.PRE_VOTE : Election.Kind.VOTE);
    }

    void campaignForTransfer() {
        election.start(Election.Kind.TRANSFER);
    }

    void resetRandomizedElectionTimeout() {
        randomizedElectionTimeout =
                random.nextInt(config.minElectionTicks(), config.maxElectionTicks());
    }

    // ---- roles ----

    private void reset(long newTerm) {
        if (term != newTerm) {
            term = newTerm;
            vote = NONE;
        }
        leaderId = NONE;
        electionElapsed = 0;
        heartbeatElapsed = 0;
        resetRandomizedElectionTimeout();
        leadTransferee = NONE;
        members.resetVotes();
        pendingConfIndex = 0;
        reads.clear();
        for (Map.Entry<Long, Progress> member : members.all().entrySet()) {
            boolean self = member.getKey() == id();
            member.getValue().reset(log.lastIndex(), self ? log.persisted() : 0);
            if (self) {
                member.getValue().updateCommitted(log.committed());
            }
        }
    }

    void becomeFollower(long newTerm, long leader) {
        reset(newTerm);
        leaderId = leader;
        role = RaftRole.FOLLOWER;
        event(new RaftEvent.RoleChanged(id(), role, term));
    }

    void becomePreCandidate() {
        // Neither term nor vote change: that is what a pre-vote is for.
        members.resetVotes();
        leaderId = NONE;
        role = RaftRole.PRE_CANDIDATE;
        event(new RaftEvent.RoleChanged(id(), role, term));
    }

    void becomeCandidate() {
        reset(term + 1);
        pendingRequestSnapshot = 0;
        vote = id();
        role = RaftRole.CANDIDATE;
        event(new RaftEvent.RoleChanged(id(), role, term));
    }

    void becomeLeader() {
        reset(term);
        pendingRequestSnapshot = 0;
        leaderId = id();
        role = RaftRole.LEADER;
        uncommitted.startTerm(log.lastIndex());
        Progress self = members.get(id());
        if (self != null) {
            self.becomeReplicate();
            self.setRecentActive(true);
        }
        // There may be an unapplied conf change anywhere in the log; looking for it costs more than
        // waiting.
        pendingConfIndex = log.lastIndex();
        // A leader may count only entries of its own term as committed, so it makes one (Raft
        // thesis 3.6.2).
        leading.append(List.of(Entry.getDefaultInstance()));
        event(new RaftEvent.RoleChanged(id(), role, term));
        leading.broadcastAppend();
    }

    // ---- messages in ----

    StepOutcome step(Message message) {
        if (message.getTerm() > term && message.getTerm() != 0) {
            if (!settleHigherTerm(message)) {
                return StepOutcome.DONE;
            }
        } else if (message.getTerm() < term && message.getTerm() != 0) {
            refuseLowerTerm(message);
            return StepOutcome.DONE;
        }
        return switch (message.getMsgType()) {
            case MsgRequestVote, MsgRequestPreVote -> {
                election.answer(message);
                yield StepOutcome.DONE;
            }
            default ->
                    switch (role) {
                        case LEADER -> leading.step(message);
                        case FOLLOWER -> following.step(message);
                        case CANDIDATE, PRE_CANDIDATE -> stepCandidate(message);
                    };
        };
    }

    /** False when a voter that hears from a live leader keeps quiet. */
    private boolean settleHigherTerm(Message message) {
        switch (message.getMsgType()) {
            case MsgRequestVote, MsgRequestPreVote -> {
                if (election.ignoresInLease(message)) {
                    return false;
                }
                if (message.getMsgType() == MsgRequestPreVote) {
                    return true;
                }
            }
            case MsgRequestPreVoteResponse -> {
                // A granted pre-vote carries the term we would campaign at. A refusal carries the
                // voter's.
                if (!message.getReject()) {
                    return true;
                }
            }
            default -> {}
        }
        event(
                new RaftEvent.HigherTermSeen(
                        id(), term, message.getMsgType(), message.getFrom(), message.getTerm()));
        boolean fromLeader =
                switch (message.getMsgType()) {
                    case MsgAppend, MsgHeartbeat, MsgSnapshot -> true;
                    default -> false;
                };
        becomeFollower(message.getTerm(), fromLeader ? message.getFrom() : NONE);
        return true;
    }

    private void refuseLowerTerm(Message message) {
        switch (message.getMsgType()) {
            case MsgHeartbeat, MsgAppend -> {
                if (config.checkQuorum() || config.preVote()) {
                    // A leader cut off for a while would never learn of our term: we neither answer
                    // votes in the lease
                    // nor campaign with a higher term. The term in this answer makes it step down.
                    send(message(MsgAppendResponse, message.getFrom()));
                    return;
                }
            }
            case MsgRequestPreVote -> {
                election.rejectLowerTerm(message);
                sendAsIs(
                        message(MsgRequestPreVoteResponse, message.getFrom())
                                .setTerm(term)
                                .setReject(true));
                return;
            }
            default -> {}
        }
        event(
                new RaftEvent.LowerTermIgnored(
                        id(), term, message.getMsgType(), message.getFrom(), message.getTerm()));
    }

    private StepOutcome stepCandidate(Message message) {
        switch (message.getMsgType()) {
            case MsgPropose -> {
                return dropProposal(RaftEvent.DropReason.NO_LEADER);
            }
            case MsgAppend, MsgHeartbeat, MsgSnapshot -> {
                becomeFollower(term, message.getFrom());
                return following.step(message);
            }
            case MsgRequestVoteResponse, MsgRequestPreVoteResponse -> election.count(message);
            case MsgReadIndex -> event(new RaftEvent.ReadIndexDropped(id(), term, "no leader"));
            default -> {}
        }
        return StepOutcome.DONE;
    }

    StepOutcome dropProposal(RaftEvent.DropReason reason) {
        event(new RaftEvent.ProposalDropped(id(), term, reason));
        return StepOutcome.PROPOSAL_DROPPED;
    }

    boolean requestSnapshot() {
        return following.requestSnapshot();
    }

    void ping() {
        if (role == RaftRole.LEADER) {
            leading.broadcastHeartbeat();
        }
    }

    void readIndex(ByteString context) {
        step(
                Message.newBuilder()
                        .setMsgType(MessageType.MsgReadIndex)
                        .addEntries(Entry.newBuilder().setData(context))
                        .build());
    }

    /**
     * Waits for the current term's leader no longer, as if the network told that it is gone (etcd).
     */
    void forgetLeader() {
        if (role != RaftRole.FOLLOWER) {
            return;
        }
        if (config.readOnlyOption() == RaftConfig.ReadOnlyOption.LEASE_BASED) {
            event(
                    new RaftEvent.LeaderKept(
                            id(), leaderId)); // its lease is what makes its reads right
            return;
        }
        if (leaderId == NONE) {
            return;
        }
        event(new RaftEvent.LeaderForgotten(id(), leaderId, term));
        leaderId = NONE;
    }

    // ---- disk and state machine ----

    void entriesPersisted(long index, long entryTerm) {
        if (log.entriesPersisted(index, entryTerm) && role == RaftRole.LEADER) {
            leading.ownEntriesPersisted(index);
        }
    }

    void appliedTo(long index) {
        long before = log.applied();
        log.appliedTo(index);
        leading.maybeLeaveJoint(before, index);
    }

    void committedHandedOut(List<Entry> entries) {
        if (role == RaftRole.LEADER) {
            uncommitted.committed(entries);
        }
    }

    // ---- membership ----

    boolean hasPendingConf() {
        return pendingConfIndex > log.applied();
    }

    static Configuration restored(ConfState state) {
        try {
            Configuration conf = ConfChanger.restore(state);
            if (!conf.matches(state)) {
                throw new RaftBrokenException(
                        Reason.BAD_STORED_STATE, "configuration cannot be: " + state);
            }
            return conf;
        } catch (ConfChangeException impossible) {
            throw broken(Reason.BAD_STORED_STATE, state, impossible);
        }
    }

    private static RaftBrokenException broken(
            Reason reason, Object what, ConfChangeException cause) {
        RaftBrokenException broken =
                new RaftBrokenException(reason, cause.getMessage() + ": " + what);
        broken.initCause(cause);
        return broken;
    }

    ConfState applyConfChange(ConfChangeV2 change) {
        try {
            return switchTo(ConfChanger.apply(members.conf(), change));
        } catch (ConfChangeException impossible) {
            throw broken(Reason.BAD_CONF_CHANGE, members.conf() + " + " + change, impossible);
        }
    }

    ConfState switchTo(Configuration next) {
        members.switchTo(next, log.lastIndex());
        ConfState state = next.toConfState();
        event(new RaftEvent.ConfSwitched(id(), state));
        promotable = next.voters().contains(id());
        if (role != RaftRole.LEADER) {
            return state;
        }
        if (!promotable) {
            // raft-rs leaves the removal of a leader to the driver, which destroys the peer.
            if (config.stepDownOnRemoval()) {
                becomeFollower(term, NONE);
            }
            return state;
        }
        leading.confSwitched();
        return state;
    }

    // ---- state, for the driver ----

    ProgressStatus progressOf(long peer, Progress of) {
        return new ProgressStatus(
                switch (of.state()) {
                    case PROBE -> ProgressStatus.State.PROBE;
                    case REPLICATE -> ProgressStatus.State.REPLICATE;
                    case SNAPSHOT -> ProgressStatus.State.SNAPSHOT;
                },
                of.matched(),
                of.next(),
                members.isLearner(peer),
                of.isPaused(),
                of.pendingSnapshot(),
                of.recentActive(),
                of.inflightCount(),
                of.inflightFull(),
                of.committed());
    }

    RaftStatus status() {
        TreeMap<Long, ProgressStatus> progress = new TreeMap<>();
        if (role == RaftRole.LEADER) {
            members.all().forEach((peer, of) -> progress.put(peer, progressOf(peer, of)));
        }
        return new RaftStatus(
                id(),
                hardState(),
                softState(),
                log.firstIndex(),
                log.lastIndex(),
                log.persisted(),
                log.applied(),
                leadTransferee,
                members.conf().toConfState(),
                progress);
    }

    void enableGroupCommit(boolean on) {
        members.setGroupCommit(on);
        if (!on) {
            leading.commitAndBroadcast();
        }
    }

    void assignCommitGroups(Map<Long, Long> groups) {
        groups.forEach(members::assignCommitGroup);
        if (members.groupCommit()) {
            leading.commitAndBroadcast();
        }
    }
}
