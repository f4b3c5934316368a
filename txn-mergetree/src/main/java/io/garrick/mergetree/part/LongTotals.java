package io.garrick.mergetree.part;

import java.math.BigInteger;

/** Count and exact sum of signed 64-bit values. Mutable; one thread. */
public final class LongTotals {
    private long count;
    // The sum as a 128-bit two's complement number.
    private long low;
    private long high;

    public long count() {
        return count;
    }

    public BigInteger sum() {
        BigInteger lowHalf = BigInteger.valueOf(low & Long.MAX_VALUE);
        return BigInteger.valueOf(high)
                .shiftLeft(Long.SIZE)
                .add(low < 0 ? lowHalf.setBit(Long.SIZE - 1) : lowHalf);
    }

    public void addAll(LongTotals other) {
        count += other.count;
        addWide(other.high, other.low);
    }

    /** The same value {@code times} times. */
    void add(long value, long times) {
        count += times;
        addWide(Math.multiplyHigh(value, times), value * times);
    }

    /** {@code times} values, given as offsets from {@code base} that add up to {@code offsets}. */
    void add(long base, long times, long offsets) {
        add(base, times);
        addWide(0, offsets);
    }

    private void addWide(long highHalf, long lowHalf) {
        long sum = low + lowHalf;
        high += highHalf + (Long.compareUnsigned(sum, low) < 0 ? 1 : 0);
        low = sum;
    }
}
