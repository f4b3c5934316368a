package io.garrick.query.scan;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.util.ArrowBufPointer;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.Decimal256Vector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.DurationVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;

/** Copies chosen rows of a stored column into a dense vector of the column's SQL type. */
final class Gather {
    private static final long MICROS_PER_SECOND = 1_000_000;

    private Gather() {}

    /** Whether {@code from} may become {@code to} by handing over its buffers. */
    static boolean sameLayout(FieldVector from, FieldVector to) {
        return from.getField().getType().equals(to.getField().getType());
    }

    /** Fills {@code to} with rows {@code rows[0..count)} of {@code from}. */
    static void gather(FieldVector from, int[] rows, int count, FieldVector to) {
        switch (from) {
            case UInt1Vector source when to instanceof SmallIntVector target -> {
                target.allocateNew(count);
                for (int i = 0; i < count; i++) {
                    if (!source.isNull(rows[i])) {
                        target.set(i, source.get(rows[i]) & 0xff);
                    }
                }
            }
            case UInt2Vector source when to instanceof IntVector target -> {
                target.allocateNew(count);
                for (int i = 0; i < count; i++) {
                    if (!source.isNull(rows[i])) {
                        target.set(i, source.get(rows[i]));
                    }
                }
            }
            case UInt4Vector source when to instanceof BigIntVector target -> {
                target.allocateNew(count);
                for (int i = 0; i < count; i++) {
                    if (!source.isNull(rows[i])) {
                        target.set(i, Integer.toUnsignedLong(source.get(rows[i])));
                    }
                }
            }
            case UInt8Vector source when to instanceof DecimalVector target -> {
                target.allocateNew(count);
                for (int i = 0; i < count; i++) {
                    if (!source.isNull(rows[i])) {
                        target.set(i, unsigned(source.get(rows[i])));
                    }
                }
            }
            case Decimal256Vector source when to instanceof DecimalVector target -> {
                target.allocateNew(count);
                for (int i = 0; i < count; i++) {
                    if (!source.isNull(rows[i])) {
                        target.set(i, narrowed(source.getObject(rows[i]), target));
                    }
                }
            }
            case DurationVector source when to instanceof VarCharVector target -> {
                target.allocateNew(count);
                for (int i = 0; i < count; i++) {
                    if (!source.isNull(rows[i])) {
                        long micros = DurationVector.get(source.getDataBuffer(), rows[i]);
                        target.setSafe(i, time(micros).getBytes(StandardCharsets.US_ASCII));
                    }
                }
            }
            case FixedSizeBinaryVector source when to instanceof VarBinaryVector target -> {
                target.allocateNew(count);
                for (int i = 0; i < count; i++) {
                    if (!source.isNull(rows[i])) {
                        target.setSafe(i, source.get(rows[i]));
                    }
                }
            }
            case BaseVariableWidthVector source when to instanceof BaseVariableWidthVector target ->
                    bytes(source, rows, count, target);
            case BaseFixedWidthVector source
                    when to instanceof BaseFixedWidthVector target
                            && source.getTypeWidth() == target.getTypeWidth()
                            && !(source instanceof BitVector) ->
                    fixed(source, rows, count, target);
            default -> {
                if (!(to instanceof VarCharVector target)) {
                    throw new IllegalStateException(
                            "no way from " + from.getField() + " to " + to.getField());
                }
                target.allocateNew(count);
                for (int i = 0; i < count; i++) {
                    if (!from.isNull(rows[i])) {
                        String text = String.valueOf(from.getObject(rows[i]));
                        target.setSafe(i, text.getBytes(StandardCharsets.UTF_8));
                    }
                }
            }
        }
        to.setValueCount(count);
    }

    private static void fixed(
            BaseFixedWidthVector from, int[] rows, int count, BaseFixedWidthVector to) {
        to.allocateNew(count);
        ArrowBuf source = from.getDataBuffer();
        ArrowBuf target = to.getDataBuffer();
        int width = from.getTypeWidth();
        switch (width) {
            case 1 -> {
                for (int i = 0; i < count; i++) {
                    target.setByte(i, source.getByte(rows[i]));
                }
            }
            case 2 -> {
                for (int i = 0; i < count; i++) {
                    target.setShort(2L * i, source.getShort(2L * rows[i]));
                }
            }
            case 4 -> {
                for (int i = 0; i < count; i++) {
                    target.setInt(4L * i, source.getInt(4L * rows[i]));
                }
            }
            case 8 -> {
                for (int i = 0; i < count; i++) {
                    target.setLong(8L * i, source.getLong(8L * rows[i]));
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    target.setBytes((long) width * i, source, (long) width * rows[i], width);
                }
            }
        }
        validity(from, rows, count, to);
    }

    private static void bytes(
            BaseVariableWidthVector from, int[] rows, int count, BaseVariableWidthVector to) {
        long total = 0;
        ArrowBufPointer pointer = new ArrowBufPointer();
        for (int i = 0; i < count; i++) {
            if (!from.isNull(rows[i])) {
                total += from.getValueLength(rows[i]);
            }
        }
        to.allocateNew(Math.max(1, total), count);
        ArrowBuf data = to.getDataBuffer();
        ArrowBuf offsets = to.getOffsetBuffer();
        long at = 0;
        offsets.setInt(0, 0);
        for (int i = 0; i < count; i++) {
            if (!from.isNull(rows[i])) {
                from.getDataPointer(rows[i], pointer);
                ArrowBuf source = pointer.getBuf();
                if (source != null) {
                    data.setBytes(at, source, pointer.getOffset(), pointer.getLength());
                }
                at += pointer.getLength();
            }
            offsets.setInt(4L * (i + 1), Math.toIntExact(at));
        }
        to.setLastSet(count - 1);
        validity(from, rows, count, to);
    }

    private static void validity(FieldVector from, int[] rows, int count, FieldVector to) {
        ArrowBuf target = to.getValidityBuffer();
        if (from.getNullCount() == 0) {
            target.setOne(0L, (count + 7L) / 8);
            return;
        }
        ArrowBuf source = from.getValidityBuffer();
        target.setZero(0, target.capacity());
        for (int i = 0; i < count; i++) {
            if (BitVectorHelper.get(source, rows[i]) == 1) {
                BitVectorHelper.setBit(target, i);
            }
        }
    }

    private static BigDecimal unsigned(long value) {
        BigInteger low = BigInteger.valueOf(value & Long.MAX_VALUE);
        return new BigDecimal(value < 0 ? low.setBit(Long.SIZE - 1) : low);
    }

    private static BigDecimal narrowed(BigDecimal value, DecimalVector target) {
        if (value.unscaledValue().abs().toString().length() > target.getPrecision()) {
            throw new ArithmeticException(
                    "a value of column "
                            + target.getName()
                            + " has more than "
                            + target.getPrecision()
                            + " digits");
        }
        return value;
    }

    /** MySQL's text of a TIME value. */
    private static String time(long micros) {
        long rest = Math.abs(micros);
        long seconds = rest / MICROS_PER_SECOND;
        long fraction = rest % MICROS_PER_SECOND;
        String text =
                String.format(
                        "%s%02d:%02d:%02d",
                        micros < 0 ? "-" : "", seconds / 3600, seconds / 60 % 60, seconds % 60);
        return fraction == 0 ? text : text + String.format(".%06d", fraction);
    }
}
