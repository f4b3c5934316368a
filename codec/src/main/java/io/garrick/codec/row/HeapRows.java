package io.garrick.codec.row;

import io.garrick.base.Key;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A handful of rows in byte arrays, for tests and small reads. */
public final class HeapRows implements RawRows {
    private record Row(Key value, int length, long intHandle, Key commonHandle) {}

    private final List<Row> rows = new ArrayList<>();

    public HeapRows add(long handle, byte[] value) {
        rows.add(new Row(Key.of(value), value.length, handle, Key.EMPTY));
        return this;
    }

    public HeapRows add(byte[] handle, byte[] value) {
        rows.add(new Row(Key.of(value), value.length, 0, Key.of(handle)));
        return this;
    }

    public HeapRows addDeleted(long handle) {
        rows.add(new Row(Key.EMPTY, DELETED, handle, Key.EMPTY));
        return this;
    }

    @Override
    public int count() {
        return rows.size();
    }

    @Override
    public byte[] array(int row) {
        return rows.get(row).value().unsafeBytes();
    }

    @Override
    public MemorySegment segment(int row) {
        return MemorySegment.ofArray(array(row));
    }

    @Override
    public long offset(int row) {
        return 0;
    }

    @Override
    public int length(int row) {
        return rows.get(row).length();
    }

    @Override
    public long intHandle(int row) {
        return rows.get(row).intHandle();
    }

    @Override
    public byte[] commonHandle(int row) {
        return rows.get(row).commonHandle().unsafeBytes();
    }
}
