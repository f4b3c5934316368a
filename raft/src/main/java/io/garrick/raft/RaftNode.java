package io.garrick.raft;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.MessageType;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.raft.RaftBrokenException.Reason;
import io.garrick.raft.member.ConfChanger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

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
public final class RaftNode {
    /** What must be remembered of a Ready until it is synced. Index 0 stands for nothing. */
    private record Written(
            long number,
            long snapshotIndex,
            long lastIndex,
            long lastTerm,
            @Nullable Message ownVote) {}

    private final Raft raft;
    // Small at first: most nodes of a store are idle.
    private final Deque<Written> unsynced = new ArrayDeque<>(1);
    private SoftState lastSoftState;
    private HardState lastHardState;
    private long lastNumber;
    private long syncedNumber;
    // The last Ready with a new term or vote. Until it is synced, not even a leader may send ahead.
    private long votedNumber;
    // Committed entries up to here were handed out.
    private long handedOut;
    private boolean advancePending;

    public RaftNode(RaftConfig config, RaftStorage storage, RandomGenerator random) {
        this(config, storage, random, RaftObserver.NONE);
    }

    public RaftNode(
            RaftConfig config, RaftStorage storage, RandomGenerator random, RaftObserver observer) {
        raft = new Raft(config, storage, random, observer);
        lastSoftState = raft.softState();
        lastHardState = raft.hardState();
        handedOut = Math.max(config.applied(), raft.log.applied());
    }

    // ---- inputs ----

    /** One tick of time. Returns whether it may have made something ready. */
    public boolean tick() {
        return raft.tick();
    }

    /** Takes in a message of another peer. */
    public StepOutcome step(Message message) {
        return switch (message.getMsgType()) {
            case MsgHup, MsgBeat, MsgUnreachable, MsgSnapStatus, MsgCheckQuorum, UNRECOGNIZED ->
                    StepOutcome.LOCAL_MESSAGE;
            case MsgAppendResponse,
                    MsgRequestVoteResponse,
                    MsgHeartbeatResponse,
                    MsgRequestPreVoteResponse ->
                    raft.members.get(message.getFrom()) == null
                            ? StepOutcome.PEER_NOT_FOUND
                            : raft.step(message);
            default -> raft.step(message);
        };
    }

    /** Starts an election now, unless this peer has no vote or leads already. */
    public void campaign() {
        raft.campaign();
    }

    /**
     * Proposes data; false if nobody can take it now (no leader, transfer in progress, too much
     * uncommitted).
     */
    public boolean propose(ByteString context, ByteString data) {
        return propose(EntryType.EntryNormal, context, data);
    }

    /**
     * Proposes a change in the one-step format. It takes effect when {@link #applyConfChange} is
     * called for it.
     */
    public boolean proposeConfChange(ByteString context, ConfChange change) {
        return propose(EntryType.EntryConfChange, context, change.toByteString());
    }

    /** Proposes a change; an empty one leaves a joint configuration. */
    public boolean proposeConfChange(ByteString context, ConfChangeV2 change) {
        return propose(EntryType.EntryConfChangeV2, context, change.toByteString());
    }

    private boolean propose(EntryType type, ByteString context, ByteString data) {
        Message proposal =
                Message.newBuilder()
                        .setMsgType(MessageType.MsgPropose)
                        .setFrom(raft.id())
                        .addEntries(
                                Entry.newBuilder()
                                        .setEntryType(type)
                                        .setData(data)
                                        .setContext(context))
                        .build();
        return raft.step(proposal) == StepOutcome.DONE;
    }

    /**
     * Must be called when the driver applies a committed conf change entry, unless it refuses the
     * change. A driver that applies while it goes on stepping messages calls {@link
     * #applyConfChange(long, ConfChangeV2)}.
     *
     * @return the configuration now in force, to be persisted with the state machine
     */
    public ConfState applyConfChange(ConfChangeV2 change) {
        return raft.applyConfChange(change);
    }

    /**
     * The same for a driver that applies later than it takes Readies: a snapshot may have arrived
     * meanwhile that includes this entry, and then the change must not be made again.
     *
     * @param index of the conf change entry
     */
    public ConfState applyConfChange(long index, ConfChangeV2 change) {
        return index < raft.log.firstIndex()
                ? raft.members.conf().toConfState()
                : raft.applyConfChange(change);
    }

    /** {@link #applyConfChange(ConfChangeV2)} for the one-step format. */
    public ConfState applyConfChange(ConfChange change) {
        return raft.applyConfChange(ConfChanger.toV2(change));
    }

    /**
     * Asks for a point at which a linearizable read may run; the answer is a {@link ReadState} with
     * the same context in a later Ready. There may be no answer (no leader, or a leader without a
     * commit in its term): ask again after a while.
     */
    public void readIndex(ByteString context) {
        raft.readIndex(context);
    }

    /** Hands leadership to a voter; given up after an election timeout. */
    public void transferLeader(long to) {
        raft.step(
                Message.newBuilder().setMsgType(MessageType.MsgTransferLeader).setFrom(to).build());
    }

    /** A follower asks its leader for a fresh snapshot; false if it cannot ask now. */
    public boolean requestSnapshot() {
        return raft.requestSnapshot();
    }

    /** The last message to a peer could not be delivered. */
    public void reportUnreachable(long peer) {
        raft.step(
                Message.newBuilder().setMsgType(MessageType.MsgUnreachable).setFrom(peer).build());
    }

    /** Must be called once for each snapshot message sent. */
    public void reportSnapshot(long peer, SnapshotStatus status) {
        raft.step(
                Message.newBuilder()
                        .setMsgType(MessageType.MsgSnapStatus)
                        .setFrom(peer)
                        .setReject(status == SnapshotStatus.FAILED)
                        .build());
    }

    /** Sends heartbeats now, if leader. */
    public void ping() {
        raft.ping();
    }

    public void setPriority(long priority) {
        raft.priority = priority;
    }

    /**
     * With group commit an entry must be on voters of two commit groups, as long as there are two.
     */
    public void enableGroupCommit(boolean on) {
        raft.enableGroupCommit(on);
    }

    /** Puts peers into commit groups, by peer id. Group 0 is none. */
    public void assignCommitGroups(Map<Long, Long> groups) {
        raft.assignCommitGroups(groups);
    }

    /** Lets a follower act as if its leader were gone; only scripts for etcd need it. */
    public void forgetLeader() {
        raft.forgetLeader();
    }

    /** Overrules chance, for scripts. */
    public void setRandomizedElectionTimeout(int ticks) {
        raft.randomizedElectionTimeout = ticks;
    }

    // ---- outputs ----

    public boolean hasReady() {
        return raft.hasMessages()
                || !raft.softState().equals(lastSoftState)
                || !raft.hardState().equals(lastHardState)
                || !raft.readStates.isEmpty()
                || !raft.log.unstable().entries().isEmpty()
                || raft.log.unstable().snapshot() != null
                || raft.log.hasEntriesToApply(handedOut, raft.allowUnpersisted());
    }

    /**
     * Takes what is to be done. It must be advanced before any other input, and before the next
     * Ready.
     */
    public Ready ready() {
        if (advancePending) {
            throw new RaftBrokenException(
                    Reason.MISUSE, "Ready " + lastNumber + " was not advanced");
        }
        advancePending = true;
        lastNumber++;
        SoftState softState = raft.softState();
        HardState hardState = raft.hardState();
        boolean voted =
                hardState.getTerm() != lastHardState.getTerm()
                        || hardState.getVote() != lastHardState.getVote();
        if (voted) {
            votedNumber = lastNumber;
        }
        Snapshot snapshot = raft.log.unstable().snapshot();
        List<Entry> entries = List.copyOf(raft.log.unstable().entries());
        remember(snapshot, entries);
        if (snapshot != null) {
            handedOut = snapshot.getMetadata().getIndex();
        }
        List<ReadState> readStates = List.copyOf(raft.readStates);
        raft.readStates.clear();
        // A leader may send entries while it writes them (Raft thesis 10.2.1): its own copy counts
        // only once synced. Its
        // term and vote are synced before it can win, except where it is the only voter.
        boolean sendAhead = raft.role == RaftRole.LEADER && votedNumber <= syncedNumber;
        List<Entry> committed = takeCommitted();
        List<Message> messages = raft.takeMessages();
        return new Ready(
                lastNumber,
                softState.equals(lastSoftState) ? null : softState,
                hardState.equals(lastHardState) ? null : hardState,
                readStates,
                entries,
                snapshot,
                committed,
                sendAhead ? messages : List.of(),
                sendAhead ? List.of() : messages,
                voted || snapshot != null || !entries.isEmpty());
    }

    private void remember(@Nullable Snapshot snapshot, List<Entry> entries) {
        unsynced.add(
                new Written(
                        lastNumber,
                        snapshot == null ? 0 : snapshot.getMetadata().getIndex(),
                        entries.isEmpty() ? 0 : entries.getLast().getIndex(),
                        entries.isEmpty() ? 0 : entries.getLast().getTerm(),
                        raft.takeOwnVote()));
    }

    private List<Entry> takeCommitted() {
        List<Entry> committed =
                raft.log.entriesToApply(
                        handedOut,
                        raft.allowUnpersisted(),
                        raft.config.maxCommittedBytesPerReady());
        if (!committed.isEmpty()) {
            handedOut = committed.getLast().getIndex();
            raft.committedHandedOut(committed);
        }
        return committed;
    }

    /** The Ready is written and synced. */
    public LightReady advanceAppend(Ready ready) {
        advanceAppendAsync(ready);
        onPersistReady(ready.number());
        List<Entry> committed = takeCommitted();
        // Only a leader has something to say because of its own disk.
        List<Message> messages = raft.role == RaftRole.LEADER ? raft.takeMessages() : List.of();
        HardState hardState = raft.hardState();
        boolean moved = hardState.getCommit() > lastHardState.getCommit();
        if (moved) {
            lastHardState = lastHardState.toBuilder().setCommit(hardState.getCommit()).build();
        }
        return new LightReady(
                moved ? OptionalLong.of(hardState.getCommit()) : OptionalLong.empty(),
                committed,
                messages);
    }

    /** The Ready is readable through the storage, but perhaps not yet synced. */
    public void advanceAppendAsync(Ready ready) {
        if (!advancePending || ready.number() != lastNumber) {
            throw new RaftBrokenException(
                    Reason.MISUSE, "Ready " + ready.number() + " is not the last one");
        }
        advancePending = false;
        SoftState softState = ready.softState();
        if (softState != null) {
            lastSoftState = softState;
        }
        HardState hardState = ready.hardState();
        if (hardState != null) {
            lastHardState = hardState;
        }
        if (ready.snapshot() != null) {
            raft.log.unstable().snapshotTaken();
        }
        if (!ready.entries().isEmpty()) {
            raft.log.unstable().entriesTaken(ready.entries().getLast().getIndex());
        }
    }

    /** The Ready with this number and all before it are synced. */
    public void onPersistReady(long number) {
        syncedNumber = Math.max(syncedNumber, number);
        long snapshotIndex = 0;
        long lastIndex = 0;
        long lastTerm = 0;
        List<Message> ownVotes = new ArrayList<>();
        while (!unsynced.isEmpty() && unsynced.getFirst().number() <= number) {
            Written synced = unsynced.removeFirst();
            if (synced.snapshotIndex() != 0) {
                snapshotIndex = synced.snapshotIndex();
                lastIndex = 0;
            }
            if (synced.lastIndex() != 0) {
                lastIndex = synced.lastIndex();
                lastTerm = synced.lastTerm();
            }
            if (synced.ownVote() != null) {
                ownVotes.add(synced.ownVote());
            }
        }
        ownVotes.forEach(raft::step);
        if (snapshotIndex != 0) {
            raft.log.snapshotPersisted(snapshotIndex);
        }
        if (lastIndex != 0) {
            raft.entriesPersisted(lastIndex, lastTerm);
        }
    }

    /** The state machine has applied everything up to and including this index. */
    public void advanceApplyTo(long index) {
        raft.appliedTo(index);
    }

    // ---- state ----

    public RaftStatus status() {
        return raft.status();
    }

    public long id() {
        return raft.id();
    }

    public long term() {
        return raft.term;
    }

    /** The leader's peer id, 0 when none is known. */
    public long leaderId() {
        return raft.leaderId;
    }

    public RaftRole role() {
        return raft.role;
    }

    public boolean isLeader() {
        return raft.role == RaftRole.LEADER;
    }

    public long commitIndex() {
        return raft.log.committed();
    }

    public long appliedIndex() {
        return raft.log.applied();
    }

    public long lastIndex() {
        return raft.log.lastIndex();
    }

    /**
     * Whether this leader has committed an entry of its own term: before that it must not serve
     * reads.
     */
    public boolean committedInCurrentTerm() {
        return raft.committedInCurrentTerm();
    }

    /** Reads that wait for heartbeat answers. */
    public int pendingReadCount() {
        return raft.reads.size();
    }

    /**
     * Whether a conf change may be in the log that is not applied yet, so that another would be
     * refused.
     */
    public boolean hasPendingConf() {
        return raft.hasPendingConf();
    }

    /** A leader that keeps a lease by check-quorum. */
    public boolean inLease() {
        return raft.role == RaftRole.LEADER && raft.config.checkQuorum();
    }

    /** The term of a log entry; 0 when it is not in the log. */
    public long entryTerm(long index) {
        return raft.log.term(index);
    }

    public RaftStorage storage() {
        return raft.log.storage();
    }
}
