package io.garrick.raft;

/**
 * How far a leader believes one peer to be.
 *
 * @param matched last entry known to be on the peer's disk
 * @param next the next entry to send
 * @param pendingSnapshot index of the snapshot under way, 0 when none
 * @param recentActive heard from since the last quorum check
 * @param inflight append messages sent and not answered
 * @param committed the peer's own commit index, as it last told
 */
public record ProgressStatus(
        State state,
        long matched,
        long next,
        boolean learner,
        boolean paused,
        long pendingSnapshot,
        boolean recentActive,
        int inflight,
        boolean inflightFull,
        long committed) {
    /** How entries are sent to the peer. */
    public enum State {
        /** One message per round trip, looking for the last common entry. */
        PROBE,
        /** Pipelined. */
        REPLICATE,
        /** Nothing but heartbeats until a snapshot has arrived. */
        SNAPSHOT
    }
}
