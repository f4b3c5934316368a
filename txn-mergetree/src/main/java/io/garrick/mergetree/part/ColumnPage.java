package io.garrick.mergetree.part;

import java.util.Arrays;

/**
 * Up to {@value #ROWS} values of one column, in plain arrays: the only form in which values enter
 * and leave a part. Reused from page to page by its one owner.
 *
 * <p>A NULL has 0 or empty bytes in the value arrays.
 */
public final class ColumnPage {
    public static final int ROWS = 8192;

    int count;
    long[] low = new long[ROWS];
    // Upper halves of 128-bit values; only then allocated.
    long[] high = {};
    int[] offsets = {};
    byte[] bytes = {};
    final long[] validity = new long[ROWS / 64];
    boolean hasNulls;

    public int count() {
        return count;
    }

    public long longAt(int row) {
        return low[row];
    }

    public boolean isNull(int row) {
        return hasNulls && (validity[row >> 6] >>> row & 1) == 0;
    }

    /** The values themselves, for loops; valid until the page is filled again. */
    public long[] longs() {
        return low;
    }

    public byte[] bytesAt(int row) {
        return Arrays.copyOfRange(bytes, offsets[row], offsets[row + 1]);
    }

    /** Compares the value of a row with {@code other} as unsigned bytes. */
    public int compareBytes(int row, byte[] other) {
        return Arrays.compareUnsigned(
                bytes, offsets[row], offsets[row + 1], other, 0, other.length);
    }

    public void clear() {
        count = 0;
        hasNulls = false;
        if (offsets.length > 0) {
            offsets[0] = 0;
        }
    }

    public void addLong(long value) {
        low[count++] = value;
    }

    public void addNull(PartColumn.Kind kind) {
        if (!hasNulls) {
            hasNulls = true;
            Arrays.fill(validity, -1L);
        }
        validity[count >> 6] &= ~(1L << count);
        switch (kind) {
            case LONG -> addLong(0);
            case LONG_PAIR -> addPair(0, 0);
            case BYTES -> addBytes(NO_BYTES, 0, 0);
        }
    }

    public void addPair(long lowHalf, long highHalf) {
        needHigh();
        high[count] = highHalf;
        low[count++] = lowHalf;
    }

    public void addBytes(byte[] source, int from, int length) {
        needOffsets();
        int start = offsets[count];
        needBytes(start + length);
        System.arraycopy(source, from, bytes, start, length);
        offsets[++count] = start + length;
    }

    /** Appends one value of another page of the same kind. */
    public void add(ColumnPage source, int row, PartColumn.Kind kind) {
        if (source.isNull(row)) {
            addNull(kind);
            return;
        }
        switch (kind) {
            case LONG -> addLong(source.low[row]);
            case LONG_PAIR -> addPair(source.low[row], source.high[row]);
            case BYTES ->
                    addBytes(
                            source.bytes,
                            source.offsets[row],
                            source.offsets[row + 1] - source.offsets[row]);
        }
    }

    public int nullCount() {
        if (!hasNulls) {
            return 0;
        }
        int nulls = 0;
        for (int row = 0; row < count; row++) {
            nulls += isNull(row) ? 1 : 0;
        }
        return nulls;
    }

    void needHigh() {
        if (high.length == 0) {
            high = new long[ROWS];
        }
    }

    void needOffsets() {
        if (offsets.length == 0) {
            offsets = new int[ROWS + 1];
        }
    }

    void needBytes(int size) {
        if (bytes.length < size) {
            bytes = Arrays.copyOf(bytes, Math.max(size, Math.max(1 << 14, bytes.length * 2)));
        }
    }

    private static final byte[] NO_BYTES = {};
}
