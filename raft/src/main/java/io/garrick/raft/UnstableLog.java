package io.garrick.raft;

import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Snapshot;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The end of the log that the driver has not taken over yet: at most one snapshot, then entries
 * from {@code offset} on.
 *
 * <p>A new entry at or before {@code offset} replaces entries that the storage has; the storage
 * cuts its tail when it writes them.
 */
final class UnstableLog {
    private @Nullable Snapshot snapshot;
    private final List<Entry> entries = new ArrayList<>();
    private long offset;

    UnstableLog(long offset) {
        this.offset = offset;
    }

    @Nullable Snapshot snapshot() {
        return snapshot;
    }

    List<Entry> entries() {
        return entries;
    }

    /** Index of the first entry here, or of the next one to come. */
    long offset() {
        return offset;
    }

    /** -1 when the storage knows. */
    long lastIndex() {
        if (!entries.isEmpty()) {
            return offset + entries.size() - 1;
        }
        return snapshot == null ? -1 : snapshot.getMetadata().getIndex();
    }

    /** -1 when the storage knows. */
    long term(long index) {
        if (index >= offset) {
            return index < offset + entries.size()
                    ? entries.get((int) (index - offset)).getTerm()
                    : -1;
        }
        if (snapshot != null && snapshot.getMetadata().getIndex() == index) {
            return snapshot.getMetadata().getTerm();
        }
        return -1;
    }

    List<Entry> slice(long low, long high) {
        return entries.subList((int) (low - offset), (int) (high - offset));
    }

    void append(List<Entry> appended) {
        long first = appended.getFirst().getIndex();
        if (first <= offset) {
            entries.clear();
            offset = first;
        } else {
            slice(first, offset + entries.size()).clear();
        }
        entries.addAll(appended);
    }

    void restore(Snapshot restored) {
        entries.clear();
        snapshot = restored;
        offset = restored.getMetadata().getIndex() + 1;
    }

    void snapshotTaken() {
        snapshot = null;
    }

    /** The storage has all entries up to {@code index}, the last one here. */
    void entriesTaken(long index) {
        if (index != lastIndex() || entries.isEmpty()) {
            throw new RaftBrokenException(
                    RaftBrokenException.Reason.MISUSE,
                    "log grew between a Ready and its advance: took "
                            + index
                            + ", has "
                            + lastIndex());
        }
        entries.clear();
        offset = index + 1;
    }
}
