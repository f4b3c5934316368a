package io.garrick.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.peer.Outcome.Effect;
import io.garrick.peer.Outcome.Result;
import io.garrick.peer.Outcome.Status;
import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.EntryType;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import io.garrick.raft.LightReady;
import io.garrick.raft.MemoryStorage;
import io.garrick.raft.RaftConfig;
import io.garrick.raft.RaftNode;
import io.garrick.raft.RaftStatus;
import io.garrick.raft.RaftStorage;
import io.garrick.raft.Ready;
import io.garrick.raft.SnapshotStatus;
import io.garrick.raft.StepOutcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/**
 * A peer that runs our core, on a disk that lags behind what was written and with a state machine
 * that lags behind what is committed.
 *
 * <p>{@code written} is what the node reads, {@code disk} what a crash leaves. Messages that depend
 * on a write leave when it is synced. The state machine survives a crash as of its last checkpoint.
 */
final class OurPeer implements RaftStorage {
    private final Op.Settings settings;
    private final RandomGenerator random;
    // Readies are handed back before they are synced, as the learner does it.
    private final boolean asynchronous;
    private MemoryStorage written;
    private MemoryStorage disk;
    private ConfState conf;
    private long applied;
    private long checkpoint;
    private ConfState checkpointConf;
    private final Deque<Ready> unsynced = new ArrayDeque<>();
    private final Deque<Entry> toApply = new ArrayDeque<>();
    private Snapshot offered = Snapshot.getDefaultInstance();
    private RaftNode node;
    private List<Effect> effects = new ArrayList<>();
    private long entriesLost;

    OurPeer(Op.Create create, boolean asynchronous, RandomGenerator random) {
        settings = create.settings();
        this.asynchronous = asynchronous;
        this.random = random;
        Op.Start start = create.start();
        conf = start.conf();
        written =
                start.index() == 0
                        ? new MemoryStorage(conf)
                        : MemoryStorage.startingAt(conf, start.index(), start.term());
        disk = written.copy();
        applied = start.index();
        checkpoint = applied;
        checkpointConf = conf;
        node = node(create.peer());
    }

    private RaftNode node(long id) {
        RaftConfig config =
                RaftConfig.builder(id)
                        .preVote(settings.preVote())
                        .checkQuorum(settings.checkQuorum())
                        .batchAppend(settings.batchAppend())
                        .skipBroadcastCommit(settings.skipBroadcastCommit())
                        .maxInflightMessages(settings.maxInflightMessages())
                        .maxBytesPerMessage(settings.maxBytesPerMessage())
                        .maxCommittedBytesPerReady(settings.maxCommittedBytesPerReady())
                        .priority(settings.priority())
                        .applied(checkpoint)
                        .build();
        return new RaftNode(config, this, random);
    }

    /** Entries that crashes took before they were synced, over all of its life. */
    long entriesLost() {
        return entriesLost;
    }

    /** The term of an entry in the log as raft sees it; 0 if it has none, -1 if it is compacted. */
    long entryTerm(long index) {
        return index < node.status().firstIndex() ? -1 : node.entryTerm(index);
    }

    /** Does the operation; whatever the node throws is its failure. */
    Outcome perform(Op op) {
        effects = new ArrayList<>();
        try {
            boolean taken = operate(op);
            return outcome(taken ? Result.TAKEN : Result.DROPPED, "");
        } catch (RuntimeException | InvalidProtocolBufferException broken) {
            return outcome(Result.FAILED, "our core failed: " + broken);
        }
    }

    private Outcome outcome(Result result, String text) {
        RaftStatus status = node.status();
        HardState hard = status.hardState();
        return new Outcome(
                effects,
                result,
                text,
                new Status(
                        hard.getTerm(),
                        hard.getVote(),
                        status.softState().leaderId(),
                        status.softState().role(),
                        hard.getCommit(),
                        applied,
                        status.firstIndex(),
                        status.lastIndex()));
    }

    private boolean operate(Op op) throws InvalidProtocolBufferException {
        return switch (op) {
            case Op.Step(_, ByteString message) ->
                    node.step(Message.parseFrom(message)) == StepOutcome.DONE;
            case Op.Propose(_, ByteString data, ByteString context) -> node.propose(context, data);
            case Op.ProposeChange(_, boolean oneStepFormat, ByteString change) ->
                    oneStepFormat
                            ? node.proposeConfChange(ByteString.EMPTY, ConfChange.parseFrom(change))
                            : node.proposeConfChange(
                                    ByteString.EMPTY, ConfChangeV2.parseFrom(change));
            case Op.RequestSnapshot _ -> node.requestSnapshot();
            default -> {
                command(op);
                yield true;
            }
        };
    }

    private void command(Op op) throws InvalidProtocolBufferException {
        switch (op) {
            case Op.Restart _ -> crash();
            case Op.Tick _ -> node.tick();
            case Op.Transfer(_, long to) -> node.transferLeader(to);
            case Op.Campaign _ -> node.campaign();
            case Op.ReadIndex(_, ByteString context) -> node.readIndex(context);
            case Op.ReportSnapshot(_, long to, boolean arrived) ->
                    node.reportSnapshot(
                            to, arrived ? SnapshotStatus.FINISHED : SnapshotStatus.FAILED);
            case Op.ReportUnreachable(_, long to) -> node.reportUnreachable(to);
            case Op.Ping _ -> node.ping();
            case Op.Compact(_, long index) -> compact(index);
            case Op.Offer(_, ByteString snapshot) -> offered = Snapshot.parseFrom(snapshot);
            case Op.Dump _ ->
                    entriesInLog().forEach(entry -> effects.add(new Effect.Stored(entry)));
            case Op.Write _ -> write();
            case Op.Sync(_, int count) -> sync(count);
            case Op.Apply(_, int count) -> apply(count);
            case Op.Checkpoint _ -> checkpoint();
            case Op.Create _,
                    Op.Destroy _,
                    Op.Step _,
                    Op.Propose _,
                    Op.ProposeChange _,
                    Op.RequestSnapshot _ ->
                    throw new IllegalArgumentException("not for one peer: " + op);
        }
    }

    private List<Entry> entriesInLog() {
        return written.entries(written.firstIndex(), written.lastIndex() + 1, RaftConfig.NO_LIMIT)
                .orElseThrow();
    }

    // ---- disk ----

    boolean hasWork() {
        return node.hasReady() || !unsynced.isEmpty() || !toApply.isEmpty();
    }

    private void write() {
        if (!node.hasReady()) {
            return;
        }
        Ready ready = node.ready();
        send(ready.messages());
        ready.readStates()
                .forEach(
                        read -> effects.add(new Effect.ReadAnswered(read.index(), read.context())));
        to(written, ready);
        Snapshot snapshot = ready.snapshot();
        if (snapshot != null) {
            toApply.clear();
            applied = snapshot.getMetadata().getIndex();
            conf = snapshot.getMetadata().getConfState();
            effects.add(new Effect.Installed(snapshot));
        }
        committed(ready.committedEntries());
        if (asynchronous) {
            unsynced.add(ready);
            node.advanceAppendAsync(ready);
        } else {
            synced(ready);
            LightReady light = node.advanceAppend(ready);
            send(light.messages());
            committed(light.committedEntries());
        }
        if (snapshot != null) {
            node.advanceApplyTo(applied);
        }
    }

    private static void to(MemoryStorage storage, Ready ready) {
        if (ready.snapshot() != null) {
            storage.install(ready.snapshot());
        }
        storage.append(ready.entries());
        if (ready.hardState() != null) {
            storage.setHardState(ready.hardState());
        }
    }

    private void synced(Ready ready) {
        to(disk, ready);
        if (ready.snapshot() != null) {
            SnapshotMetadata meta = ready.snapshot().getMetadata();
            checkpoint = meta.getIndex();
            checkpointConf = meta.getConfState();
        }
        send(ready.persistedMessages());
    }

    private void sync(int count) {
        long number = 0;
        for (int i = 0; i < count && !unsynced.isEmpty(); i++) {
            Ready oldest = unsynced.removeFirst();
            number = oldest.number();
            synced(oldest);
        }
        if (number != 0) {
            node.onPersistReady(number);
        }
    }

    private void send(List<Message> messages) {
        messages.forEach(message -> effects.add(new Effect.Sent(message.toByteString())));
    }

    private void crash() {
        for (Ready lost : unsynced) {
            entriesLost += lost.entries().size();
        }
        unsynced.clear();
        toApply.clear();
        written = disk.copy();
        applied = checkpoint;
        conf = checkpointConf;
        written.setConfState(conf);
        HardState hard = written.hardState();
        // Commit may be synced late, but what the state machine has on disk was committed.
        if (hard.getCommit() < checkpoint) {
            written.setHardState(hard.toBuilder().setCommit(checkpoint).build());
        }
        node = node(node.id());
    }

    // ---- state machine ----

    private void committed(List<Entry> entries) {
        for (Entry entry : entries) {
            if (disk.term(entry.getIndex()).orElse(0) != entry.getTerm()) {
                throw new IllegalStateException(
                        "entry " + entry.getIndex() + " to be applied before it is synced");
            }
        }
        toApply.addAll(entries);
    }

    private void apply(int count) throws InvalidProtocolBufferException {
        for (int i = 0; i < count && !toApply.isEmpty(); i++) {
            Entry entry = toApply.removeFirst();
            if (entry.getIndex() < node.status().firstIndex()) {
                toApply.clear(); // a snapshot has overtaken it; its Ready comes next
                return;
            }
            effects.add(new Effect.Applied(entry));
            applied = entry.getIndex();
            if (entry.getEntryType() != EntryType.EntryNormal) {
                conf = configure(entry);
                effects.add(new Effect.Configured(conf));
            }
            node.advanceApplyTo(applied);
        }
    }

    private ConfState configure(Entry entry) throws InvalidProtocolBufferException {
        return entry.getEntryType() == EntryType.EntryConfChange
                ? node.applyConfChange(ConfChange.parseFrom(entry.getData()))
                : node.applyConfChange(entry.getIndex(), ConfChangeV2.parseFrom(entry.getData()));
    }

    private void checkpoint() {
        // The disk may hold a tail at that index that the log has replaced since.
        if (applied >= checkpoint
                && disk.term(applied).isPresent()
                && disk.term(applied).equals(written.term(applied))) {
            checkpoint = applied;
            checkpointConf = conf;
        }
    }

    private void compact(long index) {
        checkpoint();
        long upTo = Math.min(index, checkpoint);
        if (upTo >= written.firstIndex() && upTo >= disk.firstIndex() && upTo <= disk.lastIndex()) {
            written.compact(upTo);
            disk.compact(upTo);
        }
    }

    // ---- what the node reads ----

    @Override
    public InitialState initialState() {
        return written.initialState();
    }

    @Override
    public Optional<List<Entry>> entries(long low, long high, long maxBytes) {
        return written.entries(low, high, maxBytes);
    }

    @Override
    public OptionalLong term(long index) {
        return written.term(index);
    }

    @Override
    public long firstIndex() {
        return written.firstIndex();
    }

    @Override
    public long lastIndex() {
        return written.lastIndex();
    }

    @Override
    public Optional<Snapshot> snapshot(long requestIndex, long to) {
        SnapshotMetadata meta = offered.getMetadata();
        // A peer refuses a snapshot from before it was a member.
        if (!Membership.members(meta.getConfState()).contains(to)
                || meta.getIndex() < requestIndex
                || meta.getIndex() < written.firstIndex() - 1) {
            effects.add(new Effect.SnapshotWanted());
            return Optional.empty();
        }
        return Optional.of(offered);
    }
}
