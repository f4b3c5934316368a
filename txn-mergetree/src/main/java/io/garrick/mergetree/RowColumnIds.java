package io.garrick.mergetree;

/**
 * Looks at the column ids of a row value in format v2: {@code 128, flags, count of values u16,
 * count of NULLs u16, ids of values, ids of NULLs}, each list ascending; ids take 1 byte, or 4 if
 * flag 1 is set (TiDB, pkg/util/rowcodec).
 */
final class RowColumnIds {
    private static final int VERSION_2 = 128;
    private static final int HEADER_BYTES = 6;

    private RowColumnIds() {}

    /** The greatest id, of NULLs too; -1 for an empty row and for format v1. */
    static long max(byte[] row) {
        if (row.length < HEADER_BYTES || (row[0] & 0xff) != VERSION_2) {
            return -1;
        }
        int width = (row[1] & 1) != 0 ? 4 : 1;
        int values = u16(row, 2);
        int nulls = u16(row, 4);
        return Math.max(last(row, 0, values, width), last(row, values, nulls, width));
    }

    private static long last(byte[] row, int before, int count, int width) {
        if (count == 0) {
            return -1;
        }
        int at = HEADER_BYTES + (before + count - 1) * width;
        if (at + width > row.length) {
            return -1; // decoding will say what is wrong
        }
        return width == 1 ? row[at] & 0xff : (u16(row, at) | (long) u16(row, at + 2) << 16);
    }

    private static int u16(byte[] row, int at) {
        return (row[at] & 0xff) | (row[at + 1] & 0xff) << 8;
    }
}
