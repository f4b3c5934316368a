package io.garrick.bench.codec;

import io.garrick.base.Key;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.row.RawRows;
import io.garrick.codec.schema.TableSchema;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Rows one behind the other in native memory, as a memtable or a snapshot file has them. */
final class RowSlab implements RawRows, AutoCloseable {
    private final TableSchema table;
    private final List<byte[]> values;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment slab;
    private final long[] offsets;

    RowSlab(TableSchema table, List<byte[]> values) {
        this.table = table;
        this.values = List.copyOf(values);
        this.offsets = new long[values.size() + 1];
        for (int i = 0; i < values.size(); i++) {
            offsets[i + 1] = offsets[i] + values.get(i).length;
        }
        this.slab = arena.allocate(offsets[values.size()]);
        for (int i = 0; i < values.size(); i++) {
            byte[] value = values.get(i);
            MemorySegment.copy(value, 0, slab, ValueLayout.JAVA_BYTE, offsets[i], value.length);
        }
    }

    TableSchema table() {
        return table;
    }

    byte[] value(int row) {
        return values.get(row);
    }

    RecordKey key(int row) {
        return new RecordKey(
                table.physicalId(),
                Key.wrap(new byte[] {(byte) 0x80, 0, 0, 0, 0, 0, 0, (byte) row}));
    }

    long bytes() {
        return slab.byteSize();
    }

    /** The same rows, each in an array of its own. */
    RawRows onHeap() {
        return new OnHeap(this);
    }

    @Override
    public int count() {
        return values.size();
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
        return (int) (offsets[row + 1] - offsets[row]);
    }

    @Override
    public long intHandle(int row) {
        return row;
    }

    @Override
    public byte[] commonHandle(int row) {
        throw new IllegalArgumentException("a table with int handles");
    }

    @Override
    public void close() {
        arena.close();
    }

    private record OnHeap(RowSlab rows) implements RawRows {
        @Override
        public int count() {
            return rows.count();
        }

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
            return rows.value(row).length;
        }

        @Override
        public long intHandle(int row) {
            return row;
        }

        @Override
        public byte[] commonHandle(int row) {
            return rows.commonHandle(row);
        }
    }
}
