package io.garrick.mergetree.part;

import java.util.Arrays;

/**
 * Bounds of one page's values, NULLs aside. Bounds of bytes have at most {@value #PREFIX_BYTES}
 * bytes and are rounded outward; an empty maximum is no bound.
 */
final class ZoneMap {
    private final int nullCount;
    private final long minLong;
    private final long maxLong;
    private final byte[] minBytes;
    private final byte[] maxBytes;

    ZoneMap(int nullCount, long minLong, long maxLong, byte[] minBytes, byte[] maxBytes) {
        this.nullCount = nullCount;
        this.minLong = minLong;
        this.maxLong = maxLong;
        this.minBytes = minBytes;
        this.maxBytes = maxBytes;
    }

    int nullCount() {
        return nullCount;
    }

    long minLong() {
        return minLong;
    }

    long maxLong() {
        return maxLong;
    }

    byte[] minBytes() {
        return minBytes;
    }

    byte[] maxBytes() {
        return maxBytes;
    }

    static final int PREFIX_BYTES = 32;
    private static final byte[] NO_BYTES = {};

    static ZoneMap of(ColumnPage page, PartColumn.Order order) {
        int nulls = page.nullCount();
        return switch (order) {
            case NONE -> new ZoneMap(nulls, 0, 0, NO_BYTES, NO_BYTES);
            case SIGNED -> signed(page, nulls);
            case UNSIGNED -> unsigned(page, nulls);
            case DOUBLE -> doubles(page, nulls);
            case BYTES -> bytes(page, nulls);
        };
    }

    private static ZoneMap signed(ColumnPage page, int nulls) {
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        for (int row = 0; row < page.count; row++) {
            if (!page.isNull(row)) {
                min = Math.min(min, page.low[row]);
                max = Math.max(max, page.low[row]);
            }
        }
        return new ZoneMap(nulls, min, max, NO_BYTES, NO_BYTES);
    }

    private static ZoneMap unsigned(ColumnPage page, int nulls) {
        long min = -1L;
        long max = 0;
        for (int row = 0; row < page.count; row++) {
            if (!page.isNull(row)) {
                long value = page.low[row];
                min = Long.compareUnsigned(value, min) < 0 ? value : min;
                max = Long.compareUnsigned(value, max) > 0 ? value : max;
            }
        }
        return new ZoneMap(nulls, min, max, NO_BYTES, NO_BYTES);
    }

    // A NaN makes the bounds infinite: comparisons with it are the reader's business.
    private static ZoneMap doubles(ColumnPage page, int nulls) {
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        for (int row = 0; row < page.count; row++) {
            if (!page.isNull(row)) {
                double value = Double.longBitsToDouble(page.low[row]);
                if (Double.isNaN(value)) {
                    min = Double.NEGATIVE_INFINITY;
                    max = Double.POSITIVE_INFINITY;
                    break;
                }
                min = Math.min(min, value);
                max = Math.max(max, value);
            }
        }
        return new ZoneMap(
                nulls,
                Double.doubleToRawLongBits(min),
                Double.doubleToRawLongBits(max),
                NO_BYTES,
                NO_BYTES);
    }

    private static ZoneMap bytes(ColumnPage page, int nulls) {
        int min = -1;
        int max = -1;
        for (int row = 0; row < page.count; row++) {
            if (!page.isNull(row)) {
                min = min < 0 || compare(page, row, min) < 0 ? row : min;
                max = max < 0 || compare(page, row, max) > 0 ? row : max;
            }
        }
        if (min < 0) {
            return new ZoneMap(nulls, 0, 0, NO_BYTES, NO_BYTES);
        }
        return new ZoneMap(nulls, 0, 0, lower(page.bytesAt(min)), upper(page.bytesAt(max)));
    }

    private static int compare(ColumnPage page, int left, int right) {
        return Arrays.compareUnsigned(
                page.bytes,
                page.offsets[left],
                page.offsets[left + 1],
                page.bytes,
                page.offsets[right],
                page.offsets[right + 1]);
    }

    private static byte[] lower(byte[] value) {
        return value.length <= PREFIX_BYTES ? value : Arrays.copyOf(value, PREFIX_BYTES);
    }

    private static byte[] upper(byte[] value) {
        if (value.length == 0) {
            // Empty means "no bound" on the file; the next larger value is a bound, too.
            return new byte[] {0};
        }
        if (value.length <= PREFIX_BYTES) {
            return value;
        }
        for (int i = PREFIX_BYTES - 1; i >= 0; i--) {
            if (value[i] != (byte) 0xff) {
                byte[] bound = Arrays.copyOf(value, i + 1);
                bound[i]++;
                return bound;
            }
        }
        return NO_BYTES;
    }
}
