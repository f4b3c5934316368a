package io.garrick.raft;

import static io.garrick.proto.eraft.MessageType.MsgAppend;
import static io.garrick.proto.eraft.MessageType.MsgSnapshot;

import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.raft.member.Progress;
import io.garrick.raft.member.ProgressState;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Brings every member's log to where the leader's is, by entries or by a snapshot.
 *
 * <p>A refused append says where the logs may agree; the leader then skips a whole term of its own
 * log at a time, as the follower did with its log before it answered, so that even long diverging
 * tails take few round trips.
 */
final class Replication {
    private final Raft raft;
    private final Leading leading;

    Replication(Raft raft, Leading leading) {
        this.raft = raft;
        this.leading = leading;
    }

    // ---- sending ----

    void broadcast() {
        for (Map.Entry<Long, Progress> member : raft.members.all().entrySet()) {
            if (member.getKey() != raft.id()) {
                sendAppend(member.getKey(), member.getValue());
            }
        }
    }

    void probeNewMembers() {
        for (Map.Entry<Long, Progress> member : raft.members.all().entrySet()) {
            if (member.getKey() != raft.id()) {
                trySend(member.getKey(), member.getValue(), false);
            }
        }
    }

    /** Sends an append, possibly an empty one: it carries the commit index. */
    void sendAppend(long to, Progress progress) {
        trySend(to, progress, true);
    }

    private void sendAll(long to, Progress progress) {
        boolean more = true;
        while (more) {
            more = trySend(to, progress, false);
        }
    }

    private boolean trySend(long to, Progress progress, boolean evenEmpty) {
        if (progress.isPaused()) {
            return false;
        }
        if (progress.pendingRequestSnapshot() != 0) {
            return sendSnapshot(to, progress);
        }
        RaftLog log = raft.log;
        long previous = progress.next() - 1;
        Optional<List<Entry>> wanted =
                progress.state() == ProgressState.REPLICATE && progress.inflightFull()
                        ? Optional.of(List.of())
                        : log.from(progress.next(), raft.config.maxBytesPerMessage());
        boolean compacted = wanted.isEmpty() || previous < log.firstIndex() - 1;
        if (!evenEmpty && wanted.map(List::isEmpty).orElse(!raft.etcd())) {
            return false;
        }
        if (compacted) {
            return sendSnapshot(to, progress);
        }
        List<Entry> entries = wanted.orElseThrow();
        if (!(raft.config.batchAppend() && joinWaiting(to, progress, entries))) {
            raft.send(
                    Raft.message(MsgAppend, to)
                            .setIndex(previous)
                            .setLogTerm(log.term(previous))
                            .addAllEntries(entries)
                            .setCommit(log.committed()));
        }
        progress.sent(previous + entries.size(), entries.isEmpty(), log.committed());
        return true;
    }

    /**
     * Puts the entries into an append for the same peer that has not left yet, if they continue it.
     */
    private boolean joinWaiting(long to, Progress progress, List<Entry> entries) {
        List<Message> waiting = raft.outgoing();
        for (int i = 0; i < waiting.size(); i++) {
            Message message = waiting.get(i);
            if (message.getMsgType() != MsgAppend || message.getTo() != to) {
                continue;
            }
            long end = message.getIndex() + message.getEntriesCount() + 1;
            if (!entries.isEmpty() && end != progress.next()) {
                return false;
            }
            waiting.set(
                    i,
                    message.toBuilder()
                            .addAllEntries(entries)
                            .setCommit(raft.log.committed())
                            .build());
            return true;
        }
        return false;
    }

    private boolean sendSnapshot(long to, Progress progress) {
        if (!progress.recentActive()) {
            // It would not arrive, and making one is expensive.
            raft.event(new RaftEvent.SnapshotNotSent(raft.id(), to, "not recently active"));
            return false;
        }
        Optional<Snapshot> found = raft.log.snapshot(progress.pendingRequestSnapshot(), to);
        if (found.isEmpty()) {
            raft.event(new RaftEvent.SnapshotNotSent(raft.id(), to, "not ready yet"));
            return false;
        }
        SnapshotMetadata meta = found.get().getMetadata();
        if (meta.getIndex() == 0) {
            throw new RaftBrokenException(
                    RaftBrokenException.Reason.MISUSE, "storage gave an empty snapshot");
        }
        ProgressStatus before = raft.progressOf(to, progress);
        progress.becomeSnapshot(meta.getIndex());
        raft.event(
                new RaftEvent.SnapshotSent(
                        raft.id(),
                        to,
                        meta.getIndex(),
                        meta.getTerm(),
                        raft.log.firstIndex(),
                        raft.log.committed(),
                        before,
                        raft.progressOf(to, progress)));
        raft.send(Raft.message(MsgSnapshot, to).setSnapshot(found.get()));
        return true;
    }

    // ---- answers ----

    void appendAnswered(Message response) {
        Progress progress = raft.members.get(response.getFrom());
        if (progress == null) {
            return;
        }
        progress.setRecentActive(true);
        progress.updateCommitted(response.getCommit());
        if (response.getReject()) {
            rejected(response, progress);
            return;
        }
        long peer = response.getFrom();
        boolean wasPaused = progress.isPaused();
        boolean news = progress.update(response.getIndex());
        boolean probeConfirmed =
                raft.etcd()
                        && progress.state() == ProgressState.PROBE
                        && progress.matched() == response.getIndex();
        if (!news && !probeConfirmed) {
            return;
        }
        switch (progress.state()) {
            case PROBE -> progress.becomeReplicate();
            case SNAPSHOT -> maybeLeaveSnapshot(peer, progress);
            case REPLICATE -> progress.freeTo(response.getIndex());
        }
        if (!leading.commitAndBroadcast()) {
            boolean worthTelling =
                    raft.etcd() ? progress.wouldLearnCommit(raft.log.committed()) : wasPaused;
            if (worthTelling) {
                sendAppend(peer, progress);
            }
        }
        // The window has moved, perhaps by several messages.
        sendAll(peer, progress);
        leading.caughtUp(peer, progress);
    }

    private void maybeLeaveSnapshot(long peer, Progress progress) {
        // etcd resumes as soon as its log reaches back to the peer, whichever snapshot brought it
        // there.
        boolean caughtUp =
                raft.etcd()
                        ? progress.matched() + 1 >= raft.log.firstIndex()
                        : progress.snapshotCaughtUp();
        if (!caughtUp) {
            return;
        }
        raft.event(
                new RaftEvent.SnapshotCaughtUp(raft.id(), peer, raft.progressOf(peer, progress)));
        progress.becomeProbe();
        if (raft.etcd()) {
            progress.becomeReplicate();
        }
    }

    private void rejected(Message response, Progress progress) {
        long peer = response.getFrom();
        raft.event(
                new RaftEvent.RejectionReceived(
                        raft.id(),
                        peer,
                        response.getIndex(),
                        response.getRejectHint(),
                        response.getLogTerm()));
        long hint = response.getRejectHint();
        if (response.getLogTerm() > 0 && hint <= raft.log.lastIndex()) {
            hint = raft.log.lastPossibleMatch(hint, response.getLogTerm());
        }
        if (!progress.decrease(response.getIndex(), hint, response.getRequestSnapshot())) {
            return;
        }
        raft.event(
                new RaftEvent.ProgressDecreased(raft.id(), peer, raft.progressOf(peer, progress)));
        if (progress.state() == ProgressState.REPLICATE) {
            progress.becomeProbe();
        }
        sendAppend(peer, progress);
    }

    /** False for a peer that is no member. */
    boolean heartbeatAnswered(Message response) {
        Progress progress = raft.members.get(response.getFrom());
        if (progress == null) {
            return false;
        }
        progress.updateCommitted(response.getCommit());
        progress.setRecentActive(true);
        progress.resume();
        if (progress.matched() < raft.log.lastIndex()
                || progress.pendingRequestSnapshot() != 0
                || (raft.etcd() && progress.state() == ProgressState.PROBE)) {
            sendAppend(response.getFrom(), progress);
        }
        return true;
    }

    void snapshotReported(Message report) {
        long peer = report.getFrom();
        Progress progress = raft.members.get(peer);
        if (progress == null || progress.state() != ProgressState.SNAPSHOT) {
            return;
        }
        if (report.getReject()) {
            progress.snapshotFailed();
        }
        progress.becomeProbe();
        raft.event(
                new RaftEvent.SnapshotReported(
                        raft.id(),
                        peer,
                        report.getReject() ? SnapshotStatus.FAILED : SnapshotStatus.FINISHED,
                        raft.progressOf(peer, progress)));
        // After success the peer's own answer starts the next append; after failure the next
        // heartbeat's does.
        progress.pause();
        progress.clearRequestSnapshot();
    }

    void unreachable(long peer) {
        Progress progress = raft.members.get(peer);
        if (progress == null) {
            return;
        }
        // Of messages sent ahead, some are probably lost.
        if (progress.state() == ProgressState.REPLICATE) {
            progress.becomeProbe();
        }
        raft.event(new RaftEvent.PeerUnreachable(raft.id(), peer, raft.progressOf(peer, progress)));
    }
}
