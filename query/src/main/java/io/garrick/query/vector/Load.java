package io.garrick.query.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.jspecify.annotations.Nullable;

/** Reads chosen rows of stored vectors. */
final class Load {
    private static final int DECIMAL_BYTES = 16;

    private Load() {}

    static Column.Longs longs(FieldVector vector, int[] rows, int count) {
        long[] out = new long[count];
        MemorySegment data = segment(vector.getDataBuffer());
        switch (vector) {
            case TinyIntVector _ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = data.get(JAVA_BYTE, rows[i]);
                }
            }
            case UInt1Vector _ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = data.get(JAVA_BYTE, rows[i]) & 0xffL;
                }
            }
            case SmallIntVector _ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = data.get(JAVA_SHORT_UNALIGNED, 2L * rows[i]);
                }
            }
            case UInt2Vector _ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = data.get(JAVA_SHORT_UNALIGNED, 2L * rows[i]) & 0xffffL;
                }
            }
            case IntVector _, DateDayVector _ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = data.get(JAVA_INT_UNALIGNED, 4L * rows[i]);
                }
            }
            case UInt4Vector _ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = data.get(JAVA_INT_UNALIGNED, 4L * rows[i]) & 0xffff_ffffL;
                }
            }
            case BigIntVector _, TimeStampVector _ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = data.get(JAVA_LONG_UNALIGNED, 8L * rows[i]);
                }
            }
            // At most 18 digits: the upper half is only the sign.
            case DecimalVector _ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = data.get(JAVA_LONG_UNALIGNED, (long) DECIMAL_BYTES * rows[i]);
                }
            }
            default -> throw new IllegalStateException("not of numbers: " + vector.getField());
        }
        return new Column.Longs(out, nulls(vector, rows, count));
    }

    static Column.Doubles doubles(FieldVector vector, int[] rows, int count) {
        double[] out = new double[count];
        MemorySegment data = segment(vector.getDataBuffer());
        switch (vector) {
            case Float4Vector _ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = data.get(JAVA_FLOAT_UNALIGNED, 4L * rows[i]);
                }
            }
            case Float8Vector _ -> {
                for (int i = 0; i < count; i++) {
                    out[i] = data.get(JAVA_DOUBLE_UNALIGNED, 8L * rows[i]);
                }
            }
            default -> throw new IllegalStateException("not of doubles: " + vector.getField());
        }
        return new Column.Doubles(out, nulls(vector, rows, count));
    }

    static Column.Texts texts(FieldVector vector, int[] rows, int count) {
        return new Column.Texts((BaseVariableWidthVector) vector, rows, nulls(vector, rows, count));
    }

    private static boolean @Nullable [] nulls(FieldVector vector, int[] rows, int count) {
        if (vector.getNullCount() == 0) {
            return null;
        }
        boolean[] nulls = new boolean[count];
        MemorySegment validity = segment(vector.getValidityBuffer());
        for (int i = 0; i < count; i++) {
            int row = rows[i];
            nulls[i] = (validity.get(JAVA_BYTE, row >> 3) >>> (row & 7) & 1) == 0;
        }
        return nulls;
    }

    // The buffer is held by the batch that is being read, which outlives the segment.
    @SuppressWarnings("restricted")
    static MemorySegment segment(ArrowBuf buffer) {
        return MemorySegment.ofAddress(buffer.memoryAddress()).reinterpret(buffer.capacity());
    }
}
