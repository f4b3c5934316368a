package io.garrick.peer;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfState;

/** One thing that happens to one peer. */
sealed interface Op {
    /** The peer's id. */
    long peer();

    /** How a peer behaves for all of its life; the fields are those of {@code RaftConfig}. */
    record Settings(
            boolean preVote,
            boolean checkQuorum,
            boolean batchAppend,
            boolean skipBroadcastCommit,
            int maxInflightMessages,
            long maxBytesPerMessage,
            long maxCommittedBytesPerReady,
            long priority) {}

    /**
     * Where a peer's log starts; index 0 is a peer that knows nothing and waits for its leader.
     *
     * @param conf what the first members agree on
     */
    record Start(long index, long term, ConfState conf) {
        static final Start EMPTY = new Start(0, 0, ConfState.getDefaultInstance());
    }

    record Create(long peer, Settings settings, Start start) implements Op {}

    record Destroy(long peer) implements Op {}

    /** The process dies and comes back: what was not synced is gone. */
    record Restart(long peer) implements Op {}

    record Step(long peer, ByteString message) implements Op {}

    record Tick(long peer) implements Op {}

    record Propose(long peer, ByteString data, ByteString context) implements Op {}

    /**
     * A change of the members.
     *
     * @param oneStepFormat whether {@code change} is an encoded ConfChange rather than a
     *     ConfChangeV2
     */
    record ProposeChange(long peer, boolean oneStepFormat, ByteString change) implements Op {}

    record Transfer(long peer, long to) implements Op {}

    record Campaign(long peer) implements Op {}

    record ReadIndex(long peer, ByteString context) implements Op {}

    record RequestSnapshot(long peer) implements Op {}

    record ReportSnapshot(long peer, long to, boolean arrived) implements Op {}

    record ReportUnreachable(long peer, long to) implements Op {}

    record Ping(long peer) implements Op {}

    /** Drops applied entries up to and including {@code index} from the log. */
    record Compact(long peer, long index) implements Op {}

    /** Here is the snapshot that this peer wanted to send. */
    record Offer(long peer, ByteString snapshot) implements Op {}

    /** Show the log. */
    record Dump(long peer) implements Op {}

    // ---- the steps of a peer whose disk and state machine take time; only ours does ----

    /** Take a Ready and write it, unsynced. */
    record Write(long peer) implements Op {}

    /** The disk syncs the oldest {@code count} writes. */
    record Sync(long peer, int count) implements Op {}

    /** The state machine applies {@code count} entries. */
    record Apply(long peer, int count) implements Op {}

    /** The state machine's content reaches the disk. */
    record Checkpoint(long peer) implements Op {}
}
