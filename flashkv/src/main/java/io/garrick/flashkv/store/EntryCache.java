package io.garrick.flashkv.store;

import io.garrick.proto.eraft.Entry;
import java.util.ArrayList;
import java.util.List;

/**
 * The newest entries of a log, consecutive up to its end, so that replication and apply read no
 * disk. Owned by the store's thread.
 */
final class EntryCache {
    private static final long MAX_BYTES = 4L << 20;

    /** Dropped entries stay in memory until there are more of them; an entry may be large. */
    private static final int DROPPED_KEPT = 32;

    // entries[head] is the first one kept; what lies before is dropped in strides.
    private final List<Entry> entries = new ArrayList<>();
    private int head;
    private long bytes;

    /** Replaces everything from the first index of {@code appended} on. */
    void append(List<Entry> appended) {
        if (appended.isEmpty()) {
            return;
        }
        long first = appended.getFirst().getIndex();
        if (!isEmpty()) {
            if (first < firstIndex() || first > lastIndex() + 1) {
                clear();
            } else {
                List<Entry> replaced = entries.subList(position(first), entries.size());
                replaced.forEach(entry -> bytes -= entry.getSerializedSize());
                replaced.clear();
            }
        }
        for (Entry entry : appended) {
            entries.add(entry);
            bytes += entry.getSerializedSize();
        }
    }

    /** Drops entries up to and including {@code index}. */
    void dropUpTo(long index) {
        while (!isEmpty() && firstIndex() <= index) {
            dropFirst();
        }
        compact();
    }

    /** Frees memory, but keeps what is not applied yet. */
    void shrink(long appliedIndex) {
        while (!isEmpty() && bytes > MAX_BYTES && firstIndex() <= appliedIndex) {
            dropFirst();
        }
        compact();
    }

    private void dropFirst() {
        bytes -= entries.get(head).getSerializedSize();
        head++;
    }

    private void compact() {
        if (head == entries.size()) {
            entries.clear();
            head = 0;
        } else if (head > DROPPED_KEPT && head > entries.size() / 8) {
            entries.subList(0, head).clear();
            head = 0;
        }
    }

    void clear() {
        entries.clear();
        head = 0;
        bytes = 0;
    }

    boolean isEmpty() {
        return head == entries.size();
    }

    long firstIndex() {
        return entries.get(head).getIndex();
    }

    long lastIndex() {
        return entries.getLast().getIndex();
    }

    boolean contains(long index) {
        return !isEmpty() && index >= firstIndex() && index <= lastIndex();
    }

    Entry get(long index) {
        return entries.get(position(index));
    }

    /**
     * Entries {@code [low, high)}, which must be here, at most {@code maxBytes} but at least one.
     */
    List<Entry> range(long low, long high, long maxBytes) {
        List<Entry> range = new ArrayList<>();
        long size = 0;
        for (long index = low; index < high; index++) {
            Entry entry = get(index);
            size += entry.getSerializedSize();
            if (!range.isEmpty() && size > maxBytes) {
                break;
            }
            range.add(entry);
        }
        return range;
    }

    private int position(long index) {
        return head + (int) (index - firstIndex());
    }
}
