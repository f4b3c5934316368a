package io.garrick.raft;

import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Snapshot;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The part of the log that a driver has written for a node, whether or not it is synced yet.
 *
 * <p>A node reads entries from here as soon as their {@link Ready} was handed back with {@link
 * RaftNode#advanceAppend} or {@link RaftNode#advanceAppendAsync}, so the driver must make them
 * readable before. Called on the node's thread only. A disk that fails throws UncheckedIOException
 * through the node.
 */
public interface RaftStorage {
    /** What was persisted last; defaults for a new peer. */
    record InitialState(HardState hardState, ConfState confState) {}

    InitialState initialState();

    /**
     * Entries {@code [low, high)}, or fewer when they exceed {@code maxBytes} (sum of serialized
     * sizes), but at least one.
     *
     * @return empty when {@code low} is compacted away
     */
    Optional<List<Entry>> entries(long low, long high, long maxBytes);

    /** The term of an entry in {@code [firstIndex() - 1, lastIndex()]}; empty outside. */
    OptionalLong term(long index);

    /**
     * Index of the first entry that may still be here: one past the last snapshot or compaction.
     */
    long firstIndex();

    /** Index of the last entry; {@code firstIndex() - 1} when there is none. */
    long lastIndex();

    /**
     * A snapshot of at least {@code requestIndex} for peer {@code to}.
     *
     * @return empty when none is ready yet; the node asks again later
     */
    Optional<Snapshot> snapshot(long requestIndex, long to);
}
