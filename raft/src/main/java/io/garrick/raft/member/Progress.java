package io.garrick.raft.member;

/**
 * What a leader knows about one peer's log, and hence what it may send next.
 *
 * <p>PROBE finds the last common entry with one message per round trip; REPLICATE pipelines up to
 * the in-flight limit; SNAPSHOT is silent until the peer has a snapshot. Invariant: {@code matched
 * < next}.
 *
 * <p>raft-rs stops a full REPLICATE peer by its window alone; etcd by a flag that a heartbeat
 * answer clears, after which one empty append may leave. {@link FlowControl} tells which.
 */
public final class Progress {
    /** When a pipelining peer counts as paused. */
    public enum FlowControl {
        BY_WINDOW,
        BY_FLAG
    }

    private final FlowControl flowControl;
    private final Inflights inflights;
    private ProgressState state = ProgressState.PROBE;
    private long matched;
    private long next;
    private boolean paused;
    private boolean recentActive;
    private long pendingSnapshot;
    private long pendingRequestSnapshot;
    private long committed;
    private long sentCommit;
    private long commitGroup;

    Progress(long next, int maxInflight, FlowControl flowControl) {
        this.next = next;
        this.flowControl = flowControl;
        this.inflights = new Inflights(maxInflight);
    }

    public ProgressState state() {
        return state;
    }

    public long matched() {
        return matched;
    }

    public long next() {
        return next;
    }

    public boolean recentActive() {
        return recentActive;
    }

    public void setRecentActive(boolean active) {
        recentActive = active;
    }

    public long pendingSnapshot() {
        return pendingSnapshot;
    }

    /** The index that a peer which asked for a snapshot wants in it; 0 when it did not ask. */
    public long pendingRequestSnapshot() {
        return pendingRequestSnapshot;
    }

    public void clearRequestSnapshot() {
        pendingRequestSnapshot = 0;
    }

    public int inflightCount() {
        return inflights.count();
    }

    public boolean inflightFull() {
        return inflights.isFull();
    }

    public long committed() {
        return committed;
    }

    public void updateCommitted(long index) {
        committed = Math.max(committed, index);
    }

    long commitGroup() {
        return commitGroup;
    }

    void setCommitGroup(long group) {
        commitGroup = group;
    }

    /** Starts over, at an election. */
    public void reset(long lastIndex, long ownMatched) {
        enter(ProgressState.PROBE);
        matched = ownMatched;
        next = lastIndex + 1;
        pendingRequestSnapshot = 0;
        recentActive = false;
        sentCommit = 0;
    }

    private void enter(ProgressState entered) {
        state = entered;
        paused = false;
        pendingSnapshot = 0;
        inflights.reset();
    }

    public void becomeProbe() {
        // After a snapshot, what it held need not be probed.
        long snapshot = state == ProgressState.SNAPSHOT ? pendingSnapshot : 0;
        enter(ProgressState.PROBE);
        next = Math.max(matched, snapshot) + 1;
        sentCommit = Math.min(sentCommit, next - 1);
    }

    public void becomeReplicate() {
        enter(ProgressState.REPLICATE);
        next = matched + 1;
    }

    public void becomeSnapshot(long index) {
        enter(ProgressState.SNAPSHOT);
        pendingSnapshot = index;
        if (flowControl == FlowControl.BY_FLAG) {
            next = index + 1;
            sentCommit = index;
        }
    }

    public void snapshotFailed() {
        pendingSnapshot = 0;
    }

    public boolean snapshotCaughtUp() {
        return state == ProgressState.SNAPSHOT && matched >= pendingSnapshot;
    }

    /** The peer has everything up to {@code index}; false if that is no news. */
    public boolean update(long index) {
        next = Math.max(next, index + 1);
        if (index <= matched) {
            return false;
        }
        matched = index;
        paused = false;
        return true;
    }

    /**
     * The peer refused an append at {@code rejected}; false if that is an answer to an older
     * message.
     *
     * @param hint the last index at which both logs may agree
     * @param requestSnapshot the index the peer wants a snapshot of; 0 for none
     */
    public boolean decrease(long rejected, long hint, long requestSnapshot) {
        if (state == ProgressState.REPLICATE) {
            if (rejected < matched || (rejected == matched && requestSnapshot == 0)) {
                return false;
            }
            if (requestSnapshot == 0) {
                next = matched + 1;
                sentCommit = Math.min(sentCommit, next - 1);
            } else {
                pendingRequestSnapshot = requestSnapshot;
            }
            return true;
        }
        if (requestSnapshot == 0) {
            if (next - 1 != rejected) {
                return false;
            }
            next = Math.max(Math.min(rejected, hint + 1), matched + 1);
            sentCommit = Math.min(sentCommit, next - 1);
        } else if (pendingRequestSnapshot == 0) {
            pendingRequestSnapshot = requestSnapshot;
        }
        paused = false;
        return true;
    }

    public boolean isPaused() {
        return switch (state) {
            case PROBE -> paused;
            case REPLICATE -> flowControl == FlowControl.BY_WINDOW ? inflights.isFull() : paused;
            case SNAPSHOT -> true;
        };
    }

    public void pause() {
        paused = true;
    }

    /** A heartbeat was answered: the peer lives, so one more message may try its luck. */
    public void resume() {
        paused = false;
        if (flowControl == FlowControl.BY_WINDOW
                && state == ProgressState.REPLICATE
                && inflights.isFull()) {
            inflights.freeOldest();
        }
    }

    public void freeTo(long index) {
        inflights.freeTo(index);
    }

    /** An append up to {@code lastIndex} left; {@code empty} if it carried no entries. */
    public void sent(long lastIndex, boolean empty, long commit) {
        sentCommit = commit;
        switch (state) {
            case PROBE -> {
                if (!empty) {
                    paused = true;
                }
            }
            case REPLICATE -> {
                if (!empty) {
                    next = lastIndex + 1;
                    inflights.add(lastIndex);
                }
                if (flowControl == FlowControl.BY_FLAG) {
                    paused = inflights.isFull();
                }
            }
            case SNAPSHOT ->
                    throw new IllegalStateException(
                            "append sent to a peer that waits for a snapshot");
        }
    }

    /** More entries joined an append that has not left yet. */
    public void sentCommit(long commit) {
        sentCommit = commit;
    }

    /** Whether telling the peer this commit index would tell it something that matters. */
    public boolean wouldLearnCommit(long commit) {
        return commit > sentCommit && sentCommit < next - 1;
    }
}
