package io.garrick.peer;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What goes wrong, and what an operator does meanwhile; and how often it was so. */
final class Accidents {
    private final World world;
    private final RandomGenerator random;
    private long reads;

    Accidents(World world, RandomGenerator random) {
        this.world = world;
        this.random = random;
    }

    private boolean chance(int perMille) {
        return random.nextInt(1000) < perMille;
    }

    /** Adds this turn's accidents. */
    void draw(List<Op> ops) {
        // Mostly long enough for an election on the other side.
        if (chance(8)) {
            world.network.cutOff(random.nextBoolean() ? someMembers() : leaders());
        } else if (chance(8)) {
            world.network.cutOff(Set.of());
        }
        if (chance(100)) {
            read(ops);
        }
        if (chance(12)) {
            transfer(ops);
        }
        if (chance(4)) {
            campaign(ops);
        }
        if (chance(16)) {
            restart(ops);
        }
        if (chance(40)) {
            compact(ops);
        }
        if (chance(10)) {
            ops.add(new Op.RequestSnapshot(world.anyone().id));
        }
        if (chance(10)) {
            ops.add(new Op.Ping(world.anyone().id));
        }
        offerSnapshots(ops, 50);
    }

    private void restart(List<Op> ops) {
        Member ours = random.nextBoolean() ? someOfOurs() : null;
        ops.add(new Op.Restart((ours == null ? world.anyone() : ours).id));
    }

    private Set<Long> leaders() {
        Set<Long> leading = new TreeSet<>();
        for (Member member : world.alive()) {
            if (member.leads()) {
                leading.add(member.id);
            }
        }
        return leading;
    }

    private Set<Long> someMembers() {
        Set<Long> some = new HashSet<>();
        for (Member member : world.alive()) {
            if (random.nextInt(10) < 4) {
                some.add(member.id);
            }
        }
        return some;
    }

    private void read(List<Op> ops) {
        ByteString context = ByteString.copyFromUtf8("read " + reads++);
        world.ledger().readAsked(context);
        // Who believes to lead may be wrong, and must find out.
        List<Long> leading = List.copyOf(leaders());
        long at =
                leading.isEmpty() || random.nextBoolean()
                        ? world.anyone().id
                        : leading.get(random.nextInt(leading.size()));
        ops.add(new Op.ReadIndex(at, context));
    }

    private void transfer(List<Op> ops) {
        Member leader = world.leader();
        Member to = world.scenario.oursLead() && random.nextInt(3) > 0 ? someOfOurs() : null;
        to = to == null ? world.anyone() : to;
        if (leader != null && to != leader) {
            ops.add(new Op.Transfer(leader.id, to.id));
        }
    }

    private void campaign(List<Op> ops) {
        Member ours = world.scenario.oursLead() ? someOfOurs() : null;
        ops.add(new Op.Campaign((ours == null ? world.anyone() : ours).id));
    }

    private @Nullable Member someOfOurs() {
        List<Member> ours = new ArrayList<>();
        for (Member member : world.alive()) {
            if (member.ours) {
                ours.add(member);
            }
        }
        return ours.isEmpty() ? null : ours.get(random.nextInt(ours.size()));
    }

    private void compact(List<Op> ops) {
        Member member = random.nextInt(3) == 0 ? world.anyone() : world.leader();
        if (member != null && member.status.applied() >= member.status.first()) {
            long upTo = member.status.applied() - random.nextInt(3);
            ops.add(new Op.Compact(member.id, upTo));
        }
    }

    /** Gives leaders the snapshots that they want, each with this probability. */
    void offerSnapshots(List<Op> ops, int percent) {
        for (Member member : world.alive()) {
            if (member.wantsSnapshot && random.nextInt(100) < percent) {
                member.wantsSnapshot = false;
                ops.add(
                        new Op.Offer(
                                member.id,
                                world.ledger().snapshotAt(member.status.applied()).toByteString()));
            }
        }
    }

    void changeConf(List<Op> ops) {
        Member leader = world.leader();
        if (leader == null || !chance(40)) {
            return;
        }
        ConfState conf = world.ledger().configurationAt(leader.status.applied());
        world.membership
                .change(conf)
                .ifPresent(proposal ->
                        ops.add(
                                new Op.ProposeChange(
                                        leader.id, proposal.oneStepFormat(), proposal.change())));
    }

    // ---- counting ----

    void counted(Op op, Outcome outcome) {
        if (outcome.result() != Outcome.Result.TAKEN) {
            return;
        }
        boolean ours = world.membership.isOurs(op.peer());
        switch (op) {
            case Op.Restart _ -> add(ours ? Count.OUR_RESTARTS : Count.RAFT_RS_RESTARTS);
            case Op.Transfer(_, long to) -> {
                if (Membership.isVoter(world.ledger().conf(), to)) {
                    add(
                            world.membership.isOurs(to)
                                    ? Count.TRANSFERS_TO_US
                                    : Count.TRANSFERS_TO_RAFT_RS);
                }
            }
            case Op.Campaign _ -> add(Count.CAMPAIGNS_FORCED);
            case Op.Compact _ -> add(Count.LOGS_COMPACTED);
            case Op.RequestSnapshot _ -> add(Count.SNAPSHOTS_REQUESTED);
            default -> {}
        }
    }

    private void add(Count what) {
        world.counts.add(what);
    }

    /** A configuration was applied for the first time. */
    void counted(ConfState before, ConfState after) {
        if (before.equals(after)) {
            return;
        }
        boolean joint = after.getVotersOutgoingCount() > 0;
        boolean leaves = before.getVotersOutgoingCount() > 0;
        if (!leaves) {
            add(joint ? Count.CHANGES_JOINT : Count.CHANGES_ONE_STEP);
        }
        Set<Long> all = new HashSet<>(Membership.members(before));
        all.addAll(Membership.members(after));
        for (long id : all) {
            counted(id, before, after);
        }
    }

    private void counted(long id, ConfState before, ConfState after) {
        boolean ours = world.membership.isOurs(id);
        boolean wasLearner = before.getLearnersList().contains(id);
        boolean isLearner = after.getLearnersList().contains(id);
        boolean votes = Membership.isVoter(after, id);
        boolean voted = Membership.isVoter(before, id);
        if (wasLearner && votes) {
            add(Count.LEARNERS_PROMOTED);
            if (ours) {
                add(Count.OUR_PEERS_PROMOTED);
            }
        } else if (voted && isLearner) {
            add(Count.VOTERS_DEMOTED);
            if (ours) {
                add(Count.OUR_PEERS_DEMOTED);
            }
        } else if (!wasLearner && !voted && isLearner) {
            add(Count.LEARNERS_ADDED);
        } else if ((wasLearner || voted) && !isLearner && !votes) {
            add(Count.MEMBERS_REMOVED);
        }
    }
}
