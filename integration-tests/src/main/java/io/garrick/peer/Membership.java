package io.garrick.peer;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeSingle;
import io.garrick.proto.eraft.ConfChangeTransition;
import io.garrick.proto.eraft.ConfChangeType;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.raft.member.ConfChangeException;
import io.garrick.raft.member.ConfChanger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/** Who may join as what, and which change to propose next. */
final class Membership {
    private static final int MAX_MEMBERS = 6;
    private static final int MAX_OURS = 2;

    /** Which software a peer runs. */
    enum Software {
        OURS,
        RAFT_RS
    }

    private final RandomGenerator random;
    private final boolean oursMayVote;
    private final SortedMap<Long, Software> software = new TreeMap<>();
    private long nextId = 1;

    Membership(RandomGenerator random, boolean oursMayVote) {
        this.random = random;
        this.oursMayVote = oursMayVote;
    }

    long add(Software runs) {
        software.put(nextId, runs);
        return nextId++;
    }

    Software software(long peer) {
        Software found = software.get(peer);
        if (found == null) {
            throw new IllegalArgumentException("nobody planned peer " + peer);
        }
        return found;
    }

    boolean isOurs(long peer) {
        return software.get(peer) == Software.OURS;
    }

    static List<Long> members(ConfState conf) {
        TreeSet<Long> all = new TreeSet<>(conf.getVotersList());
        all.addAll(conf.getVotersOutgoingList());
        all.addAll(conf.getLearnersList());
        return List.copyOf(all);
    }

    static boolean isVoter(ConfState conf, long peer) {
        return conf.getVotersList().contains(peer) || conf.getVotersOutgoingList().contains(peer);
    }

    /** A change as it is proposed. */
    record Proposal(boolean oneStepFormat, ByteString change) {}

    /** A change that this configuration can take; empty if the dice found none. */
    Optional<Proposal> change(ConfState conf) {
        if (conf.getVotersOutgoingCount() > 0) {
            return Optional.of(
                    new Proposal(false, ConfChangeV2.getDefaultInstance().toByteString()));
        }
        List<ConfChangeSingle> singles = new ArrayList<>();
        int count = random.nextInt(3) == 0 ? 2 + random.nextInt(2) : 1;
        TreeSet<Long> touched = new TreeSet<>();
        for (int i = 0; i < count; i++) {
            single(conf).filter(single -> touched.add(single.getNodeId())).ifPresent(singles::add);
        }
        if (singles.isEmpty()) {
            return Optional.empty();
        }
        ConfChangeV2.Builder change = ConfChangeV2.newBuilder().addAllChanges(singles);
        if (singles.size() > 1 || random.nextInt(3) == 0) {
            change.setTransition(
                    switch (random.nextInt(4)) {
                        case 0 -> ConfChangeTransition.Explicit;
                        case 1 -> ConfChangeTransition.Implicit;
                        default -> ConfChangeTransition.Auto;
                    });
        }
        if (!possible(conf, change.build())) {
            return Optional.empty();
        }
        boolean oneStepFormat =
                singles.size() == 1
                        && change.getTransition() == ConfChangeTransition.Auto
                        && random.nextBoolean();
        return Optional.of(
                oneStepFormat
                        ? new Proposal(true, oneStep(singles.getFirst()).toByteString())
                        : new Proposal(false, change.build().toByteString()));
    }

    private static ConfChange oneStep(ConfChangeSingle single) {
        return ConfChange.newBuilder()
                .setChangeType(single.getChangeType())
                .setNodeId(single.getNodeId())
                .build();
    }

    private static boolean possible(ConfState conf, ConfChangeV2 change) {
        try {
            ConfChanger.apply(ConfChanger.restore(conf), change);
            return true;
        } catch (ConfChangeException impossible) {
            return false;
        }
    }

    private Optional<ConfChangeSingle> single(ConfState conf) {
        List<Long> members = members(conf);
        int dice = random.nextInt(10);
        if (dice < 3 && members.size() < MAX_MEMBERS) {
            return Optional.of(newcomer(members));
        }
        long member = members.get(random.nextInt(members.size()));
        boolean votes = conf.getVotersList().contains(member);
        if (!votes) {
            return Optional.of(
                    dice < 8 && mayVote(member)
                            ? change(ConfChangeType.AddNode, member)
                            : change(ConfChangeType.RemoveNode, member));
        }
        if (conf.getVotersCount() <= 2) {
            return Optional.empty();
        }
        return Optional.of(
                change(
                        dice < 7 ? ConfChangeType.AddLearnerNode : ConfChangeType.RemoveNode,
                        member));
    }

    private ConfChangeSingle newcomer(List<Long> members) {
        long ours = members.stream().filter(this::isOurs).count();
        boolean makeOurs = ours == 0 || (ours < MAX_OURS && random.nextInt(3) == 0);
        long id = add(makeOurs ? Software.OURS : Software.RAFT_RS);
        boolean votesAtOnce = mayVote(id) && random.nextInt(4) == 0;
        return change(votesAtOnce ? ConfChangeType.AddNode : ConfChangeType.AddLearnerNode, id);
    }

    private boolean mayVote(long peer) {
        return oursMayVote || !isOurs(peer);
    }

    private static ConfChangeSingle change(ConfChangeType type, long peer) {
        return ConfChangeSingle.newBuilder().setChangeType(type).setNodeId(peer).build();
    }
}
