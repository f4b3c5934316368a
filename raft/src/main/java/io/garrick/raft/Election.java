package io.garrick.raft;

import static io.garrick.proto.eraft.MessageType.MsgRequestPreVote;
import static io.garrick.proto.eraft.MessageType.MsgRequestPreVoteResponse;
import static io.garrick.proto.eraft.MessageType.MsgRequestVote;
import static io.garrick.proto.eraft.MessageType.MsgRequestVoteResponse;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.raft.RaftEvent.VoteAnswer;
import io.garrick.raft.quorum.VoteResult;

/**
 * Asking for votes, giving them, counting them.
 *
 * <p>A pre-vote asks "would you vote for me?" without touching anybody's term, so that a peer that
 * was cut off does not depose a working leader. Vote requests and refusals carry the sender's
 * commit point (raft-rs): a peer that is behind learns it even when no leader can be elected.
 */
final class Election {
    /** Why an election starts. */
    enum Kind {
        PRE_VOTE,
        VOTE,
        /** The leader asked for it, so voters need not wait for its lease to end. */
        TRANSFER
    }

    /** What raft-rs and etcd put into the context of a vote request of kind TRANSFER. */
    private static final ByteString TRANSFER_CONTEXT = ByteString.copyFromUtf8("CampaignTransfer");

    private final Raft raft;

    Election(Raft raft) {
        this.raft = raft;
    }

    // ---- asking ----

    void start(Kind kind) {
        if (raft.role == RaftRole.LEADER) {
            return;
        }
        if (!raft.mayCampaign()) {
            raft.event(new RaftEvent.NotPromotable(raft.id()));
            return;
        }
        if (hasUnappliedConfChange()) {
            // The votes would be counted by a configuration that is already history.
            raft.event(new RaftEvent.CampaignBlockedByConfChange(raft.id(), raft.term));
            return;
        }
        raft.event(new RaftEvent.ElectionStarted(raft.id(), raft.term));
        campaign(kind);
    }

    private boolean hasUnappliedConfChange() {
        RaftLog log = raft.log;
        if (log.applied() >= log.committed()) {
            return false;
        }
        // A pending snapshot has brought its configuration with it.
        long low = Math.max(log.applied() + 1, log.firstIndex());
        return hasConfChange(low, log.committed() + 1);
    }

    private boolean hasConfChange(long low, long high) {
        long page = Math.max(raft.config.maxCommittedBytesPerReady(), 1);
        return raft.log.any(low, high, page, Election::isConfChange);
    }

    private static boolean isConfChange(Entry entry) {
        return entry.getEntryType() == EntryType.EntryConfChange
                || entry.getEntryType() == EntryType.EntryConfChangeV2;
    }

    private void campaign(Kind kind) {
        MessageType request;
        long campaignTerm;
        if (kind == Kind.PRE_VOTE) {
            raft.becomePreCandidate();
            request = MsgRequestPreVote;
            campaignTerm = raft.term + 1;
        } else {
            raft.becomeCandidate();
            request = MsgRequestVote;
            campaignTerm = raft.term;
        }
        if (raft.etcd()) {
            raft.setOwnVote(
                    Raft.message(responseTo(request), raft.id())
                            .setFrom(raft.id())
                            .setTerm(campaignTerm)
                            .build());
        } else if (voted(raft.id(), request, true) == VoteResult.WON) {
            return; // the only voter
        }
        for (long voter : raft.members.conf().voters().ids()) {
            if (voter != raft.id()) {
                requestVote(request, voter, campaignTerm, kind);
            }
        }
    }

    private void requestVote(MessageType request, long voter, long campaignTerm, Kind kind) {
        RaftLog log = raft.log;
        raft.event(
                new RaftEvent.VoteRequested(
                        raft.id(), request, voter, raft.term, log.lastIndex(), log.lastTerm()));
        Message.Builder message =
                Raft.message(request, voter)
                        .setTerm(campaignTerm)
                        .setIndex(log.lastIndex())
                        .setLogTerm(log.lastTerm());
        if (!raft.etcd()) {
            message.setCommit(log.committed())
                    .setCommitTerm(log.term(log.committed()))
                    .setPriority(raft.priority);
            if (raft.priority > 0) {
                message.setDeprecatedPriority(raft.priority); // for peers that know only this field
            }
        }
        if (kind == Kind.TRANSFER) {
            message.setContext(TRANSFER_CONTEXT);
        }
        raft.sendAsIs(message);
    }

    // ---- giving ----

    /** A voter that heard from its leader lately does not help to depose it. */
    boolean ignoresInLease(Message request) {
        boolean inLease =
                raft.config.checkQuorum()
                        && raft.leaderId != Raft.NONE
                        && raft.electionElapsed < raft.config.electionTicks();
        if (!inLease || request.getContext().equals(TRANSFER_CONTEXT)) {
            return false;
        }
        answered(VoteAnswer.IN_LEASE, request);
        return true;
    }

    void rejectLowerTerm(Message request) {
        answered(VoteAnswer.REJECTED, request);
    }

    void answer(Message request) {
        MessageType type = request.getMsgType();
        boolean free =
                raft.vote == request.getFrom()
                        || (raft.vote == Raft.NONE && raft.leaderId == Raft.NONE)
                        || (type == MsgRequestPreVote && request.getTerm() > raft.term);
        RaftLog log = raft.log;
        if (free
                && log.isUpToDate(request.getIndex(), request.getLogTerm())
                && (request.getIndex() > log.lastIndex() || raft.priority <= priorityOf(request))) {
            answered(VoteAnswer.GRANTED, request);
            // The answer carries the term that was asked for: a pre-vote's is not ours.
            raft.sendAsIs(
                    Raft.message(responseTo(type), request.getFrom()).setTerm(request.getTerm()));
            if (type == MsgRequestVote) {
                raft.electionElapsed = 0;
                raft.vote = request.getFrom();
            }
            return;
        }
        answered(VoteAnswer.REJECTED, request);
        Message.Builder refusal =
                Raft.message(responseTo(type), request.getFrom())
                        .setTerm(raft.term)
                        .setReject(true);
        if (!raft.etcd()) {
            refusal.setCommit(log.committed()).setCommitTerm(log.term(log.committed()));
        }
        raft.sendAsIs(refusal);
        learnCommit(request);
    }

    private void answered(VoteAnswer answer, Message request) {
        raft.event(
                new RaftEvent.VoteAnswered(
                        raft.id(),
                        answer,
                        request.getMsgType(),
                        request.getFrom(),
                        request.getIndex(),
                        request.getLogTerm(),
                        raft.term,
                        raft.vote,
                        raft.log.lastIndex(),
                        raft.log.lastTerm(),
                        raft.config.electionTicks() - raft.electionElapsed));
    }

    private static long priorityOf(Message request) {
        if (request.getPriority() != 0) {
            return request.getPriority();
        }
        long old = request.getDeprecatedPriority();
        return old < 0 ? Long.MAX_VALUE : old; // unsigned on the wire
    }

    private static MessageType responseTo(MessageType request) {
        return request == MsgRequestVote ? MsgRequestVoteResponse : MsgRequestPreVoteResponse;
    }

    // ---- counting ----

    void count(Message response) {
        boolean expected =
                response.getMsgType()
                        == (raft.role == RaftRole.PRE_CANDIDATE
                                ? MsgRequestPreVoteResponse
                                : MsgRequestVoteResponse);
        if (!expected) {
            return;
        }
        voted(response.getFrom(), response.getMsgType(), !response.getReject());
        learnCommit(response);
    }

    private VoteResult voted(long from, MessageType type, boolean granted) {
        raft.members.recordVote(from, granted);
        if (from != raft.id() || raft.etcd()) {
            raft.event(new RaftEvent.VoteReceived(raft.id(), type, from, granted, raft.term));
            raft.event(
                    new RaftEvent.VotesCounted(
                            raft.id(),
                            type,
                            raft.members.countVotes(true),
                            raft.members.countVotes(false)));
        }
        VoteResult result = raft.members.tally();
        switch (result) {
            case WON -> {
                if (raft.role == RaftRole.PRE_CANDIDATE) {
                    campaign(Kind.VOTE);
                } else {
                    raft.becomeLeader();
                }
            }
            // A refused pre-vote may carry a higher term, but that was settled before.
            case LOST -> raft.becomeFollower(raft.term, Raft.NONE);
            case PENDING -> {}
        }
        return result;
    }

    /**
     * Advances the commit index to what the other peer has committed, if this log has that entry.
     */
    private void learnCommit(Message message) {
        if (message.getCommit() == 0
                || message.getCommitTerm() == 0
                || raft.role == RaftRole.LEADER) {
            return;
        }
        long before = raft.log.committed();
        if (!raft.log.tryCommit(message.getCommit(), message.getCommitTerm())) {
            return;
        }
        raft.event(new RaftEvent.CommitLearntByVote(raft.id(), raft.log.committed()));
        boolean campaigning =
                raft.role == RaftRole.CANDIDATE || raft.role == RaftRole.PRE_CANDIDATE;
        if (campaigning && hasConfChange(before + 1, raft.log.committed() + 1)) {
            raft.becomeFollower(raft.term, Raft.NONE);
        }
    }
}
