package io.garrick.raft;

/** Hears what a node decides, at the moment it decides it. Must not call back into the node. */
@FunctionalInterface
public interface RaftObserver {
    RaftObserver NONE = _ -> {};

    void on(RaftEvent event);
}
