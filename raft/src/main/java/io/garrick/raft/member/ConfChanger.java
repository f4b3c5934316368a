package io.garrick.raft.member;

import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeSingle;
import io.garrick.proto.eraft.ConfChangeTransition;
import io.garrick.proto.eraft.ConfChangeType;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.raft.quorum.JointQuorum;
import io.garrick.raft.quorum.MajorityQuorum;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Computes the configuration that follows from a change.
 *
 * <p>A change of at most one voter takes effect at once. Anything else enters a joint
 * configuration, in which the old voters (outgoing) and the new ones (incoming) must both agree,
 * and leaves it with a second, empty change. A voter that is demoted stays an outgoing voter until
 * then, hence {@code learnersNext}.
 */
public final class ConfChanger {
    private final Configuration current;
    private final SortedSet<Long> incoming;
    private final SortedSet<Long> outgoing;
    private final SortedSet<Long> learners;
    private final SortedSet<Long> learnersNext;
    private boolean autoLeave;

    private ConfChanger(Configuration current) {
        this.current = current;
        incoming = new TreeSet<>(current.incoming());
        outgoing = new TreeSet<>(current.outgoing());
        learners = new TreeSet<>(current.learners());
        learnersNext = new TreeSet<>(current.learnersNext());
        autoLeave = current.autoLeave();
    }

    /** The one-step format as the general one. */
    public static ConfChangeV2 toV2(ConfChange change) {
        return ConfChangeV2.newBuilder()
                .addChanges(single(change.getChangeType(), change.getNodeId()))
                .setContext(change.getContext())
                .build();
    }

    /** Whether this change only leaves a joint configuration. */
    public static boolean leavesJoint(ConfChangeV2 change) {
        return change.getTransition() == ConfChangeTransition.Auto && change.getChangesCount() == 0;
    }

    public static Configuration apply(Configuration current, ConfChangeV2 change)
            throws ConfChangeException {
        if (leavesJoint(change)) {
            return leaveJoint(current);
        }
        if (change.getTransition() != ConfChangeTransition.Auto || change.getChangesCount() > 1) {
            boolean auto = change.getTransition() != ConfChangeTransition.Explicit;
            return enterJoint(current, auto, change.getChangesList());
        }
        return simple(current, change.getChangesList());
    }

    public static Configuration simple(Configuration current, List<ConfChangeSingle> changes)
            throws ConfChangeException {
        if (current.isJoint()) {
            throw new ConfChangeException("can't apply simple config change in joint config");
        }
        ConfChanger next = new ConfChanger(current);
        next.change(changes);
        if (differences(current.incoming(), next.incoming) > 1) {
            throw new ConfChangeException(
                    "more than one voter changed without entering joint config");
        }
        return next.result();
    }

    public static Configuration enterJoint(
            Configuration current, boolean autoLeave, List<ConfChangeSingle> changes)
            throws ConfChangeException {
        if (current.isJoint()) {
            throw new ConfChangeException("config is already joint");
        }
        if (current.incoming().isEmpty()) {
            throw new ConfChangeException("can't make a zero-voter config joint");
        }
        ConfChanger next = new ConfChanger(current);
        next.outgoing.addAll(next.incoming);
        next.change(changes);
        next.autoLeave = autoLeave;
        return next.result();
    }

    public static Configuration leaveJoint(Configuration current) throws ConfChangeException {
        if (!current.isJoint()) {
            throw new ConfChangeException("can't leave a non-joint config");
        }
        ConfChanger next = new ConfChanger(current);
        next.learners.addAll(next.learnersNext);
        next.learnersNext.clear();
        next.outgoing.clear();
        next.autoLeave = false;
        return next.result();
    }

    /**
     * Rebuilds a configuration from its stored form, through the same changes that could have led
     * to it.
     */
    public static Configuration restore(ConfState state) throws ConfChangeException {
        Configuration conf = Configuration.EMPTY;
        List<ConfChangeSingle> target = new ArrayList<>();
        for (long id : state.getVotersOutgoingList()) {
            conf = simple(conf, List.of(single(ConfChangeType.AddNode, id)));
            target.add(single(ConfChangeType.RemoveNode, id));
        }
        for (long id : state.getVotersList()) {
            target.add(single(ConfChangeType.AddNode, id));
        }
        for (long id : state.getLearnersList()) {
            target.add(single(ConfChangeType.AddLearnerNode, id));
        }
        for (long id : state.getLearnersNextList()) {
            target.add(single(ConfChangeType.AddLearnerNode, id));
        }
        if (state.getVotersOutgoingCount() > 0) {
            return enterJoint(conf, state.getAutoLeave(), target);
        }
        for (ConfChangeSingle change : target) {
            conf = simple(conf, List.of(change));
        }
        return conf;
    }

    private static ConfChangeSingle single(ConfChangeType type, long id) {
        return ConfChangeSingle.newBuilder().setChangeType(type).setNodeId(id).build();
    }

    private static int differences(SortedSet<Long> left, SortedSet<Long> right) {
        SortedSet<Long> both = new TreeSet<>(left);
        both.retainAll(right);
        return left.size() + right.size() - 2 * both.size();
    }

    private void change(List<ConfChangeSingle> changes) throws ConfChangeException {
        for (ConfChangeSingle change : changes) {
            long id = change.getNodeId();
            if (id == 0) {
                continue; // a change that the proposer has withdrawn
            }
            switch (change.getChangeType()) {
                case AddNode -> makeVoter(id);
                case AddLearnerNode -> makeLearner(id);
                case RemoveNode -> remove(id);
                case UNRECOGNIZED ->
                        throw new ConfChangeException(
                                "unknown change type " + change.getChangeTypeValue());
            }
        }
        if (incoming.isEmpty()) {
            throw new ConfChangeException("removed all voters");
        }
    }

    private void makeVoter(long id) {
        incoming.add(id);
        learners.remove(id);
        learnersNext.remove(id);
    }

    private void makeLearner(long id) {
        if (learners.contains(id)) {
            return;
        }
        remove(id);
        if (outgoing.contains(id)) {
            learnersNext.add(id);
        } else {
            learners.add(id);
        }
    }

    private void remove(long id) {
        incoming.remove(id);
        learners.remove(id);
        learnersNext.remove(id);
    }

    private Configuration result() throws ConfChangeException {
        for (long id : learners) {
            if (incoming.contains(id) || outgoing.contains(id)) {
                throw new ConfChangeException(id + " is both learner and voter");
            }
        }
        for (long id : learnersNext) {
            if (!outgoing.contains(id)) {
                throw new ConfChangeException(id + " is a next learner but no outgoing voter");
            }
        }
        if (outgoing.isEmpty() && (!learnersNext.isEmpty() || autoLeave)) {
            throw new ConfChangeException("joint state left over in " + current);
        }
        return new Configuration(
                new JointQuorum(new MajorityQuorum(incoming), new MajorityQuorum(outgoing)),
                learners,
                learnersNext,
                autoLeave);
    }
}
