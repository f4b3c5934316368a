package io.garrick.raft;

import static io.garrick.proto.eraft.MessageType.MsgAppendResponse;
import static io.garrick.proto.eraft.MessageType.MsgHeartbeatResponse;

import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;

/** What a follower or learner does with its leader's messages. */
final class Following {
    private final Raft raft;

    Following(Raft raft) {
        this.raft = raft;
    }

    StepOutcome step(Message message) {
        switch (message.getMsgType()) {
            case MsgAppend -> {
                heardFrom(message);
                append(message);
            }
            case MsgHeartbeat -> {
                heardFrom(message);
                heartbeat(message);
            }
            case MsgSnapshot -> {
                heardFrom(message);
                snapshot(message);
            }
            case MsgPropose -> {
                if (raft.leaderId == Raft.NONE) {
                    return raft.dropProposal(RaftEvent.DropReason.NO_LEADER);
                }
                if (raft.config.disableProposalForwarding()) {
                    return raft.dropProposal(RaftEvent.DropReason.FORWARDING_OFF);
                }
                forward(message);
            }
            case MsgTransferLeader -> {
                if (raft.leaderId != Raft.NONE) {
                    raft.send(message.toBuilder().setTo(raft.leaderId));
                }
            }
            case MsgTimeoutNow -> {
                raft.event(
                        new RaftEvent.TimeoutNowReceived(raft.id(), raft.term, message.getFrom()));
                raft.campaignForTransfer();
            }
            case MsgReadIndex -> {
                if (raft.leaderId == Raft.NONE) {
                    raft.event(new RaftEvent.ReadIndexDropped(raft.id(), raft.term, "no leader"));
                } else {
                    forward(message);
                }
            }
            case MsgReadIndexResp -> readIndexAnswered(message);
            default -> {}
        }
        return StepOutcome.DONE;
    }

    private void heardFrom(Message message) {
        raft.electionElapsed = 0;
        raft.leaderId = message.getFrom();
    }

    /** Proposals and read requests travel without a term: whoever leads may take them. */
    private void forward(Message message) {
        raft.sendAsIs(message.toBuilder().setTo(raft.leaderId).clearTerm());
    }

    private void readIndexAnswered(Message message) {
        if (message.getEntriesCount() != 1) {
            return;
        }
        raft.readStates.add(new ReadState(message.getIndex(), message.getEntries(0).getData()));
        // The leader has committed that far in its term: with its entry at hand so may we.
        raft.log.tryCommit(message.getIndex(), message.getTerm());
    }

    // ---- appends ----

    private void append(Message message) {
        if (raft.pendingRequestSnapshot != 0) {
            askForSnapshot();
            return;
        }
        RaftLog log = raft.log;
        if (message.getIndex() < log.committed()) {
            answer(Raft.message(MsgAppendResponse, message.getFrom()).setIndex(log.committed()));
            return;
        }
        RaftLog.Appended appended =
                log.tryAppend(
                        message.getIndex(),
                        message.getLogTerm(),
                        message.getCommit(),
                        message.getEntriesList());
        if (appended != null) {
            RaftLog.Conflict replaced = appended.conflict();
            if (replaced != null) {
                raft.event(
                        new RaftEvent.TailReplaced(
                                raft.id(),
                                replaced.index(),
                                replaced.oldTerm(),
                                replaced.newTerm(),
                                replaced.beforeUnstable()));
            }
            answer(
                    Raft.message(MsgAppendResponse, message.getFrom())
                            .setIndex(appended.lastNewIndex()));
            return;
        }
        raft.event(
                new RaftEvent.AppendRejected(
                        raft.id(),
                        message.getFrom(),
                        message.getIndex(),
                        message.getLogTerm(),
                        log.term(message.getIndex())));
        long hint =
                log.lastPossibleMatch(
                        Math.min(message.getIndex(), log.lastIndex()), message.getLogTerm());
        answer(
                Raft.message(MsgAppendResponse, message.getFrom())
                        .setIndex(message.getIndex())
                        .setReject(true)
                        .setRejectHint(hint)
                        .setLogTerm(log.term(hint)));
    }

    private void answer(Message.Builder response) {
        if (!raft.etcd()) {
            response.setCommit(raft.log.committed());
        }
        raft.send(response);
    }

    private void heartbeat(Message message) {
        // The leader promises not to go beyond what it knows this log to have. If it does,
        // acknowledged entries are lost
        // here, and commitTo throws.
        raft.log.commitTo(message.getCommit());
        if (raft.pendingRequestSnapshot != 0) {
            askForSnapshot();
            return;
        }
        answer(
                Raft.message(MsgHeartbeatResponse, message.getFrom())
                        .setContext(message.getContext()));
    }

    // ---- snapshots ----

    boolean requestSnapshot() {
        RaftLog log = raft.log;
        if (raft.role == RaftRole.LEADER
                || raft.leaderId == Raft.NONE
                || log.unstable().snapshot() != null
                || raft.pendingRequestSnapshot != 0
                || log.lastTerm() != raft.term
                // A voter that waits for a snapshot acknowledges nothing. If the commit of its tail
                // needs this very
                // acknowledgement, no snapshot would ever reach that far. (raft-rs lets it wait for
                // ever.)
                || (raft.promotable && log.lastIndex() > log.committed())) {
            return false;
        }
        raft.pendingRequestSnapshot = log.lastIndex();
        askForSnapshot();
        return true;
    }

    private void askForSnapshot() {
        RaftLog log = raft.log;
        raft.event(new RaftEvent.SnapshotRequested(raft.id(), raft.pendingRequestSnapshot));
        raft.send(
                Raft.message(MsgAppendResponse, raft.leaderId)
                        .setIndex(log.committed())
                        .setReject(true)
                        .setRejectHint(log.lastIndex())
                        .setLogTerm(log.lastTerm())
                        .setRequestSnapshot(raft.pendingRequestSnapshot));
    }

    private void snapshot(Message message) {
        SnapshotMetadata meta = message.getSnapshot().getMetadata();
        boolean restored = restore(message.getSnapshot());
        raft.event(
                new RaftEvent.SnapshotAnswered(
                        raft.id(),
                        restored,
                        raft.log.committed(),
                        meta.getIndex(),
                        meta.getTerm()));
        raft.send(
                Raft.message(MsgAppendResponse, message.getFrom())
                        .setIndex(restored ? raft.log.lastIndex() : raft.log.committed()));
    }

    private boolean restore(Snapshot snapshot) {
        RaftLog log = raft.log;
        SnapshotMetadata meta = snapshot.getMetadata();
        if (meta.getIndex() < log.committed() || !isMember(meta.getConfState())) {
            return false;
        }
        // One that was asked for is taken even if the log has it all; but not an older one that
        // comes late, since a voter
        // must not forget entries that it has acknowledged.
        boolean askedFor =
                raft.pendingRequestSnapshot != 0 && meta.getIndex() >= raft.pendingRequestSnapshot;
        if (!askedFor && log.matches(meta.getIndex(), meta.getTerm())) {
            log.commitTo(meta.getIndex());
            return false;
        }
        raft.event(
                new RaftEvent.RestoreStarted(
                        raft.id(),
                        log.committed(),
                        log.applied(),
                        log.unstable().offset(),
                        log.unstable().entries().size(),
                        meta.getIndex(),
                        meta.getTerm()));
        log.restore(snapshot);
        raft.members.clear();
        raft.switchTo(Raft.restored(meta.getConfState()));
        raft.pendingRequestSnapshot = 0;
        raft.event(
                new RaftEvent.Restored(
                        raft.id(),
                        log.committed(),
                        log.lastIndex(),
                        log.lastTerm(),
                        meta.getIndex(),
                        meta.getTerm()));
        return true;
    }

    private boolean isMember(ConfState conf) {
        long id = raft.id();
        return conf.getVotersList().contains(id)
                || conf.getLearnersList().contains(id)
                || conf.getVotersOutgoingList().contains(id);
    }
}
