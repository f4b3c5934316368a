package io.garrick.raft.member;

/** How a leader sends entries to one peer. */
public enum ProgressState {
    PROBE,
    REPLICATE,
    SNAPSHOT
}
