package io.garrick.raft.scripts;

import io.garrick.raft.RaftEvent;
import io.garrick.raft.RaftRole;
import io.garrick.raft.SnapshotStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The log lines that etcd writes where our core only reports an event. */
final class EtcdLog {
    /** Severities, in order. */
    enum Level {
        DEBUG,
        INFO,
        WARN,
        ERROR,
        FATAL,
        NONE
    }

    /** A line of the log. */
    record Line(Level level, String text) {}

    private EtcdLog() {}

    private static List<Line> debug(String text) {
        return List.of(new Line(Level.DEBUG, text));
    }

    private static List<Line> info(String text) {
        return List.of(new Line(Level.INFO, text));
    }

    private static List<Line> warn(String text) {
        return List.of(new Line(Level.WARN, text));
    }

    static List<Line> lines(RaftEvent event) {
        return switch (event) {
            case RaftEvent.Started e ->
                    info(
                            ("newRaft %x [peers: [%s], term: %d, commit: %d, applied: %d,"
                                            + " lastindex: %d, lastterm: %d]")
                                    .formatted(
                                            e.id(),
                                            e.voters().stream()
                                                    .map(Long::toHexString)
                                                    .collect(Collectors.joining(",")),
                                            e.term(),
                                            e.commit(),
                                            e.applied(),
                                            e.lastIndex(),
                                            e.lastTerm()));
            case RaftEvent.RoleChanged e ->
                    info("%x became %s at term %d".formatted(e.id(), role(e.role()), e.term()));
            case RaftEvent.HigherTermSeen e ->
                    info(
                            ("%x [term: %d] received a %s message with higher term from %x [term:"
                                            + " %d]")
                                    .formatted(
                                            e.id(),
                                            e.term(),
                                            EtcdText.type(e.type()),
                                            e.from(),
                                            e.messageTerm()));
            case RaftEvent.LowerTermIgnored e ->
                    info(
                            "%x [term: %d] ignored a %s message with lower term from %x [term: %d]"
                                    .formatted(
                                            e.id(),
                                            e.term(),
                                            EtcdText.type(e.type()),
                                            e.from(),
                                            e.messageTerm()));
            case RaftEvent.QuorumLost e ->
                    warn(
                            "%x stepped down to follower since quorum is not active"
                                    .formatted(e.id()));
            case RaftEvent.LeaderForgotten e ->
                    info(
                            "%x forgetting leader %x at term %d"
                                    .formatted(e.id(), e.leader(), e.term()));
            case RaftEvent.LeaderKept _ ->
                    List.of(
                            new Line(
                                    Level.ERROR,
                                    "ignoring MsgForgetLeader due to ReadOnlyLeaseBased"));
            case RaftEvent.ElectionStarted e ->
                    info("%x is starting a new election at term %d".formatted(e.id(), e.term()));
            case RaftEvent.NotPromotable e ->
                    warn("%x is unpromotable and can not campaign".formatted(e.id()));
            case RaftEvent.CampaignBlockedByConfChange e ->
                    warn(
                            ("%x cannot campaign at term %d since there are still pending"
                                            + " configuration changes to apply")
                                    .formatted(e.id(), e.term()));
            case RaftEvent.VoteRequested e ->
                    info(
                            "%x [logterm: %d, index: %d] sent %s request to %x at term %d"
                                    .formatted(
                                            e.id(),
                                            e.lastTerm(),
                                            e.lastIndex(),
                                            EtcdText.type(e.type()),
                                            e.to(),
                                            e.term()));
            case RaftEvent.VoteAnswered e -> voteAnswered(e);
            case RaftEvent.VoteReceived e ->
                    info(
                            "%x received %s%s from %x at term %d"
                                    .formatted(
                                            e.id(),
                                            EtcdText.type(e.type()),
                                            e.granted() ? "" : " rejection",
                                            e.from(),
                                            e.term()));
            case RaftEvent.VotesCounted e ->
                    info(
                            "%x has received %d %s votes and %d vote rejections"
                                    .formatted(
                                            e.id(),
                                            e.granted(),
                                            EtcdText.type(e.type()),
                                            e.rejected()));
            case RaftEvent.TransferStarted e ->
                    info(
                            "%x [term %d] starts to transfer leadership to %x"
                                    .formatted(e.id(), e.term(), e.to()));
            case RaftEvent.TimeoutNowSent e ->
                    e.atOnce()
                            ? info(
                                    ("%x sends MsgTimeoutNow to %x immediately as %x already has"
                                                    + " up-to-date log")
                                            .formatted(e.id(), e.to(), e.to()))
                            : info(
                                    "%x sent MsgTimeoutNow to %x after received MsgAppResp"
                                            .formatted(e.id(), e.to()));
            case RaftEvent.TimeoutNowReceived e ->
                    info(
                            ("%x [term %d] received MsgTimeoutNow from %x and starts an election to"
                                            + " get leadership.")
                                    .formatted(e.id(), e.term(), e.from()));
            case RaftEvent.ProposalDropped e -> proposalDropped(e);
            case RaftEvent.ReadIndexDropped e ->
                    info(
                            "%x %s at term %d; dropping index reading msg"
                                    .formatted(e.id(), e.reason(), e.term()));
            case RaftEvent.AppendRejected e ->
                    debug(
                            ("%x [logterm: %d, index: %d] rejected MsgApp [logterm: %d, index: %d]"
                                            + " from %x")
                                    .formatted(
                                            e.id(),
                                            e.ownTerm(),
                                            e.index(),
                                            e.logTerm(),
                                            e.index(),
                                            e.from()));
            case RaftEvent.TailReplaced e -> tailReplaced(e);
            case RaftEvent.RejectionReceived e ->
                    debug(
                            ("%x received MsgAppResp(rejected, hint: (index %d, term %d)) from %x"
                                            + " for index %d")
                                    .formatted(
                                            e.id(),
                                            e.hintIndex(),
                                            e.hintTerm(),
                                            e.from(),
                                            e.index()));
            case RaftEvent.ProgressDecreased e ->
                    debug(
                            "%x decreased progress of %x to [%s]"
                                    .formatted(e.id(), e.peer(), EtcdText.progress(e.progress())));
            case RaftEvent.PeerUnreachable e ->
                    debug(
                            "%x failed to send message to %x because it is unreachable [%s]"
                                    .formatted(e.id(), e.peer(), EtcdText.progress(e.progress())));
            case RaftEvent.SnapshotSent e -> snapshotSent(e);
            case RaftEvent.SnapshotNotSent e ->
                    debug(
                            "%x does not send a snapshot to %x: %s"
                                    .formatted(e.id(), e.to(), e.reason()));
            case RaftEvent.SnapshotCaughtUp e ->
                    debug(
                            ("%x recovered from needing snapshot, resumed sending replication"
                                            + " messages to %x [%s]")
                                    .formatted(e.id(), e.peer(), EtcdText.progress(e.progress())));
            case RaftEvent.SnapshotReported e ->
                    debug(
                            "%x snapshot %s, resumed sending replication messages to %x [%s]"
                                    .formatted(
                                            e.id(),
                                            e.status() == SnapshotStatus.FINISHED
                                                    ? "succeeded"
                                                    : "failed",
                                            e.peer(),
                                            EtcdText.progress(e.progress())));
            case RaftEvent.RestoreStarted e ->
                    info(
                            ("log [committed=%d, applied=%d, applying=%d, unstable.offset=%d,"
                                 + " unstable.offsetInProgress=%d, len(unstable.Entries)=%d] starts"
                                 + " to restore snapshot [index: %d, term: %d]")
                                    .formatted(
                                            e.commit(),
                                            e.applied(),
                                            e.applied(),
                                            e.unstableOffset(),
                                            e.unstableOffset(),
                                            e.unstableCount(),
                                            e.index(),
                                            e.term()));
            case RaftEvent.Restored e ->
                    info(
                            ("%x [commit: %d, lastindex: %d, lastterm: %d] restored snapshot"
                                            + " [index: %d, term: %d]")
                                    .formatted(
                                            e.id(),
                                            e.commit(),
                                            e.lastIndex(),
                                            e.lastTerm(),
                                            e.index(),
                                            e.term()));
            case RaftEvent.SnapshotAnswered e ->
                    info(
                            "%x [commit: %d] %s snapshot [index: %d, term: %d]"
                                    .formatted(
                                            e.id(),
                                            e.commit(),
                                            e.restored() ? "restored" : "ignored",
                                            e.index(),
                                            e.term()));
            case RaftEvent.ConfSwitched e ->
                    info(
                            "%x switched to configuration %s"
                                    .formatted(e.id(), EtcdText.configuration(e.conf())));
            case RaftEvent.ConfChangeIgnored e ->
                    info(
                            "%x ignoring conf change %s at config %s: %s"
                                    .formatted(
                                            e.id(),
                                            EtcdText.change(e.change()),
                                            EtcdText.configuration(e.conf()),
                                            e.reason()));
            case RaftEvent.AutoLeaveStarted e ->
                    info(
                            "initiating automatic transition out of joint configuration %s"
                                    .formatted(EtcdText.configuration(e.conf())));
            // raft-rs only, or without a line in etcd.
            case RaftEvent.CommitLearntByVote _, RaftEvent.TransferIgnored _ -> List.of();
            case RaftEvent.SnapshotRequested _ -> List.of();
        };
    }

    private static List<Line> proposalDropped(RaftEvent.ProposalDropped e) {
        return switch (e.reason()) {
            case NO_LEADER ->
                    info("%x no leader at term %d; dropping proposal".formatted(e.id(), e.term()));
            case FORWARDING_OFF ->
                    info(
                            "%x not forwarding to leader at term %d; dropping proposal"
                                    .formatted(e.id(), e.term()));
            case TRANSFER_IN_PROGRESS ->
                    debug(
                            "%x [term %d] transfer leadership is in progress; dropping proposal"
                                    .formatted(e.id(), e.term()));
            case NOT_A_MEMBER, UNREADABLE_CONF_CHANGE, TOO_MUCH_UNCOMMITTED -> List.of();
        };
    }

    private static String role(RaftRole role) {
        return switch (role) {
            case FOLLOWER -> "follower";
            case PRE_CANDIDATE -> "pre-candidate";
            case CANDIDATE -> "candidate";
            case LEADER -> "leader";
        };
    }

    private static List<Line> voteAnswered(RaftEvent.VoteAnswered e) {
        String own =
                "%x [logterm: %d, index: %d, vote: %x]"
                        .formatted(e.id(), e.lastTerm(), e.lastIndex(), e.vote());
        String theirs =
                "%x [logterm: %d, index: %d] at term %d"
                        .formatted(e.from(), e.candidateTerm(), e.candidateIndex(), e.term());
        String type = EtcdText.type(e.type());
        return switch (e.answer()) {
            case GRANTED -> info("%s cast %s for %s".formatted(own, type, theirs));
            case REJECTED -> info("%s rejected %s from %s".formatted(own, type, theirs));
            case IN_LEASE ->
                    info(
                            "%s ignored %s from %s: lease is not expired (remaining ticks: %d)"
                                    .formatted(own, type, theirs, e.leaseTicksLeft()));
        };
    }

    private static List<Line> tailReplaced(RaftEvent.TailReplaced e) {
        List<Line> lines = new ArrayList<>();
        lines.addAll(
                info(
                        "found conflict at index %d [existing term: %d, conflicting term: %d]"
                                .formatted(e.index(), e.oldTerm(), e.newTerm())));
        lines.addAll(
                info(
                        (e.beforeUnstable()
                                        ? "replace the unstable entries from index "
                                        : "truncate the unstable entries before index ")
                                + e.index()));
        return lines;
    }

    private static List<Line> snapshotSent(RaftEvent.SnapshotSent e) {
        List<Line> lines = new ArrayList<>();
        lines.addAll(
                debug(
                        ("%x [firstindex: %d, commit: %d] sent snapshot[index: %d, term: %d] to %x"
                                        + " [%s]")
                                .formatted(
                                        e.id(),
                                        e.firstIndex(),
                                        e.commit(),
                                        e.index(),
                                        e.term(),
                                        e.to(),
                                        EtcdText.progress(e.before()))));
        lines.addAll(
                debug(
                        "%x paused sending replication messages to %x [%s]"
                                .formatted(e.id(), e.to(), EtcdText.progress(e.after()))));
        return lines;
    }
}
