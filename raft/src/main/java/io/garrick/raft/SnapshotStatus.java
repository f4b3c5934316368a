package io.garrick.raft;

/** How sending a snapshot to a peer ended. */
public enum SnapshotStatus {
    FINISHED,
    FAILED
}
