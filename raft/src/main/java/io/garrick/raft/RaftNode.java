package io.garrick.raft;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Message;
import java.util.random.RandomGenerator;

/**
 * One peer of a Raft group, as its driver sees it.
 *
 * <p>The driver feeds it ({@link #tick}, {@link #step}, {@link #propose}, ...), then, while {@link
 * #hasReady}, takes a {@link Ready}, does what it says in its order and reports back:
 *
 * <pre>{@code
 * Ready ready = node.ready();
 * send(ready.messages());                 // may leave before the disk is asked
 * write(ready);                           // snapshot, entries, hard state; sync if mustSync
 * send(ready.persistedMessages());        // only now
 * apply(ready.committedEntries());        // applyConfChange for conf changes
 * LightReady light = node.advanceAppend(ready);
 * send(light.messages());
 * apply(light.committedEntries());
 * node.advanceApplyTo(appliedIndex);
 * }</pre>
 *
 * <p>With a slow disk: {@link #advanceAppendAsync} as soon as the writes are readable through
 * {@link RaftStorage}, further Readies meanwhile, and {@link #onPersistReady} once they are synced;
 * {@code persistedMessages} wait for that sync.
 *
 * <p>Semantics follow raft-rs' RawNode (tikv/raft-rs @ aafb07c7). Owned by one thread at a time. A
 * {@link RaftBrokenException} from any method means that the node is lost and its region must be
 * quarantined.
 */
@SuppressWarnings("DoNotCallSuggester") // only until the core is linked in
public final class RaftNode {
    public RaftNode(RaftConfig config, RaftStorage storage, RandomGenerator random) {
        this(config, storage, random, RaftObserver.NONE);
    }

    public RaftNode(
            RaftConfig config, RaftStorage storage, RandomGenerator random, RaftObserver observer) {
        throw pending();
    }

    private static UnsupportedOperationException pending() {
        return new UnsupportedOperationException("the protocol core is not linked in");
    }

    // ---- inputs ----

    /** One tick of time. Returns whether it may have made something ready. */
    public boolean tick() {
        throw pending();
    }

    /** Takes in a message of another peer. */
    public StepOutcome step(Message message) {
        throw pending();
    }

    /** Starts an election now, unless this peer has no vote or leads already. */
    public void campaign() {
        throw pending();
    }

    /**
     * Proposes data; false if nobody can take it now (no leader, transfer in progress, too much
     * uncommitted).
     */
    public boolean propose(ByteString context, ByteString data) {
        throw pending();
    }

    /**
     * Proposes a change in the one-step format. It takes effect when {@link #applyConfChange} is
     * called for it.
     */
    public boolean proposeConfChange(ByteString context, ConfChange change) {
        throw pending();
    }

    /** Proposes a change; an empty one leaves a joint configuration. */
    public boolean proposeConfChange(ByteString context, ConfChangeV2 change) {
        throw pending();
    }

    /**
     * Must be called when the driver applies a committed conf change entry, unless it refuses the
     * change.
     *
     * @return the configuration now in force, to be persisted with the state machine
     */
    public ConfState applyConfChange(ConfChangeV2 change) {
        throw pending();
    }

    /** {@link #applyConfChange(ConfChangeV2)} for the one-step format. */
    public ConfState applyConfChange(ConfChange change) {
        throw pending();
    }

    /**
     * Asks for a point at which a linearizable read may run; the answer is a {@link ReadState} with
     * the same context in a later Ready. There may be no answer (no leader, or a leader without a
     * commit in its term): ask again after a while.
     */
    public void readIndex(ByteString context) {
        throw pending();
    }

    /** Hands leadership to a voter; given up after an election timeout. */
    public void transferLeader(long to) {
        throw pending();
    }

    /** A follower asks its leader for a fresh snapshot; false if it cannot ask now. */
    public boolean requestSnapshot() {
        throw pending();
    }

    /** The last message to a peer could not be delivered. */
    public void reportUnreachable(long peer) {
        throw pending();
    }

    /** Must be called once for each snapshot message sent. */
    public void reportSnapshot(long peer, SnapshotStatus status) {
        throw pending();
    }

    /** Sends heartbeats now, if leader. */
    public void ping() {
        throw pending();
    }

    public void setPriority(long priority) {
        throw pending();
    }

    // ---- outputs ----

    public boolean hasReady() {
        throw pending();
    }

    /** Takes what is to be done. Each Ready must be advanced before the next one is taken. */
    public Ready ready() {
        throw pending();
    }

    /** The Ready is written and synced. */
    public LightReady advanceAppend(Ready ready) {
        throw pending();
    }

    /** The Ready is readable through the storage, but perhaps not yet synced. */
    public void advanceAppendAsync(Ready ready) {
        throw pending();
    }

    /** The Ready with this number and all before it are synced. */
    public void onPersistReady(long number) {
        throw pending();
    }

    /** The state machine has applied everything up to and including this index. */
    public void advanceApplyTo(long index) {
        throw pending();
    }

    // ---- state ----

    public RaftStatus status() {
        throw pending();
    }

    public long term() {
        throw pending();
    }

    /** The leader's peer id, 0 when none is known. */
    public long leaderId() {
        throw pending();
    }

    public RaftRole role() {
        throw pending();
    }

    public long commitIndex() {
        throw pending();
    }

    public long lastIndex() {
        throw pending();
    }

    /**
     * Whether this leader has committed an entry of its own term: before that it must not serve
     * reads.
     */
    public boolean committedInCurrentTerm() {
        throw pending();
    }

    /** Reads that wait for heartbeat answers. */
    public int pendingReadCount() {
        throw pending();
    }

    /** A leader that keeps a lease by check-quorum. */
    public boolean inLease() {
        throw pending();
    }

    public RaftStorage storage() {
        throw pending();
    }
}
