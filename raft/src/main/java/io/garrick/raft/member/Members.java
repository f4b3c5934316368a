package io.garrick.raft.member;

import io.garrick.raft.member.Progress.FlowControl;
import io.garrick.raft.quorum.Acknowledged.Ack;
import io.garrick.raft.quorum.CommitPoint;
import io.garrick.raft.quorum.VoteResult;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The current configuration with the progress and the vote of every member, by peer id. */
public final class Members {
    private final int maxInflight;
    private final FlowControl flowControl;
    private final SortedMap<Long, Progress> progress = new TreeMap<>();
    private final Map<Long, Boolean> votes = new TreeMap<>();
    private Configuration conf = Configuration.EMPTY;
    private boolean groupCommit;

    public Members(int maxInflight, FlowControl flowControl) {
        this.maxInflight = maxInflight;
        this.flowControl = flowControl;
    }

    public Configuration conf() {
        return conf;
    }

    /**
     * Switches over; new members start to be probed at {@code lastIndex}, kept ones keep their
     * progress.
     */
    public void switchTo(Configuration next, long lastIndex) {
        conf = next;
        progress.keySet().removeIf(id -> !next.isMember(id));
        for (long id : next.members()) {
            if (!progress.containsKey(id)) {
                Progress added = new Progress(Math.max(lastIndex, 1), maxInflight, flowControl);
                // Else check-quorum could step down before the new peer had a chance to answer.
                added.setRecentActive(true);
                progress.put(id, added);
            }
        }
    }

    /** Forgets all members, before a snapshot's configuration is taken. */
    public void clear() {
        conf = Configuration.EMPTY;
        progress.clear();
        votes.clear();
    }

    public @Nullable Progress get(long id) {
        return progress.get(id);
    }

    public SortedMap<Long, Progress> all() {
        return Collections.unmodifiableSortedMap(progress);
    }

    public boolean isLearner(long id) {
        return conf.learners().contains(id);
    }

    /** One voter, no joint change: it decides alone. */
    public boolean isSingleton() {
        return !conf.isJoint() && conf.incoming().size() == 1;
    }

    // ---- commit ----

    public CommitPoint committed() {
        return conf.voters()
                .committed(
                        id -> {
                            Progress of = progress.get(id);
                            return of == null ? null : new Ack(of.matched(), of.commitGroup());
                        },
                        groupCommit);
    }

    public boolean groupCommit() {
        return groupCommit;
    }

    public void setGroupCommit(boolean on) {
        groupCommit = on;
    }

    /** Puts a member into a commit group; unknown members are passed over. */
    public void assignCommitGroup(long id, long group) {
        Progress of = progress.get(id);
        if (of != null) {
            of.setCommitGroup(group);
        }
    }

    // ---- votes and quorums ----

    public void resetVotes() {
        votes.clear();
    }

    /** The first answer counts. */
    public void recordVote(long id, boolean granted) {
        votes.putIfAbsent(id, granted);
    }

    public VoteResult tally() {
        return conf.voters().vote(votes::get);
    }

    public int countVotes(boolean granted) {
        int count = 0;
        for (Map.Entry<Long, Boolean> vote : votes.entrySet()) {
            if (vote.getValue() == granted && conf.voters().contains(vote.getKey())) {
                count++;
            }
        }
        return count;
    }

    public boolean isQuorum(Set<Long> ids) {
        return conf.voters().vote(id -> ids.contains(id) ? Boolean.TRUE : null) == VoteResult.WON;
    }

    /** Whether a quorum was heard from since the last call; {@code self} always counts. */
    public boolean takeQuorumActivity(long self) {
        Set<Long> active = new TreeSet<>();
        for (Map.Entry<Long, Progress> member : progress.entrySet()) {
            Progress of = member.getValue();
            if (member.getKey() == self) {
                of.setRecentActive(true);
                active.add(self);
            } else if (of.recentActive()) {
                active.add(member.getKey());
                of.setRecentActive(false);
            }
        }
        return isQuorum(active);
    }
}
