package io.garrick.peer;

import io.garrick.peer.Outcome.Status;
import io.garrick.raft.RaftRole;

/** What the world knows of one peer. */
final class Member {
    final long id;
    final boolean ours;
    Status status = new Status(0, 0, 0, RaftRole.FOLLOWER, 0, 0, 0, 0);
    boolean wantsSnapshot;
    // The index of the change that removed it; 0 while it is a member, or was never one.
    long removedAt;
    boolean destroyed;

    Member(long id, boolean ours) {
        this.id = id;
        this.ours = ours;
    }

    boolean leads() {
        return !destroyed && status.role() == RaftRole.LEADER;
    }
}
