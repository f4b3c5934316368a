package io.garrick.mergetree.part;

import java.lang.foreign.MemorySegment;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** Reads values of one Arrow vector into pages. Borrows the vector, which must not change. */
public final class ArrowValues {
    private final PartColumn.Kind kind;
    private final FieldVector vector;
    private final MemorySegment data;
    private final MemorySegment offsets;
    private final int width;
    // What one offset counts.
    private final int elementBytes;
    private final boolean unsigned;
    private final boolean floating;
    private byte[] scratch = {};

    public ArrowValues(FieldVector vector, PartColumn column) {
        this.vector = vector;
        this.kind = column.kind();
        this.elementBytes = vector instanceof ListVector ? Float.BYTES : 1;
        this.data =
                ArrowMemory.of(
                        vector instanceof ListVector list
                                ? list.getDataVector().getDataBuffer()
                                : vector.getDataBuffer());
        this.offsets =
                vector instanceof BaseVariableWidthVector || vector instanceof ListVector
                        ? ArrowMemory.of(vector.getOffsetBuffer())
                        : MemorySegment.NULL;
        this.width =
                switch (vector) {
                    case BitVector _ -> 0;
                    case BaseFixedWidthVector fixed -> fixed.getTypeWidth();
                    default -> 0;
                };
        this.unsigned = column.order() == PartColumn.Order.UNSIGNED;
        this.floating =
                vector.getField().getType() instanceof ArrowType.FloatingPoint type
                        && type.getPrecision() == FloatingPointPrecision.SINGLE;
    }

    /** Appends the values at {@code rows[from, to)} to the page. */
    public void gather(int[] rows, int from, int to, ColumnPage page) {
        for (int i = from; i < to; i++) {
            append(rows[i], page);
        }
    }

    /** Appends the values of vector rows [from, to) to the page. */
    public void copy(int from, int to, ColumnPage page) {
        for (int row = from; row < to; row++) {
            append(row, page);
        }
    }

    private void append(int row, ColumnPage page) {
        if (vector.isNull(row)) {
            page.addNull(kind);
            return;
        }
        switch (kind) {
            case LONG -> page.addLong(longAt(row));
            case LONG_PAIR -> {
                long at = row * 16L;
                page.addPair(data.get(ArrowMemory.LONG, at), data.get(ArrowMemory.LONG, at + 8));
            }
            case BYTES -> appendBytes(row, page);
        }
    }

    private void appendBytes(int row, ColumnPage page) {
        long start;
        int length;
        if (width > 0) {
            start = (long) row * width;
            length = width;
        } else {
            int from = offsets.get(ArrowMemory.INT, row * 4L);
            start = (long) from * elementBytes;
            length = (offsets.get(ArrowMemory.INT, row * 4L + 4) - from) * elementBytes;
        }
        if (scratch.length < length) {
            scratch = new byte[Math.max(256, length * 2)];
        }
        MemorySegment.copy(data, ArrowMemory.BYTE, start, scratch, 0, length);
        page.addBytes(scratch, 0, length);
    }

    private long longAt(int row) {
        return switch (width) {
            case 0 -> ((BitVector) vector).get(row);
            case 1 -> {
                byte value = data.get(ArrowMemory.BYTE, row);
                yield unsigned ? Byte.toUnsignedLong(value) : value;
            }
            case 2 -> {
                short value = data.get(ArrowMemory.SHORT, row * 2L);
                yield unsigned ? Short.toUnsignedLong(value) : value;
            }
            case 4 -> {
                if (floating) {
                    yield Double.doubleToRawLongBits(data.get(ArrowMemory.FLOAT, row * 4L));
                }
                int value = data.get(ArrowMemory.INT, row * 4L);
                yield unsigned ? Integer.toUnsignedLong(value) : value;
            }
            case 8 -> data.get(ArrowMemory.LONG, row * 8L);
            // Decimals of at most 18 digits: the upper half only repeats the sign.
            case 16 -> data.get(ArrowMemory.LONG, row * 16L);
            default -> throw new IllegalStateException("width " + width);
        };
    }
}
