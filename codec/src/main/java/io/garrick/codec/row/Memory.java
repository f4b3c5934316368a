package io.garrick.codec.row;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Native memory by address, for loops over blocks of rows.
 *
 * <p>Nothing is checked here. Callers check once per row that the row lies inside its segment, with
 * {@link #SLACK_BYTES} behind it, and once per value that the value lies inside its row; the
 * segment is borrowed and stays open meanwhile. A segment for each row would check every single
 * read.
 */
final class Memory {
    /** Reads and writes may go this far beyond a value, so that short ones need no loop. */
    static final int SLACK_BYTES = 16;

    static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG_BE =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** Every address there is. */
    @SuppressWarnings("restricted")
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final int LONGEST_BY_WORDS = 64;

    private Memory() {}

    /** Copies; may read and write up to seven bytes more. */
    static void copy(long from, long to, int length) {
        if (length > LONGEST_BY_WORDS) {
            MemorySegment.copy(ALL, from, ALL, to, length);
            return;
        }
        for (int done = 0; done < length; done += Long.BYTES) {
            ALL.set(LONG, to + done, ALL.get(LONG, from + done));
        }
    }

    /** Sets bits {@code from} (included) to {@code to} (excluded) of a validity buffer. */
    static void setBits(long buffer, int from, int to) {
        int bit = from;
        while (bit < to) {
            long at = buffer + (bit >> 3);
            if ((bit & 7) == 0 && to - bit >= 8) {
                ALL.set(BYTE, at, (byte) -1);
                bit += 8;
            } else {
                ALL.set(BYTE, at, (byte) (ALL.get(BYTE, at) | 1 << (bit & 7)));
                bit++;
            }
        }
    }
}
