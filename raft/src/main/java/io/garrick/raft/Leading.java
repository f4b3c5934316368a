package io.garrick.raft;

import static io.garrick.proto.eraft.MessageType.MsgHeartbeat;
import static io.garrick.proto.eraft.MessageType.MsgReadIndexResp;
import static io.garrick.proto.eraft.MessageType.MsgTimeoutNow;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.eraft.Message;
import io.garrick.raft.RaftConfig.ReadOnlyOption;
import io.garrick.raft.member.ConfChanger;
import io.garrick.raft.member.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a leader does: take proposals and reads in, watch over its quorum, hand leadership on. */
final class Leading {
    private final Raft raft;
    private final Replication replication;

    Leading(Raft raft) {
        this.raft = raft;
        replication = new Replication(raft, this);
    }

    // ---- time ----

    boolean tick() {
        raft.heartbeatElapsed++;
        raft.electionElapsed++;
        boolean acted = false;
        if (raft.electionElapsed >= raft.config.electionTicks()) {
            raft.electionElapsed = 0;
            if (raft.config.checkQuorum()) {
                acted = true;
                checkQuorum();
            }
            // A transfer that takes longer than an election is given up.
            raft.leadTransferee = Raft.NONE;
        }
        if (raft.role == RaftRole.LEADER && raft.heartbeatElapsed >= raft.config.heartbeatTicks()) {
            raft.heartbeatElapsed = 0;
            acted = true;
            broadcastHeartbeat();
        }
        return acted;
    }

    private void checkQuorum() {
        if (!raft.members.takeQuorumActivity(raft.id())) {
            raft.event(new RaftEvent.QuorumLost(raft.id(), raft.term));
            raft.becomeFollower(raft.term, Raft.NONE);
        }
    }

    void broadcastHeartbeat() {
        broadcastHeartbeat(raft.reads.heartbeatContext());
    }

    private void broadcastHeartbeat(ByteString context) {
        for (Map.Entry<Long, Progress> member : raft.members.all().entrySet()) {
            if (member.getKey() == raft.id()) {
                continue;
            }
            // Never more than the peer is known to have, or it would commit entries that it may not
            // share.
            long commit = Math.min(member.getValue().matched(), raft.log.committed());
            raft.send(
                    Raft.message(MsgHeartbeat, member.getKey())
                            .setCommit(commit)
                            .setContext(context));
            member.getValue().sentCommit(commit);
        }
    }

    void broadcastAppend() {
        replication.broadcast();
    }

    // ---- messages ----

    StepOutcome step(Message message) {
        switch (message.getMsgType()) {
            case MsgPropose -> {
                return propose(message);
            }
            case MsgReadIndex -> readIndex(message);
            case MsgAppendResponse -> replication.appendAnswered(message);
            case MsgHeartbeatResponse -> heartbeatAnswered(message);
            case MsgSnapStatus -> replication.snapshotReported(message);
            case MsgUnreachable -> replication.unreachable(message.getFrom());
            case MsgTransferLeader -> transferLeader(message.getFrom());
            default -> {}
        }
        return StepOutcome.DONE;
    }

    // ---- proposals ----

    private StepOutcome propose(Message message) {
        if (message.getEntriesCount() == 0) {
            throw new IllegalArgumentException("proposal without entries");
        }
        if (raft.members.get(raft.id()) == null) {
            return raft.dropProposal(RaftEvent.DropReason.NOT_A_MEMBER);
        }
        if (raft.leadTransferee != Raft.NONE) {
            return raft.dropProposal(RaftEvent.DropReason.TRANSFER_IN_PROGRESS);
        }
        List<Entry> entries = new ArrayList<>();
        for (Entry proposed : message.getEntriesList()) {
            if (proposed.getEntryType() == EntryType.EntryNormal) {
                entries.add(proposed);
                continue;
            }
            ConfChangeV2 change = parse(proposed);
            if (change == null) {
                return raft.dropProposal(RaftEvent.DropReason.UNREADABLE_CONF_CHANGE);
            }
            String refusal = refusal(change);
            if (refusal.isEmpty() || raft.config.trustConfChanges()) {
                raft.pendingConfIndex = raft.log.lastIndex() + entries.size() + 1;
                entries.add(proposed);
            } else {
                raft.event(
                        new RaftEvent.ConfChangeIgnored(
                                raft.id(), change, raft.members.conf().toConfState(), refusal));
                entries.add(Entry.getDefaultInstance()); // keeps its place, changes nothing
            }
        }
        if (!append(entries)) {
            return raft.dropProposal(RaftEvent.DropReason.TOO_MUCH_UNCOMMITTED);
        }
        broadcastAppend();
        return StepOutcome.DONE;
    }

    private static @Nullable ConfChangeV2 parse(Entry entry) {
        try {
            return entry.getEntryType() == EntryType.EntryConfChange
                    ? ConfChanger.toV2(ConfChange.parseFrom(entry.getData()))
                    : ConfChangeV2.parseFrom(entry.getData());
        } catch (InvalidProtocolBufferException unreadable) {
            return null;
        }
    }

    private String refusal(ConfChangeV2 change) {
        boolean joint = raft.members.conf().isJoint();
        boolean leaves = change.getChangesCount() == 0;
        if (raft.hasPendingConf()) {
            return "possible unapplied conf change at index %d (applied to %d)"
                    .formatted(raft.pendingConfIndex, raft.log.applied());
        }
        if (joint && !leaves) {
            return "must transition out of joint config first";
        }
        return !joint && leaves ? "not in joint state; refusing empty conf change" : "";
    }

    /**
     * Adds entries to the own log with the next indexes; false if that would be too much
     * uncommitted payload.
     */
    boolean append(List<Entry> entries) {
        if (!raft.uncommitted.tryAdd(entries)) {
            return false;
        }
        long index = raft.log.lastIndex();
        List<Entry> numbered = new ArrayList<>(entries.size());
        for (Entry entry : entries) {
            index++;
            numbered.add(entry.toBuilder().setTerm(raft.term).setIndex(index).build());
        }
        raft.log.append(numbered); // counted for the commit once it is persisted
        return true;
    }

    void ownEntriesPersisted(long index) {
        Progress self = raft.members.get(raft.id());
        if (self != null && self.update(index)) {
            commitAndBroadcast();
        }
    }

    /** Commits what a quorum has by now; tells everybody if that is more than before. */
    boolean commitAndBroadcast() {
        if (raft.role != RaftRole.LEADER || !commit()) {
            return false;
        }
        if (!raft.config.skipBroadcastCommit() || raft.hasPendingConf()) {
            broadcastAppend();
        }
        return true;
    }

    private boolean commit() {
        if (!raft.log.tryCommit(raft.members.committed().index(), raft.term)) {
            return false;
        }
        Progress self = raft.members.get(raft.id());
        if (self != null) {
            self.updateCommitted(raft.log.committed());
        }
        return true;
    }

    // ---- reads ----

    private void readIndex(Message request) {
        if (!raft.committedInCurrentTerm()) {
            // The commit index may be behind what an earlier leader has acknowledged.
            raft.event(
                    new RaftEvent.ReadIndexDropped(
                            raft.id(), raft.term, "no commit in this term yet"));
            return;
        }
        // The only voter need not ask; a leader that was demoted is not that voter, and the one
        // that
        // is may lead a later term by now. (raft-rs answers even then.)
        if ((raft.members.isSingleton() && raft.promotable)
                || raft.config.readOnlyOption() == ReadOnlyOption.LEASE_BASED) {
            answerRead(request, raft.log.committed());
            return;
        }
        if (request.getEntriesCount() == 0) {
            throw new IllegalArgumentException("read index request without context");
        }
        ByteString context = request.getEntries(0).getData();
        raft.reads.add(context, request, raft.log.committed(), raft.id());
        broadcastHeartbeat(context);
    }

    private void answerRead(Message request, long index) {
        if (request.getFrom() == Raft.NONE || request.getFrom() == raft.id()) {
            raft.readStates.add(new ReadState(index, request.getEntries(0).getData()));
            return;
        }
        raft.send(
                Raft.message(MsgReadIndexResp, request.getFrom())
                        .setIndex(index)
                        .addAllEntries(request.getEntriesList()));
    }

    private void heartbeatAnswered(Message response) {
        if (!replication.heartbeatAnswered(response)
                || raft.config.readOnlyOption() != ReadOnlyOption.SAFE
                || response.getContext().isEmpty()) {
            return;
        }
        answerReads(response.getContext(), response.getFrom());
    }

    private void answerReads(ByteString context, long from) {
        if (!raft.members.isQuorum(raft.reads.acknowledge(context, from))) {
            return;
        }
        for (ReadOnlyQueue.Pending read : raft.reads.takeUpTo(context)) {
            answerRead(read.request(), read.index());
        }
    }

    // ---- transfer ----

    private void transferLeader(long to) {
        Progress target = raft.members.get(to);
        if (target == null || raft.members.isLearner(to) || raft.leadTransferee == to) {
            raft.event(new RaftEvent.TransferIgnored(raft.id(), raft.term, to));
            return;
        }
        raft.leadTransferee = Raft.NONE; // a transfer to somebody else is given up
        if (to == raft.id()) {
            raft.event(new RaftEvent.TransferIgnored(raft.id(), raft.term, to));
            return;
        }
        raft.event(new RaftEvent.TransferStarted(raft.id(), raft.term, to));
        raft.electionElapsed = 0; // the transfer has one election timeout to succeed
        raft.leadTransferee = to;
        if (target.matched() == raft.log.lastIndex()) {
            sendTimeoutNow(to, true);
        } else {
            replication.sendAppend(to, target);
        }
    }

    void caughtUp(long peer, Progress progress) {
        if (peer == raft.leadTransferee && progress.matched() == raft.log.lastIndex()) {
            sendTimeoutNow(peer, false);
        }
    }

    private void sendTimeoutNow(long to, boolean atOnce) {
        raft.send(Raft.message(MsgTimeoutNow, to));
        raft.event(new RaftEvent.TimeoutNowSent(raft.id(), to, atOnce));
    }

    // ---- membership ----

    void confSwitched() {
        if (!commitAndBroadcast()) {
            // New members need not wait for a heartbeat or the next proposal.
            replication.probeNewMembers();
        }
        // The quorum may be smaller now, so that a waiting read has enough answers already.
        ByteString waiting = raft.reads.heartbeatContext();
        if (raft.reads.size() > 0) {
            answerReads(waiting, raft.id());
        }
        if (raft.leadTransferee != Raft.NONE
                && !raft.members.conf().voters().contains(raft.leadTransferee)) {
            raft.leadTransferee = Raft.NONE;
        }
    }

    /**
     * The change that entered the joint configuration is applied: propose the one that leaves it.
     */
    void maybeLeaveJoint(long appliedBefore, long applied) {
        if (raft.role != RaftRole.LEADER
                || !raft.members.conf().autoLeave()
                || applied < raft.pendingConfIndex
                || (appliedBefore > raft.pendingConfIndex && !raft.etcd())) {
            return;
        }
        Entry leave = Entry.newBuilder().setEntryType(EntryType.EntryConfChangeV2).build();
        if (raft.etcd()) {
            if (propose(Message.newBuilder().addEntries(leave).build()) != StepOutcome.DONE) {
                return;
            }
        } else {
            append(List.of(leave)); // never refused, it has no payload
            raft.pendingConfIndex = raft.log.lastIndex();
        }
        raft.event(new RaftEvent.AutoLeaveStarted(raft.id(), raft.members.conf().toConfState()));
    }
}
