package io.garrick.raft;

/** What a peer currently is in its group. A learner is a {@link #FOLLOWER} without a vote. */
public enum RaftRole {
    FOLLOWER,
    PRE_CANDIDATE,
    CANDIDATE,
    LEADER
}
