package io.garrick.raft;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/**
 * A peer with a disk that lags behind what was written, and a state machine that lags behind what
 * is committed.
 *
 * <p>{@code live} is what the node reads; {@code disk} is what a crash leaves. Writes reach the
 * disk in order, when the simulation says so. The state machine survives a crash only as of its
 * last checkpoint, whose index is on disk.
 */
final class SimPeer implements RaftStorage {
    /** The state machine at one index: its content is the text of all entries so far. */
    record State(long index, String content, ConfState conf) {}

    private record Write(Ready ready) {}

    private final Simulation simulation;
    private final RaftConfig.Builder config;
    private final RandomGenerator random;
    private final boolean asynchronous;
    private final boolean mayRunAhead;
    private MemoryStorage live;
    private MemoryStorage disk;
    private State state;
    private State checkpoint;
    private final Deque<Write> unsynced = new ArrayDeque<>();
    private final Deque<Entry> toApply = new ArrayDeque<>();
    RaftNode node;
    // Index of the change that removed this peer, 0 while it is a member.
    long removedAt;
    boolean destroyed;

    SimPeer(
            Simulation simulation,
            RaftConfig.Builder config,
            RandomGenerator random,
            boolean asynchronous,
            boolean mayRunAhead,
            MemoryStorage start) {
        this.simulation = simulation;
        this.config = config;
        this.random = random;
        this.asynchronous = asynchronous;
        this.mayRunAhead = mayRunAhead;
        live = start;
        disk = start.copy();
        state = new State(start.lastIndex(), "", start.initialState().confState());
        checkpoint = state;
        node = start();
    }

    private RaftNode start() {
        return new RaftNode(config.applied(checkpoint.index()).build(), this, random);
    }

    /** Forgets everything that was not synced and starts again. */
    void crash() {
        unsynced.clear();
        toApply.clear();
        live = disk.copy();
        state = checkpoint;
        removedAt = 0;
        HardState hard = live.hardState();
        // Commit is persisted lazily; what was applied durably was committed (TiKV's apply state
        // does the same).
        if (hard.getCommit() < checkpoint.index()) {
            live.setHardState(hard.toBuilder().setCommit(checkpoint.index()).build());
        }
        live.setConfState(checkpoint.conf());
        node = start();
    }

    State state() {
        return state;
    }

    boolean hasWork() {
        return !destroyed && (node.hasReady() || !unsynced.isEmpty() || !toApply.isEmpty());
    }

    void handleReady() {
        if (!node.hasReady()) {
            return;
        }
        Ready ready = node.ready();
        simulation.send(ready.messages());
        ready.readStates().forEach(simulation::answered);
        write(live, ready);
        Snapshot snapshot = ready.snapshot();
        if (snapshot != null) {
            toApply.clear();
            SnapshotMetadata meta = snapshot.getMetadata();
            state =
                    new State(
                            meta.getIndex(),
                            snapshot.getData().toStringUtf8(),
                            meta.getConfState());
            simulation.checkState(state);
        }
        committed(ready.committedEntries());
        if (asynchronous) {
            unsynced.add(new Write(ready));
            node.advanceAppendAsync(ready);
        } else {
            synced(ready);
            LightReady light = node.advanceAppend(ready);
            simulation.send(light.messages());
            committed(light.committedEntries());
        }
        if (snapshot != null) {
            node.advanceApplyTo(snapshot.getMetadata().getIndex());
        }
    }

    private void committed(List<Entry> entries) {
        for (Entry entry : entries) {
            simulation.checkCommitted(entry);
            if (!mayRunAhead && disk.term(entry.getIndex()).orElse(0) != entry.getTerm()) {
                throw new AssertionError("to apply before it is on disk: " + entry);
            }
        }
        toApply.addAll(entries);
    }

    private static void write(MemoryStorage to, Ready ready) {
        if (ready.snapshot() != null) {
            to.install(ready.snapshot());
        }
        to.append(ready.entries());
        if (ready.hardState() != null) {
            to.setHardState(ready.hardState());
        }
    }

    private void synced(Ready ready) {
        write(disk, ready);
        Snapshot snapshot = ready.snapshot();
        if (snapshot != null) {
            SnapshotMetadata meta = snapshot.getMetadata();
            checkpoint =
                    new State(
                            meta.getIndex(),
                            snapshot.getData().toStringUtf8(),
                            meta.getConfState());
        }
        simulation.send(ready.persistedMessages());
    }

    /** The disk catches up by some writes; a real one syncs several at once. */
    void sync() {
        long number = 0;
        for (int count = 1 + random.nextInt(3); count > 0 && !unsynced.isEmpty(); count--) {
            Write write = unsynced.removeFirst();
            number = write.ready().number();
            synced(write.ready());
        }
        if (number != 0) {
            node.onPersistReady(number);
        }
    }

    void apply() {
        Entry entry = toApply.poll();
        if (entry == null) {
            return;
        }
        ConfState conf = state.conf();
        String content = state.content();
        if (entry.getIndex() < node.status().firstIndex()) {
            toApply.clear(); // a snapshot has overtaken it; its Ready comes next
            return;
        }
        if (entry.getEntryType() == EntryType.EntryNormal) {
            content += entry.getData().toStringUtf8();
        } else {
            try {
                conf =
                        node.applyConfChange(
                                entry.getIndex(), ConfChangeV2.parseFrom(entry.getData()));
            } catch (InvalidProtocolBufferException broken) {
                throw new AssertionError(broken);
            }
        }
        boolean wasMember = isMember(state.conf());
        state = new State(entry.getIndex(), content, conf);
        simulation.checkState(state);
        node.advanceApplyTo(entry.getIndex());
        if (wasMember && !isMember(conf)) {
            removedAt = entry.getIndex();
        }
    }

    private boolean isMember(ConfState conf) {
        long id = node.id();
        return conf.getVotersList().contains(id)
                || conf.getLearnersList().contains(id)
                || conf.getVotersOutgoingList().contains(id);
    }

    void checkpoint() {
        if (state.index() >= checkpoint.index()
                && state.index() <= disk.lastIndex()
                && state.index() >= disk.firstIndex() - 1
                // The disk may still hold a tail there that the log has replaced since.
                && disk.term(state.index()).equals(live.term(state.index()))) {
            checkpoint = state;
        }
    }

    void compact() {
        checkpoint();
        long index = checkpoint.index();
        if (index >= live.firstIndex() && index >= disk.firstIndex() && index <= disk.lastIndex()) {
            live.compact(index);
            disk.compact(index);
        }
    }

    List<Entry> logEntries() {
        return live.entries(live.firstIndex(), live.lastIndex() + 1, RaftConfig.NO_LIMIT)
                .orElseGet(ArrayList::new);
    }

    void receive(Message message) {
        if (!destroyed) {
            node.step(message);
        }
    }

    // ---- storage ----

    @Override
    public InitialState initialState() {
        return live.initialState();
    }

    @Override
    public Optional<List<Entry>> entries(long low, long high, long maxBytes) {
        return live.entries(low, high, maxBytes);
    }

    @Override
    public OptionalLong term(long index) {
        return live.term(index);
    }

    @Override
    public long firstIndex() {
        return live.firstIndex();
    }

    @Override
    public long lastIndex() {
        return live.lastIndex();
    }

    @Override
    public Optional<Snapshot> snapshot(long requestIndex, long to) {
        OptionalLong term = live.term(state.index());
        if (state.index() < requestIndex || term.isEmpty() || random.nextInt(4) == 0) {
            return Optional.empty();
        }
        return Optional.of(
                Snapshot.newBuilder()
                        .setData(ByteString.copyFromUtf8(state.content()))
                        .setMetadata(
                                SnapshotMetadata.newBuilder()
                                        .setIndex(state.index())
                                        .setTerm(term.getAsLong())
                                        .setConfState(state.conf()))
                        .build());
    }
}
