package io.garrick.mergetree.memtable;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Parallel arrays, one slot per row. Slots are written once, before the row is published; growing
 * copies, so that readers of the smaller arrays are not disturbed.
 */
public final class MemtableRows {
    // For common handles: a hash of the bytes.
    private final long[] handles;
    private final byte @Nullable [][] commons;
    private final long[] commitTs;
    private final boolean[] deletes;
    private final byte[][] values;
    private final long[] regionIds;
    private final long[] indexes;
    private final int[] ordinals;

    MemtableRows(int capacity, boolean commonHandle) {
        this(
                new long[capacity],
                commonHandle ? new byte[capacity][] : null,
                new long[capacity],
                new boolean[capacity],
                new byte[capacity][],
                new long[capacity],
                new long[capacity],
                new int[capacity]);
    }

    private MemtableRows(
            long[] handles,
            byte @Nullable [][] commons,
            long[] commitTs,
            boolean[] deletes,
            byte[][] values,
            long[] regionIds,
            long[] indexes,
            int[] ordinals) {
        this.handles = handles;
        this.commons = commons;
        this.commitTs = commitTs;
        this.deletes = deletes;
        this.values = values;
        this.regionIds = regionIds;
        this.indexes = indexes;
        this.ordinals = ordinals;
    }

    int capacity() {
        return handles.length;
    }

    MemtableRows grown() {
        int size = handles.length * 2;
        return new MemtableRows(
                Arrays.copyOf(handles, size),
                commons == null ? null : Arrays.copyOf(commons, size),
                Arrays.copyOf(commitTs, size),
                Arrays.copyOf(deletes, size),
                Arrays.copyOf(values, size),
                Arrays.copyOf(regionIds, size),
                Arrays.copyOf(indexes, size),
                Arrays.copyOf(ordinals, size));
    }

    void set(
            int row,
            long handle,
            byte @Nullable [] common,
            long ts,
            boolean delete,
            byte[] value,
            long regionId,
            long index,
            int ordinal) {
        handles[row] = handle;
        if (commons != null) {
            if (common == null) {
                throw new IllegalArgumentException("integer handle in a common-handle table");
            }
            commons[row] = common;
        }
        commitTs[row] = ts;
        deletes[row] = delete;
        values[row] = value;
        regionIds[row] = regionId;
        indexes[row] = index;
        ordinals[row] = ordinal;
    }

    public long handle(int row) {
        return handles[row];
    }

    /** Present in tables with common handles only. */
    public byte @Nullable [] common(int row) {
        return commons == null ? null : commons[row];
    }

    public long commitTs(int row) {
        return commitTs[row];
    }

    public boolean delete(int row) {
        return deletes[row];
    }

    public byte[] value(int row) {
        return values[row];
    }

    public long regionId(int row) {
        return regionIds[row];
    }

    public long index(int row) {
        return indexes[row];
    }

    public int ordinal(int row) {
        return ordinals[row];
    }

    /** Orders by handle, then from new to old. */
    public int compare(int left, int right) {
        int byHandle =
                commons == null
                        ? Long.compare(handles[left], handles[right])
                        : Arrays.compareUnsigned(commons[left], commons[right]);
        return byHandle != 0 ? byHandle : Long.compare(commitTs[right], commitTs[left]);
    }
}
