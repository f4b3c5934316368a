package io.garrick.raft.quorum;

import io.garrick.raft.quorum.Acknowledged.Ack;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** Decisions by more than half of a set of voters. */
public record MajorityQuorum(SortedSet<Long> voters) {
    public static final MajorityQuorum EMPTY = new MajorityQuorum(new TreeSet<>());

    public MajorityQuorum {
        voters = sorted(voters);
    }

    /** An unmodifiable copy; all empty ones are one, since most groups have several. */
    public static SortedSet<Long> sorted(SortedSet<Long> ids) {
        return ids.isEmpty()
                ? Collections.emptySortedSet()
                : Collections.unmodifiableSortedSet(new TreeSet<>(ids));
    }

    public boolean isEmpty() {
        return voters.isEmpty();
    }

    private int majority() {
        return voters.size() / 2 + 1;
    }

    /**
     * The last index that a majority has. With {@code groupCommit} it must also be in two commit
     * groups, as long as two groups exist; voters without a group hold the index back to the
     * slowest voter (raft-rs quorum/majority.rs).
     */
    public CommitPoint committed(Acknowledged acknowledged, boolean groupCommit) {
        if (voters.isEmpty()) {
            return new CommitPoint(CommitPoint.EVERYTHING, true);
        }
        List<Ack> acks = new ArrayList<>(voters.size());
        for (long voter : voters) {
            Ack ack = acknowledged.of(voter);
            acks.add(ack == null ? Ack.NOTHING : ack);
        }
        acks.sort(Comparator.comparingLong(Ack::index).reversed());
        Ack atQuorum = acks.get(majority() - 1);
        if (!groupCommit) {
            return new CommitPoint(atQuorum.index(), false);
        }
        long firstGroup = atQuorum.groupId();
        boolean everyoneHasGroup = true;
        for (Ack ack : acks) {
            if (ack.groupId() == 0) {
                everyoneHasGroup = false;
            } else if (firstGroup == 0) {
                firstGroup = ack.groupId();
            } else if (firstGroup != ack.groupId()) {
                return new CommitPoint(Math.min(ack.index(), atQuorum.index()), true);
            }
        }
        return new CommitPoint(everyoneHasGroup ? atQuorum.index() : acks.getLast().index(), false);
    }

    /** How a vote stands; a null vote is still missing. An empty set has won. */
    public VoteResult vote(LongFunction<@Nullable Boolean> votes) {
        if (voters.isEmpty()) {
            return VoteResult.WON;
        }
        int yes = 0;
        int missing = 0;
        for (long voter : voters) {
            Boolean vote = votes.apply(voter);
            if (vote == null) {
                missing++;
            } else if (vote) {
                yes++;
            }
        }
        if (yes >= majority()) {
            return VoteResult.WON;
        }
        return yes + missing >= majority() ? VoteResult.PENDING : VoteResult.LOST;
    }
}
