package io.garrick.raft.quorum;

/** How an election stands. */
public enum VoteResult {
    PENDING,
    LOST,
    WON
}
