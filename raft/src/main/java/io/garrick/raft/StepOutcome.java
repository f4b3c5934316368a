package io.garrick.raft;

/** What became of a message given to {@link RaftNode#step}. */
public enum StepOutcome {
    /** Taken in; it may still have been ignored for its term or content, as the protocol allows. */
    DONE,
    /** The message type may never come from another peer. */
    LOCAL_MESSAGE,
    /** A response of a peer that is not in the configuration. */
    PEER_NOT_FOUND,
    /**
     * A forwarded proposal that nobody can take: no leader, a transfer in progress, or too much
     * uncommitted.
     */
    PROPOSAL_DROPPED
}
