package io.garrick.codec.row;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.garrick.codec.ByteReader;
import io.garrick.codec.CodecException;
import io.garrick.codec.value.DecimalBinary;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.math.RoundingMode;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.Decimal256Vector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;

/**
 * DECIMAL.
 *
 * <p>Values written with the column's own digits, nearly all of them, are summed group by group
 * into two longs and stored as they are. Values that must be rescaled (the column was modified
 * after they were written), and those wider than 38 digits, go through {@link BigDecimal}.
 */
record DecimalWriter(int precision, int scale) implements ValueWriter {
    private static final int[] BYTES_FOR_DIGITS = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    private static final long[] POWERS = {
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000
    };

    @Override
    public void write(FieldVector out, int index, MemorySegment segment, long at, int length) {
        if (length < 3) {
            throw new CodecException(0, "decimal of " + length + " bytes");
        }
        int storedPrecision = segment.get(JAVA_BYTE, at) & 0xff;
        int storedScale = segment.get(JAVA_BYTE, at + 1) & 0xff;
        if (out instanceof DecimalVector vector
                && storedScale == scale
                && storedPrecision <= precision
                && storedPrecision >= storedScale) {
            writeSameScale(vector, index, segment, at + 2, length - 2, storedPrecision);
            return;
        }
        ByteReader in = new ByteReader(Stored.bytes(segment, at, length));
        BigDecimal value = DecimalBinary.read(in).value().setScale(scale, RoundingMode.HALF_UP);
        in.expectEnd();
        if (value.precision() > precision && value.signum() != 0) {
            throw new ColumnOverflow(value + " in decimal(" + precision + "," + scale + ")");
        }
        if (out instanceof DecimalVector vector) {
            vector.set(index, value);
        } else {
            ((Decimal256Vector) out).set(index, value);
        }
    }

    /** Values with exactly the column's digits, if their groups fit eight bytes. */
    @Override
    public void writeBlock(Block block) {
        int whole = precision - scale;
        int body = DecimalBinary.bodyBytes(precision, scale);
        if (body > Long.BYTES || !(block.out instanceof DecimalVector)) {
            ValueWriter.super.writeBlock(block);
            return;
        }
        short digits = (short) (precision | scale << 8);
        int groups = whole / 9 + scale / 9;
        int lead = BYTES_FOR_DIGITS[whole % 9];
        int trail = BYTES_FOR_DIGITS[scale % 9];
        int unused = 64 - 8 * body;
        long sign = 1L << (8 * body - 1);
        long used = -1L >>> unused;
        long leadBase = POWERS[whole % 9];
        long trailBase = POWERS[scale % 9];
        long trailMask = (1L << (8 * trail)) - 1;
        long dest = block.out.getDataBufferAddress() + block.start * 16L;
        int run = 0;
        for (int i = 0; i < block.count; i++) {
            boolean fits = false;
            long value = 0;
            if (block.length[i] == body + 2
                    && Memory.ALL.get(Memory.SHORT, block.at[i]) == digits) {
                long bits = Memory.ALL.get(Memory.LONG_BE, block.at[i] + 2) >>> unused;
                long negative = (bits & sign) == 0 ? -1 : 0;
                bits = (bits ^ sign ^ negative) & used;
                int shift = 8 * (body - lead);
                value = lead == 0 ? 0 : bits >>> shift;
                fits = value < leadBase;
                for (int group = 0; group < groups; group++) {
                    shift -= 32;
                    long next = bits >>> shift & 0xffff_ffffL;
                    fits &= next < 1_000_000_000;
                    value = value * 1_000_000_000 + next;
                }
                long last = bits & trailMask;
                fits &= last < trailBase;
                value = value * trailBase + last;
                value = (value ^ negative) - negative;
            }
            if (!fits) {
                block.setValid(run, i);
                block.slowly(i);
                run = i + 1;
                continue;
            }
            Memory.ALL.set(Memory.LONG, dest + i * 16L, value);
            Memory.ALL.set(Memory.LONG, dest + i * 16L + 8, value >> 63);
        }
        block.setValid(run, block.count);
    }

    private void writeSameScale(
            DecimalVector out, int index, MemorySegment segment, long at, int length, int digits) {
        int whole = digits - scale;
        int groups = whole / 9 + scale / 9;
        int expected = BYTES_FOR_DIGITS[whole % 9] + 4 * groups + BYTES_FOR_DIGITS[scale % 9];
        if (length != expected) {
            throw new CodecException(2, "decimal of " + length + " bytes, not " + expected);
        }
        boolean negative = segment.get(JAVA_BYTE, at) >= 0;
        int mask = negative ? 0xff : 0;
        long position = at;
        long low = 0;
        long high = 0;
        for (int group = -1; group <= groups; group++) {
            int groupDigits = 9;
            if (group < 0) {
                groupDigits = whole % 9;
            } else if (group == groups) {
                groupDigits = scale % 9;
            }
            long value = 0;
            for (int left = BYTES_FOR_DIGITS[groupDigits]; left > 0; left--) {
                int next = (segment.get(JAVA_BYTE, position) & 0xff) ^ mask;
                if (position == at) {
                    next ^= 0x80;
                }
                value = value << 8 | next;
                position++;
            }
            long base = POWERS[groupDigits];
            if (value >= base) {
                throw new CodecException(
                        (int) (position - at), value + " in a group of " + groupDigits + " digits");
            }
            high = high * base + Math.unsignedMultiplyHigh(low, base);
            low *= base;
            long sum = low + value;
            if (Long.compareUnsigned(sum, low) < 0) {
                high++;
            }
            low = sum;
        }
        if (negative) {
            low = -low;
            high = low == 0 ? -high : ~high;
        }
        ArrowBuf data = out.getDataBuffer();
        data.setLong(index * 16L, low);
        data.setLong(index * 16L + 8, high);
        BitVectorHelper.setBit(out.getValidityBuffer(), index);
    }
}
