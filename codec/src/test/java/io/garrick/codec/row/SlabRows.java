package io.garrick.codec.row;

import io.garrick.codec.key.RecordKey;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Rows one behind the other in native memory, the last one at its very end. */
final class SlabRows implements RawRows, AutoCloseable {
    private final boolean commonHandle;
    private final List<RecordKey> keys;
    private final List<byte[]> rows;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment slab;
    private final long[] offsets;

    SlabRows(boolean commonHandle, List<RecordKey> keys, List<byte[]> rows) {
        this.commonHandle = commonHandle;
        this.keys = keys;
        this.rows = rows;
        this.offsets = new long[rows.size() + 1];
        for (int i = 0; i < rows.size(); i++) {
            offsets[i + 1] = offsets[i] + rows.get(i).length;
        }
        this.slab = arena.allocate(offsets[rows.size()]);
        for (int i = 0; i < rows.size(); i++) {
            byte[] row = rows.get(i);
            MemorySegment.copy(row, 0, slab, ValueLayout.JAVA_BYTE, offsets[i], row.length);
        }
    }

    @Override
    public int count() {
        return rows.size();
    }

    @Override
    public MemorySegment segment(int row) {
        return slab;
    }

    @Override
    public long offset(int row) {
        return offsets[row];
    }

    @Override
    public int length(int row) {
        return rows.get(row).length;
    }

    @Override
    public long intHandle(int row) {
        return commonHandle ? 0 : keys.get(row).intHandle();
    }

    @Override
    public byte[] commonHandle(int row) {
        return keys.get(row).handle().unsafeBytes();
    }

    @Override
    public void close() {
        arena.close();
    }
}
