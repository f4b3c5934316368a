package io.garrick.raft.scripts;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.raft.MemoryStorage;
import io.garrick.raft.RaftConfig;
import io.garrick.raft.RaftNode;
import io.garrick.raft.RaftObserver;
import io.garrick.raft.RaftStorage;
import io.garrick.raft.Ready;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/**
 * One node of an interaction script: its log, and a state machine that appends what it is given.
 */
final class ScriptNode implements RaftStorage {
    private final MemoryStorage log;
    private final RaftConfig config;
    private final RaftNode node;
    private HardState hardState;
    // The state after the last applied entry; served whenever somebody needs a snapshot.
    private Snapshot state;

    ScriptNode(RaftConfig config, Snapshot start, RaftObserver observer) {
        this.config = config;
        state = start;
        log = new MemoryStorage(start.getMetadata().getConfState());
        if (start.getMetadata().getIndex() > 0) {
            log.install(start);
        }
        node = new RaftNode(config, this, new SplittableRandom(config.id()), observer);
        hardState = node.status().hardState();
    }

    RaftNode node() {
        return node;
    }

    RaftConfig config() {
        return config;
    }

    MemoryStorage log() {
        return log;
    }

    /** A Ready and the text etcd prints for it, before anything is done with it. */
    record Described(Ready ready, List<Message> messages, String text) {}

    Described takeReady() {
        Ready ready = node.ready();
        List<Message> messages = new ArrayList<>(ready.messages());
        messages.addAll(ready.persistedMessages());
        HardState next = ready.hardState() == null ? hardState : ready.hardState();
        boolean voted =
                next.getTerm() != hardState.getTerm() || next.getVote() != hardState.getVote();
        hardState = next;
        return new Described(
                ready,
                messages,
                EtcdText.ready(ready, messages, voted || !ready.entries().isEmpty()));
    }

    /** Writes and applies; the order of the lines that come out is etcd's. */
    void write(Ready ready) {
        if (ready.hardState() != null) {
            log.setHardState(ready.hardState());
        }
        if (ready.snapshot() != null) {
            log.install(ready.snapshot());
            state = ready.snapshot();
        }
        log.append(ready.entries());
        node.advanceAppendAsync(ready);
        ready.committedEntries().forEach(this::apply);
    }

    void persisted(Ready ready) {
        node.onPersistReady(ready.number());
        long applied = ready.snapshot() == null ? 0 : ready.snapshot().getMetadata().getIndex();
        if (!ready.committedEntries().isEmpty()) {
            applied = ready.committedEntries().getLast().getIndex();
        }
        if (applied > 0) {
            node.advanceApplyTo(applied);
        }
    }

    private void apply(Entry entry) {
        ConfState conf = state.getMetadata().getConfState();
        ByteString update = entry.getData();
        if (entry.getEntryType() != EntryType.EntryNormal) {
            var change = EtcdText.confChange(entry);
            conf = node.applyConfChange(change);
            update = change.getContext();
        }
        state =
                Snapshot.newBuilder()
                        .setData(state.getData().concat(update))
                        .setMetadata(
                                SnapshotMetadata.newBuilder()
                                        .setIndex(entry.getIndex())
                                        .setTerm(entry.getTerm())
                                        .setConfState(conf))
                        .build();
    }

    @Override
    public InitialState initialState() {
        return log.initialState();
    }

    @Override
    public Optional<List<Entry>> entries(long low, long high, long maxBytes) {
        return log.entries(low, high, maxBytes);
    }

    @Override
    public OptionalLong term(long index) {
        return log.term(index);
    }

    @Override
    public long firstIndex() {
        return log.firstIndex();
    }

    @Override
    public long lastIndex() {
        return log.lastIndex();
    }

    @Override
    public Optional<Snapshot> snapshot(long requestIndex, long to) {
        return Optional.of(state);
    }
}
