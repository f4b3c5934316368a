package io.garrick.mergetree.memtable;

import io.garrick.codec.row.RawRows;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The published rows of a memtable as decoders read them. */
record MemtableRawRows(MemtableRows rows, int count) implements RawRows {
    @Override
    public byte[] array(int row) {
        return rows.value(row);
    }

    @Override
    public MemorySegment segment(int row) {
        return MemorySegment.ofArray(rows.value(row));
    }

    @Override
    public long offset(int row) {
        return 0;
    }

    @Override
    public int length(int row) {
        return rows.delete(row) ? DELETED : rows.value(row).length;
    }

    @Override
    public long intHandle(int row) {
        return rows.handle(row);
    }

    @Override
    public byte[] commonHandle(int row) {
        return Objects.requireNonNull(rows.common(row), "a table with common handles");
    }
}
