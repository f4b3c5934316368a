package io.garrick.raft;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.proto.eraft.ConfChange;
import io.garrick.proto.eraft.ConfChangeV2;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A node with a log in memory and a state machine that just lists what was applied. */
final class TestPeer {
    final MemoryStorage storage;
    final RaftNode node;
    final List<String> applied = new ArrayList<>();
    final List<ReadState> reads = new ArrayList<>();

    TestPeer(RaftConfig config, MemoryStorage storage) {
        this.storage = storage;
        node = new RaftNode(config, storage, new SplittableRandom(config.id()));
    }

    /** Does everything that is ready; returns the messages to deliver. */
    List<Message> handleReady() {
        List<Message> out = new ArrayList<>();
        while (node.hasReady()) {
            Ready ready = node.ready();
            out.addAll(ready.messages());
            reads.addAll(ready.readStates());
            if (ready.snapshot() != null) {
                storage.install(ready.snapshot());
                applied.clear();
                applied.addAll(decode(ready.snapshot().getData()));
            }
            storage.append(ready.entries());
            if (ready.hardState() != null) {
                storage.setHardState(ready.hardState());
            }
            out.addAll(ready.persistedMessages());
            long index = ready.snapshot() == null ? 0 : ready.snapshot().getMetadata().getIndex();
            index = Math.max(index, apply(ready.committedEntries()));
            LightReady light = node.advanceAppend(ready);
            out.addAll(light.messages());
            index = Math.max(index, apply(light.committedEntries()));
            if (index > 0) {
                node.advanceApplyTo(index);
            }
        }
        return out;
    }

    private long apply(List<Entry> entries) {
        for (Entry entry : entries) {
            try {
                switch (entry.getEntryType()) {
                    case EntryNormal -> {
                        if (!entry.getData().isEmpty()) {
                            applied.add(entry.getData().toStringUtf8());
                        }
                    }
                    case EntryConfChange ->
                            storage.setConfState(
                                    node.applyConfChange(ConfChange.parseFrom(entry.getData())));
                    case EntryConfChangeV2 ->
                            storage.setConfState(
                                    node.applyConfChange(ConfChangeV2.parseFrom(entry.getData())));
                    case UNRECOGNIZED -> throw new AssertionError(entry);
                }
            } catch (InvalidProtocolBufferException broken) {
                throw new AssertionError(broken);
            }
        }
        return entries.isEmpty() ? 0 : entries.getLast().getIndex();
    }

    void snapshotAndCompact() {
        long index = node.appliedIndex();
        storage.createSnapshot(
                index,
                node.status().confState(),
                ByteString.copyFromUtf8(String.join(",", applied)));
        storage.compact(index);
    }

    private static List<String> decode(ByteString data) {
        return data.isEmpty() ? List.of() : List.of(data.toStringUtf8().split(",", -1));
    }
}
