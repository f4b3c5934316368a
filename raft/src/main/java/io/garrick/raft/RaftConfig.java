package io.garrick.raft;

/**
 * How a node behaves. Sizes are serialized bytes, {@link #NO_LIMIT} for none.
 *
 * @param id this peer's id, not 0
 * @param electionTicks without a leader for this long, a voter campaigns (randomised up to {@code
 *     maxElectionTicks})
 * @param heartbeatTicks a leader's heartbeat interval
 * @param applied last index the state machine has applied, from its own storage
 * @param maxBytesPerMessage entries per append message; 0 means one entry each
 * @param maxInflightMessages append messages to one peer without an answer
 * @param checkQuorum a leader that hears from no majority steps down; voters refuse candidates
 *     while a leader lives
 * @param skipBroadcastCommit let followers learn the commit index with the next message
 * @param batchAppend put entries into an append message that is still waiting to be sent
 * @param priority votes go only to candidates of at least this priority, unless their log is longer
 * @param maxUncommittedBytes payload a leader takes in before a commit; more proposals are dropped
 * @param maxCommittedBytesPerReady committed entries handed out at once
 * @param maxApplyUnpersistedEntries how far apply may run ahead of the own disk, on the leader
 * @param disableProposalForwarding followers drop proposals instead of sending them to the leader
 * @param dialect whose answers to give where raft-rs and etcd differ; leave at {@link
 *     Dialect#RAFT_RS}
 * @param stepDownOnRemoval a removed leader becomes follower at once (etcd only; raft-rs leaves it
 *     to the driver)
 * @param trustConfChanges a leader appends any conf change, even a second one in flight (etcd only;
 *     unsafe)
 */
public record RaftConfig(
        long id,
        int electionTicks,
        int heartbeatTicks,
        int minElectionTicks,
        int maxElectionTicks,
        long applied,
        long maxBytesPerMessage,
        int maxInflightMessages,
        boolean checkQuorum,
        boolean preVote,
        ReadOnlyOption readOnlyOption,
        boolean skipBroadcastCommit,
        boolean batchAppend,
        long priority,
        long maxUncommittedBytes,
        long maxCommittedBytesPerReady,
        long maxApplyUnpersistedEntries,
        boolean disableProposalForwarding,
        Dialect dialect,
        boolean stepDownOnRemoval,
        boolean trustConfChanges) {

    public static final long NO_LIMIT = Long.MAX_VALUE;

    /** How a leader makes sure that it still is one before it answers a read. */
    public enum ReadOnlyOption {
        /** A round of heartbeats per batch of reads. */
        SAFE,
        /** Trust the clock: check-quorum keeps other leaders away for an election timeout. */
        LEASE_BASED
    }

    /**
     * raft-rs and etcd's raft agree on the protocol but not on every message. Only scripts choose
     * etcd.
     */
    public enum Dialect {
        RAFT_RS,
        ETCD
    }

    public RaftConfig {
        check(id != 0, "id", id);
        check(heartbeatTicks > 0, "heartbeatTicks", heartbeatTicks);
        check(electionTicks > heartbeatTicks, "electionTicks", electionTicks);
        minElectionTicks = minElectionTicks == 0 ? electionTicks : minElectionTicks;
        maxElectionTicks = maxElectionTicks == 0 ? 2 * electionTicks : maxElectionTicks;
        check(minElectionTicks >= electionTicks, "minElectionTicks", minElectionTicks);
        check(maxElectionTicks > minElectionTicks, "maxElectionTicks", maxElectionTicks);
        check(maxInflightMessages > 0, "maxInflightMessages", maxInflightMessages);
        check(applied >= 0, "applied", applied);
        check(
                maxApplyUnpersistedEntries >= 0,
                "maxApplyUnpersistedEntries",
                maxApplyUnpersistedEntries);
        check(
                maxUncommittedBytes >= maxBytesPerMessage,
                "maxUncommittedBytes",
                maxUncommittedBytes);
        if (readOnlyOption == ReadOnlyOption.LEASE_BASED && !checkQuorum) {
            throw new IllegalArgumentException("lease based reads need checkQuorum");
        }
    }

    private static void check(boolean valid, String name, long value) {
        if (!valid) {
            throw new IllegalArgumentException(name + " out of range: " + value);
        }
    }

    /**
     * Starts from TiKV's values: pre-vote, check-quorum, 10 and 2 ticks, 256 messages of 1 MiB in
     * flight.
     */
    public static Builder builder(long id) {
        return new Builder(id);
    }

    /** Collects the values of a {@link RaftConfig}. */
    public static final class Builder {
        private final long id;
        private int electionTicks = 10;
        private int heartbeatTicks = 2;
        private int minElectionTicks;
        private int maxElectionTicks;
        private long applied;
        private long maxBytesPerMessage = 1 << 20;
        private int maxInflightMessages = 256;
        private boolean checkQuorum = true;
        private boolean preVote = true;
        private ReadOnlyOption readOnlyOption = ReadOnlyOption.SAFE;
        private boolean skipBroadcastCommit;
        private boolean batchAppend;
        private long priority;
        private long maxUncommittedBytes = NO_LIMIT;
        private long maxCommittedBytesPerReady = 16 << 20;
        private long maxApplyUnpersistedEntries;
        private boolean disableProposalForwarding;
        private Dialect dialect = Dialect.RAFT_RS;
        private boolean stepDownOnRemoval;
        private boolean trustConfChanges;

        private Builder(long id) {
            this.id = id;
        }

        public Builder electionTicks(int ticks) {
            electionTicks = ticks;
            return this;
        }

        public Builder heartbeatTicks(int ticks) {
            heartbeatTicks = ticks;
            return this;
        }

        /** The bounds of the randomised election timeout; the upper one is excluded. */
        public Builder electionTickRange(int min, int max) {
            minElectionTicks = min;
            maxElectionTicks = max;
            return this;
        }

        public Builder applied(long index) {
            applied = index;
            return this;
        }

        public Builder maxBytesPerMessage(long bytes) {
            maxBytesPerMessage = bytes;
            return this;
        }

        public Builder maxInflightMessages(int count) {
            maxInflightMessages = count;
            return this;
        }

        public Builder checkQuorum(boolean value) {
            checkQuorum = value;
            return this;
        }

        public Builder preVote(boolean value) {
            preVote = value;
            return this;
        }

        public Builder readOnlyOption(ReadOnlyOption value) {
            readOnlyOption = value;
            return this;
        }

        public Builder skipBroadcastCommit(boolean value) {
            skipBroadcastCommit = value;
            return this;
        }

        public Builder batchAppend(boolean value) {
            batchAppend = value;
            return this;
        }

        public Builder priority(long value) {
            priority = value;
            return this;
        }

        public Builder maxUncommittedBytes(long bytes) {
            maxUncommittedBytes = bytes;
            return this;
        }

        public Builder maxCommittedBytesPerReady(long bytes) {
            maxCommittedBytesPerReady = bytes;
            return this;
        }

        public Builder maxApplyUnpersistedEntries(long count) {
            maxApplyUnpersistedEntries = count;
            return this;
        }

        public Builder disableProposalForwarding(boolean value) {
            disableProposalForwarding = value;
            return this;
        }

        public Builder dialect(Dialect value) {
            dialect = value;
            return this;
        }

        public Builder stepDownOnRemoval(boolean value) {
            stepDownOnRemoval = value;
            return this;
        }

        public Builder trustConfChanges(boolean value) {
            trustConfChanges = value;
            return this;
        }

        public RaftConfig build() {
            return new RaftConfig(
                    id,
                    electionTicks,
                    heartbeatTicks,
                    minElectionTicks,
                    maxElectionTicks,
                    applied,
                    maxBytesPerMessage,
                    maxInflightMessages,
                    checkQuorum,
                    preVote,
                    readOnlyOption,
                    skipBroadcastCommit,
                    batchAppend,
                    priority,
                    maxUncommittedBytes,
                    maxCommittedBytesPerReady,
                    maxApplyUnpersistedEntries,
                    disableProposalForwarding,
                    dialect,
                    stepDownOnRemoval,
                    trustConfChanges);
        }
    }
}
