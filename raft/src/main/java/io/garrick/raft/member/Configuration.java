package io.garrick.raft.member;

import io.garrick.proto.eraft.ConfState;
import io.garrick.raft.quorum.JointQuorum;
import io.garrick.raft.quorum.MajorityQuorum;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Who belongs to the group. Immutable, ids sorted.
 *
 * @param learnersNext voters of the outgoing half that become learners when the joint change is
 *     left
 * @param autoLeave the leader leaves the joint configuration by itself
 */
public record Configuration(
        JointQuorum voters,
        SortedSet<Long> learners,
        SortedSet<Long> learnersNext,
        boolean autoLeave) {
    public static final Configuration EMPTY =
            new Configuration(
                    new JointQuorum(MajorityQuorum.EMPTY, MajorityQuorum.EMPTY),
                    new TreeSet<>(),
                    new TreeSet<>(),
                    false);

    public Configuration {
        learners = MajorityQuorum.sorted(learners);
        learnersNext = MajorityQuorum.sorted(learnersNext);
    }

    public SortedSet<Long> incoming() {
        return voters.incoming().voters();
    }

    public SortedSet<Long> outgoing() {
        return voters.outgoing().voters();
    }

    public boolean isJoint() {
        return voters.isJoint();
    }

    public boolean isMember(long id) {
        return voters.contains(id) || learners.contains(id);
    }

    public SortedSet<Long> members() {
        SortedSet<Long> all = voters.ids();
        all.addAll(learners);
        return all;
    }

    public ConfState toConfState() {
        return ConfState.newBuilder()
                .addAllVoters(incoming())
                .addAllVotersOutgoing(outgoing())
                .addAllLearners(learners)
                .addAllLearnersNext(learnersNext)
                .setAutoLeave(autoLeave)
                .build();
    }

    /** Equal up to the order of ids. */
    public boolean matches(ConfState state) {
        return incoming().equals(new TreeSet<>(state.getVotersList()))
                && outgoing().equals(new TreeSet<>(state.getVotersOutgoingList()))
                && learners.equals(new TreeSet<>(state.getLearnersList()))
                && learnersNext.equals(new TreeSet<>(state.getLearnersNextList()))
                && autoLeave == state.getAutoLeave();
    }
}
