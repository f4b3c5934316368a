package io.garrick.base;

import java.time.Instant;

/**
 * A TSO timestamp: {@code physical milliseconds << 18 | logical}, as PD hands it out (tikv/pd,
 * pkg/tso).
 *
 * @param value compared as unsigned by TiKV; real timestamps stay positive
 */
public record Timestamp(long value) implements Comparable<Timestamp> {
    public static final int LOGICAL_BITS = 18;
    public static final Timestamp ZERO = new Timestamp(0);
    public static final Timestamp MAX = new Timestamp(-1L);

    public static Timestamp of(long physicalMillis, long logical) {
        return new Timestamp((physicalMillis << LOGICAL_BITS) | logical);
    }

    /** The first timestamp of that instant's millisecond. */
    public static Timestamp of(Instant instant) {
        return of(instant.toEpochMilli(), 0);
    }

    public long physicalMillis() {
        return value >>> LOGICAL_BITS;
    }

    public long logical() {
        return value & ((1L << LOGICAL_BITS) - 1);
    }

    public Instant instant() {
        return Instant.ofEpochMilli(physicalMillis());
    }

    @Override
    public int compareTo(Timestamp other) {
        return Long.compareUnsigned(value, other.value);
    }

    @Override
    public String toString() {
        return Long.toUnsignedString(value);
    }
}
