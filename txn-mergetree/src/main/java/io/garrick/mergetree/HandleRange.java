package io.garrick.mergetree;

import io.garrick.base.Key;

/** A range of row handles of one table. */
public sealed interface HandleRange {
    /** Integer handles, both ends included, so that every long can be in a range. */
    record Ints(long min, long max) implements HandleRange {
        public static final Ints ALL = new Ints(Long.MIN_VALUE, Long.MAX_VALUE);

        public static Ints point(long handle) {
            return new Ints(handle, handle);
        }

        public boolean isEmpty() {
            return min > max;
        }
    }

    /** Common handles from {@code start} to {@code end}, excluded; an empty end is no bound. */
    record Bytes(Key start, Key end) implements HandleRange {
        public static final Bytes ALL = new Bytes(Key.EMPTY, Key.EMPTY);
    }
}
