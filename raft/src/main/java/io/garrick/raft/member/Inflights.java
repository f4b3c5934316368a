package io.garrick.raft.member;

/**
 * The last index of each append message that is under way to one peer, oldest first; a bounded
 * ring.
 *
 * <p>Memory is taken with the first message and given back by {@link #reset}, since most peers of
 * most groups are idle.
 */
final class Inflights {
    private static final long[] NO_SLOTS = {};

    private final int capacity;
    private long[] slots = NO_SLOTS;
    private int start;
    private int count;

    Inflights(int capacity) {
        this.capacity = capacity;
    }

    boolean isFull() {
        return count == capacity;
    }

    int count() {
        return count;
    }

    void add(long lastIndex) {
        if (isFull()) {
            throw new IllegalStateException("append sent into a full window of " + capacity);
        }
        if (count == slots.length) {
            grow();
        }
        slots[(start + count) % slots.length] = lastIndex;
        count++;
    }

    private void grow() {
        long[] larger = new long[Math.min(capacity, Math.max(8, slots.length * 2))];
        for (int i = 0; i < count; i++) {
            larger[i] = slots[(start + i) % slots.length];
        }
        slots = larger;
        start = 0;
    }

    /** The peer has everything up to {@code index}. */
    void freeTo(long index) {
        while (count > 0 && slots[start] <= index) {
            start = (start + 1) % slots.length;
            count--;
        }
    }

    void freeOldest() {
        if (count > 0) {
            freeTo(slots[start]);
        }
    }

    void reset() {
        slots = NO_SLOTS;
        start = 0;
        count = 0;
    }
}
