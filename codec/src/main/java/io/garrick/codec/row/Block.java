package io.garrick.codec.row;

import org.apache.arrow.vector.FieldVector;

/**
 * A block of found values on their way into a vector.
 *
 * <p>{@link ValueWriter#writeBlock} goes over the rows in order. Those it cannot write it hands to
 * {@link #slowly}, which decides them one by one and throws what is to be thrown.
 */
final class Block {
    /** Writes one row of the block the slow way, nulls and defaults included. */
    @FunctionalInterface
    interface SlowPath {
        void write(int i);
    }

    final FieldVector out;
    final long[] at;
    final int[] length;
    private final SlowPath slowPath;

    /** Where the block's first value goes in the vector. */
    int start;

    int count;

    Block(FieldVector out, ValueFinder finder, SlowPath slowPath) {
        this.out = out;
        this.at = finder.at;
        this.length = finder.length;
        this.slowPath = slowPath;
    }

    void slowly(int i) {
        slowPath.write(i);
    }

    /** Rows {@code from} to {@code to} of the block hold values. */
    void setValid(int from, int to) {
        if (from < to) {
            Memory.setBits(out.getValidityBufferAddress(), start + from, start + to);
        }
    }
}
