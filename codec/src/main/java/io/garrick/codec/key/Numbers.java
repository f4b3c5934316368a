package io.garrick.codec.key;

/** Numbers as eight bytes that compare like the number (TiKV, components/codec/src/convert.rs). */
public final class Numbers {
    private Numbers() {}

    /** Signed to comparable-as-unsigned, and back: the sign bit flips. */
    public static long comparableInt(long value) {
        return value ^ Long.MIN_VALUE;
    }

    /** Double to comparable-as-unsigned. Negative zero counts as zero, as TiDB has it. */
    public static long comparableDouble(double value) {
        if (value >= 0) {
            return Double.doubleToRawLongBits(value) | Long.MIN_VALUE;
        }
        return ~Double.doubleToRawLongBits(value);
    }

    /** Accepts both spellings of negative zero. */
    public static double doubleOfComparable(long bits) {
        return Double.longBitsToDouble(bits < 0 ? bits ^ Long.MIN_VALUE : ~bits);
    }

    /** How many bytes the signed number takes in row format v2: 1, 2, 4 or 8. */
    public static int signedWidth(long value) {
        if (value == (byte) value) {
            return 1;
        }
        if (value == (short) value) {
            return 2;
        }
        return value == (int) value ? 4 : 8;
    }

    /** How many bytes the unsigned number takes in row format v2: 1, 2, 4 or 8. */
    public static int unsignedWidth(long value) {
        if ((value & ~0xffL) == 0) {
            return 1;
        }
        if ((value & ~0xffffL) == 0) {
            return 2;
        }
        return (value & ~0xffff_ffffL) == 0 ? 4 : 8;
    }
}
