package io.garrick.codec.row;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.garrick.codec.CodecException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Numbers of row format v2 read from a segment. */
final class Stored {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG_BE =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private Stored() {}

    static long signed(MemorySegment segment, long at, int length) {
        return switch (length) {
            case 1 -> segment.get(JAVA_BYTE, at);
            case 2 -> segment.get(SHORT, at);
            case 4 -> segment.get(INT, at);
            case 8 -> segment.get(LONG, at);
            default -> throw width(length);
        };
    }

    static long unsigned(MemorySegment segment, long at, int length) {
        return switch (length) {
            case 1 -> segment.get(JAVA_BYTE, at) & 0xffL;
            case 2 -> segment.get(SHORT, at) & 0xffffL;
            case 4 -> segment.get(INT, at) & 0xffff_ffffL;
            case 8 -> segment.get(LONG, at);
            default -> throw width(length);
        };
    }

    static long longBe(MemorySegment segment, long at, int length) {
        if (length != Long.BYTES) {
            throw width(length);
        }
        return segment.get(LONG_BE, at);
    }

    /** 1, 2, 4 or 8. */
    static boolean isNumberWidth(int length) {
        return length > 0 && length <= 8 && (0b1_0001_0110 >>> length & 1) != 0;
    }

    static byte[] bytes(MemorySegment segment, long at, int length) {
        byte[] out = new byte[length];
        MemorySegment.copy(segment, JAVA_BYTE, at, out, 0, length);
        return out;
    }

    private static CodecException width(int length) {
        return new CodecException(0, "number of " + length + " bytes");
    }
}
