package io.garrick.codec.row;

import java.lang.foreign.MemorySegment;

/**
 * Finds one column's values in a block of rows, before anything is decoded.
 *
 * <p>Only the plain case is decided here: rows of format v2. Rows of a table look alike, so the
 * layout of the previous row is tried first: the same first six bytes mean the same column table,
 * and one comparison tells whether the column stands where it stood. Whatever is unusual or
 * malformed is left to {@link RowCursor}, which knows every case and every error.
 *
 * <p>Values of rows on the heap are copied to native scratch memory, so that writers read one kind
 * of memory only. Used by one thread; closing frees the scratch memory.
 */
final class ValueFinder implements AutoCloseable {
    /** Rows in a block; small enough that what is found stays in the nearest cache. */
    static final int BLOCK_ROWS = 256;

    /** The row has no such column. */
    static final int ABSENT = -1;

    /** The column is NULL. */
    static final int NULL = -2;

    /** Not decided: {@link RowCursor} must look at the row. */
    static final int UNDECIDED = -3;

    private static final int HEADER_BYTES = 6;
    private static final long HEADER_MASK = 0xffff_ffff_ffffL;

    /** Address of each value, valid until the next block, with slack behind it. */
    final long[] at = new long[BLOCK_ROWS];

    /** Bytes of each value, or one of the codes above. */
    final int[] length = new int[BLOCK_ROWS];

    private final long columnId;
    private final RowLayout layout = new RowLayout();
    private final HeapScratch scratch = new HeapScratch();

    /** Of the segment that held the last row; the size is zero if it lies on the heap. */
    private long base;

    private long size;

    ValueFinder(long columnId) {
        this.columnId = columnId;
    }

    void find(RawRows rows, int from, int count) {
        scratch.clear();
        int i = 0;
        while (i < count) {
            i = findAlike(rows, from, i, count);
            if (i < count) {
                findOne(rows, from + i, i);
                i++;
            }
        }
    }

    /**
     * Small rows in the segment and of the layout of the row before: nearly all. Everything it
     * needs is in local variables; the first row that is not alike ends it.
     *
     * @return the first row that it did not find
     */
    private int findAlike(RawRows rows, int from, int first, int count) {
        int slot = layout.slot;
        if (size == 0 || layout.large || slot >= layout.notNull) {
            return first;
        }
        long header = layout.header;
        long dataAt = layout.dataAt;
        long idAt = (long) HEADER_BYTES + slot;
        // One load has where the value before ends, which is nothing for the first, and where it
        // ends.
        long endsAt = layout.endsAt + slot * 2L - 2;
        int startMask = slot == 0 ? 0 : 0xffff;
        long last = size - Memory.SLACK_BYTES;
        for (int i = first; i < count; i++) {
            int row = from + i;
            int rowLength = rows.length(row);
            long offset = rows.offset(row);
            if (rowLength < dataAt || offset < 0 || offset + rowLength > last) {
                return i;
            }
            long start = base + offset;
            MemorySegment rowSegment = rows.segment(row);
            if (rowSegment.address() != base
                    || rowSegment.byteSize() != size
                    || (Memory.ALL.get(Memory.LONG, start) & HEADER_MASK) != header
                    || (Memory.ALL.get(Memory.BYTE, start + idAt) & 0xff) != columnId) {
                return i;
            }
            int ends = Memory.ALL.get(Memory.INT, start + endsAt);
            int valueStart = ends & startMask;
            int valueEnd = ends >>> 16;
            if (valueStart > valueEnd || valueEnd > rowLength - dataAt) {
                return i;
            }
            at[i] = start + dataAt + valueStart;
            length[i] = valueEnd - valueStart;
        }
        return count;
    }

    private void findOne(RawRows rows, int row, int i) {
        int rowLength = rows.length(row);
        byte[] array = rows.array(row);
        if (rowLength < HEADER_BYTES) {
            length[i] = UNDECIDED;
        } else if (array != null) {
            findOnHeap(array, rowLength, i);
        } else {
            findNative(rows.segment(row), rows.offset(row), rowLength, i);
        }
    }

    /** The handles of the rows, as if each were a stored value. */
    void findHandles(RawRows rows, int from, int count) {
        scratch.clear();
        for (int i = 0; i < count; i++) {
            at[i] = scratch.put(rows.intHandle(from + i));
            length[i] = Long.BYTES;
        }
    }

    private void findNative(MemorySegment rowSegment, long offset, int rowLength, int i) {
        base = rowSegment.address();
        size = rowSegment.isNative() ? rowSegment.byteSize() : 0;
        length[i] = UNDECIDED;
        if (offset < 0 || offset > size - rowLength - Memory.SLACK_BYTES) {
            return;
        }
        long row = base + offset;
        long header = Memory.ALL.get(Memory.LONG, row) & HEADER_MASK;
        if ((header != layout.header && !layout.read(header)) || rowLength < layout.dataAt) {
            return;
        }
        int slot = layout.slot;
        if (slot >= layout.notNull || nativeId(row, slot) != columnId) {
            slot = searchNative(row, 0, layout.notNull);
            if (slot < 0) {
                boolean isNull = searchNative(row, layout.notNull, layout.ids) >= 0;
                length[i] = isNull ? NULL : ABSENT;
                return;
            }
            layout.slot = slot;
        }
        long end = nativeEnd(row, slot);
        long start = slot == 0 ? 0 : nativeEnd(row, slot - 1);
        if (start <= end && end <= rowLength - layout.dataAt) {
            at[i] = row + layout.dataAt + start;
            length[i] = (int) (end - start);
        }
    }

    private long nativeId(long row, int slot) {
        return layout.large
                ? Memory.ALL.get(Memory.INT, row + HEADER_BYTES + slot * 4L) & 0xffff_ffffL
                : Memory.ALL.get(Memory.BYTE, row + HEADER_BYTES + slot) & 0xff;
    }

    private long nativeEnd(long row, int slot) {
        return layout.large
                ? Memory.ALL.get(Memory.INT, row + layout.endsAt + slot * 4L) & 0xffff_ffffL
                : Memory.ALL.get(Memory.SHORT, row + layout.endsAt + slot * 2L) & 0xffff;
    }

    private int searchNative(long row, int from, int to) {
        int low = from;
        int high = to - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long id = nativeId(row, middle);
            if (id == columnId) {
                return middle;
            }
            if (id < columnId) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    private void findOnHeap(byte[] row, int rowLength, int i) {
        length[i] = UNDECIDED;
        if (rowLength > row.length || row.length < Long.BYTES) {
            return;
        }
        long header = HeapScratch.longAt(row, 0) & HEADER_MASK;
        if ((header != layout.header && !layout.read(header)) || rowLength < layout.dataAt) {
            return;
        }
        int slot = layout.slot;
        if (slot >= layout.notNull || heapId(row, slot) != columnId) {
            slot = searchOnHeap(row, 0, layout.notNull);
            if (slot < 0) {
                boolean isNull = searchOnHeap(row, layout.notNull, layout.ids) >= 0;
                length[i] = isNull ? NULL : ABSENT;
                return;
            }
            layout.slot = slot;
        }
        long end = heapEnd(row, slot);
        long start = slot == 0 ? 0 : heapEnd(row, slot - 1);
        if (start <= end && end <= rowLength - layout.dataAt) {
            length[i] = (int) (end - start);
            at[i] = scratch.put(row, (int) (layout.dataAt + start), length[i]);
        }
    }

    private long heapId(byte[] row, int slot) {
        return layout.large
                ? HeapScratch.intAt(row, HEADER_BYTES + slot * 4) & 0xffff_ffffL
                : row[HEADER_BYTES + slot] & 0xff;
    }

    private long heapEnd(byte[] row, int slot) {
        return layout.large
                ? HeapScratch.intAt(row, (int) layout.endsAt + slot * 4) & 0xffff_ffffL
                : HeapScratch.shortAt(row, (int) layout.endsAt + slot * 2) & 0xffff;
    }

    private int searchOnHeap(byte[] row, int from, int to) {
        int low = from;
        int high = to - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long id = heapId(row, middle);
            if (id == columnId) {
                return middle;
            }
            if (id < columnId) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    @Override
    public void close() {
        scratch.close();
    }

    /** The column table of rows that begin with the same six bytes. */
    private static final class RowLayout {
        long header = -1;
        boolean large;
        int notNull;

        /** Not-null and null ids together. */
        int ids;

        long endsAt;
        long dataAt;

        /** Where the column stood last. */
        int slot;

        /** False if the header is not of format v2. */
        boolean read(long newHeader) {
            if ((newHeader & 0xff) != RowV2Writer.VERSION) {
                return false;
            }
            header = newHeader;
            large = (newHeader >>> 8 & RowV2Writer.LARGE_FLAG) != 0;
            notNull = (int) (newHeader >>> 16) & 0xffff;
            ids = notNull + ((int) (newHeader >>> 32) & 0xffff);
            endsAt = HEADER_BYTES + (long) ids * (large ? 4 : 1);
            dataAt = endsAt + (long) notNull * (large ? 4 : 2);
            return true;
        }
    }
}
