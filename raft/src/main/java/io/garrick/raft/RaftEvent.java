package io.garrick.raft;

import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.MessageType;
import java.util.List;

/** A decision of a node, for logs, metrics and tests. {@code id} is always the deciding peer. */
public sealed interface RaftEvent {
    long id();

    // ---- life and roles ----

    record Started(
            long id,
            List<Long> voters,
            long term,
            long commit,
            long applied,
            long lastIndex,
            long lastTerm)
            implements RaftEvent {}

    record RoleChanged(long id, RaftRole role, long term) implements RaftEvent {}

    record HigherTermSeen(long id, long term, MessageType type, long from, long messageTerm)
            implements RaftEvent {}

    record LowerTermIgnored(long id, long term, MessageType type, long from, long messageTerm)
            implements RaftEvent {}

    record QuorumLost(long id, long term) implements RaftEvent {}

    record LeaderForgotten(long id, long leader, long term) implements RaftEvent {}

    record LeaderKept(long id, long leader) implements RaftEvent {}

    // ---- elections ----

    record ElectionStarted(long id, long term) implements RaftEvent {}

    record NotPromotable(long id) implements RaftEvent {}

    record CampaignBlockedByConfChange(long id, long term) implements RaftEvent {}

    record VoteRequested(
            long id, MessageType type, long to, long term, long lastIndex, long lastTerm)
            implements RaftEvent {}

    /** Own log position and vote, and what the candidate asked with. */
    record VoteAnswered(
            long id,
            VoteAnswer answer,
            MessageType type,
            long from,
            long candidateIndex,
            long candidateTerm,
            long term,
            long vote,
            long lastIndex,
            long lastTerm,
            long leaseTicksLeft)
            implements RaftEvent {}

    /** How a vote request ended; {@code IN_LEASE} means no answer at all. */
    enum VoteAnswer {
        GRANTED,
        REJECTED,
        IN_LEASE
    }

    record VoteReceived(long id, MessageType type, long from, boolean granted, long term)
            implements RaftEvent {}

    record VotesCounted(long id, MessageType type, int granted, int rejected)
            implements RaftEvent {}

    record CommitLearntByVote(long id, long commit) implements RaftEvent {}

    // ---- leadership transfer ----

    record TransferStarted(long id, long term, long to) implements RaftEvent {}

    record TransferIgnored(long id, long term, long to) implements RaftEvent {}

    record TimeoutNowSent(long id, long to, boolean atOnce) implements RaftEvent {}

    record TimeoutNowReceived(long id, long term, long from) implements RaftEvent {}

    // ---- replication ----

    record ProposalDropped(long id, long term, DropReason reason) implements RaftEvent {}

    /** Why nobody takes a proposal. */
    enum DropReason {
        NO_LEADER,
        FORWARDING_OFF,
        NOT_A_MEMBER,
        TRANSFER_IN_PROGRESS,
        UNREADABLE_CONF_CHANGE,
        TOO_MUCH_UNCOMMITTED
    }

    record ReadIndexDropped(long id, long term, String reason) implements RaftEvent {}

    // ownTerm: the term this log has at that index, 0 when none.
    record AppendRejected(long id, long from, long index, long logTerm, long ownTerm)
            implements RaftEvent {}

    // Entries from index on differed from the leader's. beforeUnstable: the storage had them
    // already.
    record TailReplaced(long id, long index, long oldTerm, long newTerm, boolean beforeUnstable)
            implements RaftEvent {}

    record RejectionReceived(long id, long from, long index, long hintIndex, long hintTerm)
            implements RaftEvent {}

    record ProgressDecreased(long id, long peer, ProgressStatus progress) implements RaftEvent {}

    record PeerUnreachable(long id, long peer, ProgressStatus progress) implements RaftEvent {}

    // ---- snapshots ----

    record SnapshotSent(
            long id,
            long to,
            long index,
            long term,
            long firstIndex,
            long commit,
            ProgressStatus before,
            ProgressStatus after)
            implements RaftEvent {}

    record SnapshotNotSent(long id, long to, String reason) implements RaftEvent {}

    record SnapshotCaughtUp(long id, long peer, ProgressStatus progress) implements RaftEvent {}

    record SnapshotReported(long id, long peer, SnapshotStatus status, ProgressStatus progress)
            implements RaftEvent {}

    record RestoreStarted(
            long id,
            long commit,
            long applied,
            long unstableOffset,
            int unstableCount,
            long index,
            long term)
            implements RaftEvent {}

    /** Positions are those after the snapshot was taken in. */
    record Restored(long id, long commit, long lastIndex, long lastTerm, long index, long term)
            implements RaftEvent {}

    /** The leader's snapshot message was answered. */
    record SnapshotAnswered(long id, boolean restored, long commit, long index, long term)
            implements RaftEvent {}

    record SnapshotRequested(long id, long index) implements RaftEvent {}

    // ---- membership ----

    record ConfSwitched(long id, ConfState conf) implements RaftEvent {}

    record ConfChangeIgnored(long id, ConfChangeV2 change, ConfState conf, String reason)
            implements RaftEvent {}

    record AutoLeaveStarted(long id, ConfState conf) implements RaftEvent {}
}
