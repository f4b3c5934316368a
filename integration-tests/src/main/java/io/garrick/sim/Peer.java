package io.garrick.sim;

import org.jspecify.annotations.Nullable;

/** What the learner keeps of one region in its own, synced store; a crash takes nothing of it. */
final class Peer {
    /** A snapshot that was received and is being installed. */
    record Installing(long sequence, SortedPairs snapshot) {}

    final long regionId;

    /** A reader may have been told of everything up to here. */
    long highest;

    /** The raft log up to here is forgotten. */
    long truncated;

    @Nullable Installing installing;

    /** The sequence number of a removal under way; 0 if there is none. */
    long destroying;

    /** Applying stopped: the leader's log cannot be followed, only a snapshot helps. */
    boolean stuck;

    Peer(long regionId) {
        this.regionId = regionId;
    }

    @Override
    public String toString() {
        return "peer "
                + regionId
                + (installing == null ? "" : " installing")
                + (destroying == 0 ? "" : " destroying")
                + (stuck ? " stuck" : "")
                + " highest="
                + highest;
    }

    boolean settled() {
        return installing == null && destroying == 0;
    }
}
