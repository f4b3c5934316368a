package io.garrick.raft.quorum;

import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Decisions by a majority of both halves of a configuration that is being changed (Raft thesis
 * 4.3).
 *
 * @param outgoing empty outside a joint change
 */
public record JointQuorum(MajorityQuorum incoming, MajorityQuorum outgoing) {
    public boolean isJoint() {
        return !outgoing.isEmpty();
    }

    public boolean contains(long id) {
        return incoming.voters().contains(id) || outgoing.voters().contains(id);
    }

    public SortedSet<Long> ids() {
        SortedSet<Long> ids = new TreeSet<>(incoming.voters());
        ids.addAll(outgoing.voters());
        return ids;
    }

    public CommitPoint committed(Acknowledged acknowledged, boolean groupCommit) {
        CommitPoint in = incoming.committed(acknowledged, groupCommit);
        CommitPoint out = outgoing.committed(acknowledged, groupCommit);
        return new CommitPoint(
                Math.min(in.index(), out.index()), in.groupsAgree() && out.groupsAgree());
    }

    public VoteResult vote(LongFunction<@Nullable Boolean> votes) {
        VoteResult in = incoming.vote(votes);
        VoteResult out = outgoing.vote(votes);
        if (in == out) {
            return in;
        }
        return in == VoteResult.LOST || out == VoteResult.LOST
                ? VoteResult.LOST
                : VoteResult.PENDING;
    }
}
