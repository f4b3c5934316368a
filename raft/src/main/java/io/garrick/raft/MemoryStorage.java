package io.garrick.raft;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.proto.eraft.SnapshotMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A log in memory, for tests and simulations. Its snapshot is whatever was last created or
 * installed.
 */
public final class MemoryStorage implements RaftStorage {
    private HardState hardState = HardState.getDefaultInstance();
    private ConfState confState;
    private Snapshot snapshot = Snapshot.getDefaultInstance();
    // The entry before entries[0]: its index and term are known although it is compacted away.
    private long compactedIndex;
    private long compactedTerm;
    private final List<Entry> entries = new ArrayList<>();

    public MemoryStorage(ConfState confState) {
        this.confState = confState;
    }

    /** A group whose log starts at the given point, as TiKV starts a region at index 5, term 5. */
    public static MemoryStorage startingAt(ConfState confState, long index, long term) {
        MemoryStorage storage = new MemoryStorage(confState);
        storage.compactedIndex = index;
        storage.compactedTerm = term;
        storage.hardState = HardState.newBuilder().setTerm(term).setCommit(index).build();
        return storage;
    }

    @Override
    public InitialState initialState() {
        return new InitialState(hardState, confState);
    }

    @Override
    public Optional<List<Entry>> entries(long low, long high, long maxBytes) {
        if (low < firstIndex()) {
            return Optional.empty();
        }
        if (high > lastIndex() + 1) {
            throw new IllegalArgumentException(
                    "entries up to " + high + " of a log up to " + lastIndex());
        }
        List<Entry> found =
                entries.subList((int) (low - firstIndex()), (int) (high - firstIndex()));
        return Optional.of(Entries.limit(found, maxBytes));
    }

    @Override
    public OptionalLong term(long index) {
        if (index == compactedIndex) {
            return OptionalLong.of(compactedTerm);
        }
        if (index < firstIndex() || index > lastIndex()) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(entries.get((int) (index - firstIndex())).getTerm());
    }

    @Override
    public long firstIndex() {
        return compactedIndex + 1;
    }

    @Override
    public long lastIndex() {
        return compactedIndex + entries.size();
    }

    @Override
    public Optional<Snapshot> snapshot(long requestIndex, long to) {
        long index = snapshot.getMetadata().getIndex();
        return index == 0 || index < requestIndex ? Optional.empty() : Optional.of(snapshot);
    }

    // ---- the driver's side ----

    /** What a restart would read, if everything written by now is on disk. */
    public MemoryStorage copy() {
        MemoryStorage copy = new MemoryStorage(confState);
        copy.hardState = hardState;
        copy.snapshot = snapshot;
        copy.compactedIndex = compactedIndex;
        copy.compactedTerm = compactedTerm;
        copy.entries.addAll(entries);
        return copy;
    }

    public HardState hardState() {
        return hardState;
    }

    public void setHardState(HardState state) {
        hardState = state;
    }

    public void setConfState(ConfState state) {
        confState = state;
    }

    /** Appends; entries that are here already are replaced together with all after them. */
    public void append(List<Entry> appended) {
        if (appended.isEmpty()) {
            return;
        }
        long from = appended.getFirst().getIndex();
        if (from < firstIndex() || from > lastIndex() + 1) {
            throw new IllegalArgumentException(
                    "append at " + from + " to a log [" + firstIndex() + ", " + lastIndex() + "]");
        }
        entries.subList((int) (from - firstIndex()), entries.size()).clear();
        entries.addAll(appended);
    }

    /** Replaces everything by a snapshot. */
    public void install(Snapshot installed) {
        SnapshotMetadata meta = installed.getMetadata();
        snapshot = installed;
        confState = meta.getConfState();
        compactedIndex = meta.getIndex();
        compactedTerm = meta.getTerm();
        entries.clear();
        if (hardState.getCommit() < compactedIndex) {
            hardState = hardState.toBuilder().setCommit(compactedIndex).build();
        }
    }

    /** Makes {@code index}, which must be applied, available as a snapshot; the log stays. */
    public Snapshot createSnapshot(long index, ConfState conf, ByteString data) {
        long term =
                term(index).orElseThrow(() -> new IllegalArgumentException("no entry " + index));
        snapshot =
                Snapshot.newBuilder()
                        .setData(data)
                        .setMetadata(
                                SnapshotMetadata.newBuilder()
                                        .setIndex(index)
                                        .setTerm(term)
                                        .setConfState(conf))
                        .build();
        return snapshot;
    }

    /** Drops entries up to and including {@code index}. */
    public void compact(long index) {
        if (index <= compactedIndex) {
            return;
        }
        long term =
                term(index).orElseThrow(() -> new IllegalArgumentException("no entry " + index));
        entries.subList(0, (int) (index - compactedIndex)).clear();
        compactedIndex = index;
        compactedTerm = term;
    }
}
