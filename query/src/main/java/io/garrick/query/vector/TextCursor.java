package io.garrick.query.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** One text of a column at a time, without copying it. */
final class TextCursor implements Comparable<TextCursor> {
    private static final MemorySegment NOTHING = MemorySegment.ofArray(new byte[0]);
    private static final int[] NO_ROWS = {};

    private final MemorySegment data;
    private final MemorySegment offsets;
    private final int[] rows;
    private final boolean constant;
    private long start;
    private int length;

    private TextCursor(MemorySegment data, MemorySegment offsets, int[] rows, boolean constant) {
        this.data = data;
        this.offsets = offsets;
        this.rows = rows;
        this.constant = constant;
        this.length = constant ? (int) data.byteSize() : 0;
    }

    static TextCursor over(Column column) {
        return switch (column) {
            case Column.Texts texts ->
                    new TextCursor(
                            Load.segment(texts.vector().getDataBuffer()),
                            Load.segment(texts.vector().getOffsetBuffer()),
                            texts.rows(),
                            false);
            case Column.ConstantText text ->
                    new TextCursor(MemorySegment.ofArray(text.text()), NOTHING, NO_ROWS, true);
            case Column.Longs _, Column.Doubles _ ->
                    throw new IllegalStateException("numbers are not text");
        };
    }

    TextCursor at(int index) {
        if (!constant) {
            long offset = 4L * rows[index];
            start = offsets.get(JAVA_INT_UNALIGNED, offset);
            length = (int) (offsets.get(JAVA_INT_UNALIGNED, offset + 4) - start);
        }
        return this;
    }

    int length() {
        return length;
    }

    byte byteAt(int index) {
        return data.get(JAVA_BYTE, start + index);
    }

    byte[] bytes() {
        byte[] copy = new byte[length];
        MemorySegment.copy(data, JAVA_BYTE, start, copy, 0, length);
        return copy;
    }

    /** By unsigned bytes, which for UTF-8 is by code points. */
    @Override
    public int compareTo(TextCursor other) {
        int shorter = Math.min(length, other.length);
        for (int i = 0; i < shorter; i++) {
            int order = Byte.compareUnsigned(byteAt(i), other.byteAt(i));
            if (order != 0) {
                return order;
            }
        }
        return length - other.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TextCursor text && compareTo(text) == 0;
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = 0; i < length; i++) {
            hash = 31 * hash + byteAt(i);
        }
        return hash;
    }

    /** Whether the parts stand in this order: the first at the start, the last at the end. */
    boolean matches(byte[][] parts) {
        if (parts.length == 1) {
            return length == parts[0].length && hasAt(parts[0], 0);
        }
        byte[] last = parts[parts.length - 1];
        int end = length - last.length;
        if (!hasAt(parts[0], 0) || end < parts[0].length || !hasAt(last, end)) {
            return false;
        }
        int at = parts[0].length;
        for (int i = 1; i < parts.length - 1; i++) {
            while (at + parts[i].length <= end && !hasAt(parts[i], at)) {
                at++;
            }
            if (at + parts[i].length > end) {
                return false;
            }
            at += parts[i].length;
        }
        return true;
    }

    private boolean hasAt(byte[] part, int offset) {
        if (offset < 0 || offset + part.length > length) {
            return false;
        }
        for (int i = 0; i < part.length; i++) {
            if (byteAt(offset + i) != part[i]) {
                return false;
            }
        }
        return true;
    }
}
