package io.garrick.mergetree.part;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Fills one Arrow vector from pages, widening where the vector's type is wider than the page's.
 *
 * <p>Closing before {@link #finish} releases the vector; afterwards it belongs to the caller.
 */
public final class VectorBuilder implements AutoCloseable {
    private final FieldVector vector;
    private final int capacity;
    private final int width;
    private final boolean single;
    private final ArrowBuf validity;
    private int count;
    private int byteCount;
    private boolean finished;

    public VectorBuilder(Field field, BufferAllocator allocator, int capacity) {
        this.capacity = capacity;
        this.vector = field.createVector(allocator);
        try {
            switch (vector) {
                case BaseFixedWidthVector fixed -> fixed.allocateNew(capacity);
                case BaseVariableWidthVector variable -> {
                    variable.allocateNew(Math.max(64L, capacity * 8L), capacity);
                    variable.getOffsetBuffer().setInt(0, 0);
                }
                case ListVector list -> {
                    list.setInitialCapacity(capacity);
                    list.allocateNew();
                }
                default -> throw new IllegalArgumentException("no storage for " + field);
            }
            this.width =
                    vector instanceof BaseFixedWidthVector fixed && !(vector instanceof BitVector)
                            ? fixed.getTypeWidth()
                            : 0;
            this.single =
                    field.getType() instanceof ArrowType.FloatingPoint type
                            && type.getPrecision() == FloatingPointPrecision.SINGLE;
            this.validity = vector.getValidityBuffer();
            if (!(vector instanceof ListVector)) {
                validity.setOne(0, validity.capacity());
            }
        } catch (RuntimeException e) {
            vector.close();
            throw e;
        }
    }

    /** Whether a column stored as {@code stored} can be read as {@code wanted}. */
    public static boolean readable(PartColumn stored, Field wanted) {
        ArrowType from = stored.field().getType();
        ArrowType to = wanted.getType();
        if (from.equals(to)) {
            return true;
        }
        return switch (to) {
            case ArrowType.Int wide ->
                    from instanceof ArrowType.Int narrow
                            && (narrow.getIsSigned() == wide.getIsSigned()
                                    ? narrow.getBitWidth() <= wide.getBitWidth()
                                    : !narrow.getIsSigned()
                                            && narrow.getBitWidth() < wide.getBitWidth());
            case ArrowType.Decimal wide ->
                    from instanceof ArrowType.Decimal narrow
                            && narrow.getScale() == wide.getScale()
                            && narrow.getPrecision() <= wide.getPrecision();
            case ArrowType.FloatingPoint wide ->
                    from instanceof ArrowType.FloatingPoint
                            && wide.getPrecision() == FloatingPointPrecision.DOUBLE;
            case ArrowType.List _ -> from instanceof ArrowType.List;
            case ArrowType.Utf8 _, ArrowType.Binary _ ->
                    from instanceof ArrowType.Utf8 || from instanceof ArrowType.Binary;
            default -> false;
        };
    }

    /** Appends rows [from, to) of a page. */
    public void append(ColumnPage page, PartColumn.Kind kind, int from, int to) {
        if (count + to - from > capacity) {
            throw new IllegalStateException("vector of " + capacity + " rows is full");
        }
        if (vector instanceof ListVector list) {
            for (int row = from; row < to; row++) {
                if (page.isNull(row)) {
                    list.setNull(count++);
                } else {
                    appendFloats(list, ByteBuffer.wrap(page.bytesAt(row)));
                }
            }
            return;
        }
        if (vector instanceof BaseVariableWidthVector variable) {
            appendVariable(variable, page, from, to);
        } else if (vector instanceof BitVector bits) {
            for (int row = from; row < to; row++) {
                bits.set(count + row - from, (int) page.low[row]);
            }
        } else {
            appendFixed(page, kind, from, to);
        }
        if (page.hasNulls) {
            for (int row = from; row < to; row++) {
                if (page.isNull(row)) {
                    clearValidity(count + row - from);
                }
            }
        }
        count += to - from;
    }

    /** Appends rows [from, to) of a vector of the same type. */
    public void append(FieldVector source, int from, int to) {
        if (vector instanceof ListVector list) {
            for (int row = from; row < to; row++) {
                list.copyFromSafe(row, count++, source);
            }
            return;
        }
        MemorySegment sourceData = ArrowMemory.of(source.getDataBuffer());
        int rows = to - from;
        if (vector instanceof BaseVariableWidthVector variable) {
            appendVariable(variable, source, sourceData, from, to);
        } else if (vector instanceof BitVector bits) {
            for (int row = from; row < to; row++) {
                bits.set(
                        count + row - from, source.isNull(row) ? 0 : ((BitVector) source).get(row));
            }
        } else {
            MemorySegment.copy(
                    sourceData,
                    (long) from * width,
                    ArrowMemory.of(vector.getDataBuffer()),
                    (long) count * width,
                    (long) rows * width);
        }
        for (int row = from; row < to; row++) {
            if (source.isNull(row)) {
                clearValidity(count + row - from);
            }
        }
        count += rows;
    }

    private void appendFloats(ListVector list, ByteBuffer bytes) {
        Float4Vector floats = (Float4Vector) list.getDataVector();
        int start = list.startNewValue(count);
        int length = bytes.remaining() / Float.BYTES;
        bytes.order(ByteOrder.nativeOrder());
        for (int i = 0; i < length; i++) {
            floats.setSafe(start + i, bytes.getFloat());
        }
        list.endValue(count++, length);
    }

    private void appendVariable(
            BaseVariableWidthVector target,
            FieldVector source,
            MemorySegment sourceData,
            int from,
            int to) {
        MemorySegment sourceOffsets = ArrowMemory.of(source.getOffsetBuffer());
        int start = sourceOffsets.get(ArrowMemory.INT, from * 4L);
        int length = sourceOffsets.get(ArrowMemory.INT, to * 4L) - start;
        reserveBytes(target, length);
        MemorySegment.copy(
                sourceData, start, ArrowMemory.of(target.getDataBuffer()), byteCount, length);
        MemorySegment targetOffsets = ArrowMemory.of(target.getOffsetBuffer());
        for (int row = from; row < to; row++) {
            int end = sourceOffsets.get(ArrowMemory.INT, row * 4L + 4) - start;
            targetOffsets.set(ArrowMemory.INT, (count + row - from + 1) * 4L, byteCount + end);
        }
        byteCount += length;
    }

    private void appendVariable(BaseVariableWidthVector target, ColumnPage page, int from, int to) {
        int start = page.offsets[from];
        int length = page.offsets[to] - start;
        reserveBytes(target, length);
        MemorySegment.copy(
                page.bytes,
                start,
                ArrowMemory.of(target.getDataBuffer()),
                ArrowMemory.BYTE,
                byteCount,
                length);
        MemorySegment targetOffsets = ArrowMemory.of(target.getOffsetBuffer());
        int shift = byteCount - start;
        for (int row = from; row < to; row++) {
            targetOffsets.set(
                    ArrowMemory.INT, (count + row - from + 1) * 4L, page.offsets[row + 1] + shift);
        }
        byteCount += length;
    }

    private void reserveBytes(BaseVariableWidthVector target, int additional) {
        long needed = (long) byteCount + additional;
        if (needed > Integer.MAX_VALUE) {
            throw new IllegalStateException("more than 2 GiB of strings in one batch");
        }
        if (needed > target.getDataBuffer().capacity()) {
            target.reallocDataBuffer(Math.max(needed, target.getDataBuffer().capacity() * 2));
        }
    }

    private void appendFixed(ColumnPage page, PartColumn.Kind kind, int from, int to) {
        MemorySegment data = ArrowMemory.of(vector.getDataBuffer());
        long at = (long) count * width;
        if (kind == PartColumn.Kind.BYTES) {
            for (int row = from; row < to; row++, at += width) {
                int length = Math.min(width, page.offsets[row + 1] - page.offsets[row]);
                MemorySegment.copy(
                        page.bytes, page.offsets[row], data, ArrowMemory.BYTE, at, length);
            }
            return;
        }
        long[] low = page.low;
        switch (width) {
            case 1 -> {
                for (int row = from; row < to; row++) {
                    data.set(ArrowMemory.BYTE, at + row - from, (byte) low[row]);
                }
            }
            case 2 -> {
                for (int row = from; row < to; row++) {
                    data.set(ArrowMemory.SHORT, at + (row - from) * 2L, (short) low[row]);
                }
            }
            case 4 -> appendInts(data, at, low, from, to);
            case 8 -> MemorySegment.copy(low, from, data, ArrowMemory.LONG, at, to - from);
            case 16, 32 -> appendWide(data, at, page, kind, from, to);
            default -> throw new IllegalStateException("width " + width);
        }
    }

    private void appendInts(MemorySegment data, long at, long[] low, int from, int to) {
        if (single) {
            for (int row = from; row < to; row++) {
                float value = (float) Double.longBitsToDouble(low[row]);
                data.set(ArrowMemory.FLOAT, at + (row - from) * 4L, value);
            }
        } else {
            for (int row = from; row < to; row++) {
                data.set(ArrowMemory.INT, at + (row - from) * 4L, (int) low[row]);
            }
        }
    }

    private void appendWide(
            MemorySegment data, long at, ColumnPage page, PartColumn.Kind kind, int from, int to) {
        boolean pair = kind == PartColumn.Kind.LONG_PAIR;
        for (int row = from; row < to; row++, at += width) {
            long sign = (pair ? page.high[row] : page.low[row]) >> 63;
            data.set(ArrowMemory.LONG, at, page.low[row]);
            data.set(ArrowMemory.LONG, at + 8, pair ? page.high[row] : sign);
            if (width == 32) {
                data.set(ArrowMemory.LONG, at + 16, sign);
                data.set(ArrowMemory.LONG, at + 24, sign);
            }
        }
    }

    private void clearValidity(int row) {
        long at = row >> 3;
        validity.setByte(at, validity.getByte(at) & ~(1 << (row & 7)));
    }

    /** The vector with the rows appended; from here the caller owns it. */
    public FieldVector finish() {
        if (vector instanceof BaseVariableWidthVector variable) {
            // Otherwise setValueCount would rewrite the offsets of "missing" rows.
            variable.setLastSet(count - 1);
        }
        if (vector instanceof ListVector list) {
            list.setLastSet(count - 1);
        }
        vector.setValueCount(count);
        finished = true;
        return vector;
    }

    @Override
    public void close() {
        if (!finished) {
            vector.close();
        }
    }
}
