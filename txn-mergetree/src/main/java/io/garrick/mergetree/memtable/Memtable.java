package io.garrick.mergetree.memtable;

import io.garrick.mergetree.mvcc.KillSet;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Rows of one table that no part has yet.
 *
 * <p>Three owners. Appenders hold this object's monitor and publish {@link #count}; whoever has
 * read the count may read the rows below it without a lock. Ends and version chains belong to the
 * holder of the table's lock. Decoded columns have a lock of their own ({@link LazyColumns}).
 *
 * <p>Counted: born with one pin, the table's; the last {@link #unpin} releases the columns.
 */
public final class Memtable {
    private static final int FIRST_CAPACITY = 16;

    private final AtomicInteger pins = new AtomicInteger(1);
    private final LazyColumns columns;
    private final boolean commonHandle;
    private final long createdMillis;
    private volatile MemtableRows rows;
    private volatile int count;
    private volatile long sizeBytes;

    // Below: guarded by the table's lock.
    private long[] ends = new long[FIRST_CAPACITY];
    private int[] older = new int[FIRST_CAPACITY];
    private HandleIndex index = new HandleIndex(FIRST_CAPACITY * 2);
    private int resolved;

    public Memtable(boolean commonHandle, BufferAllocator allocator, long createdMillis) {
        this.commonHandle = commonHandle;
        this.createdMillis = createdMillis;
        this.rows = new MemtableRows(FIRST_CAPACITY, commonHandle);
        this.columns = new LazyColumns(this, allocator);
    }

    public boolean commonHandle() {
        return commonHandle;
    }

    public long createdMillis() {
        return createdMillis;
    }

    public LazyColumns columns() {
        return columns;
    }

    /** Rows that readers may look at. */
    public int count() {
        return count;
    }

    /** Raw bytes of the rows, without bookkeeping. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** At least the rows below a count read before. */
    public MemtableRows rows() {
        return rows;
    }

    /** The caller sees to it that the memtable is still the one that takes rows. */
    public synchronized void append(
            long handle,
            byte @Nullable [] common,
            long commitTs,
            boolean delete,
            byte[] rowBytes,
            long regionId,
            long raftIndex,
            int ordinal) {
        int row = count;
        MemtableRows current = rows;
        if (row == current.capacity()) {
            current = current.grown();
            rows = current;
        }
        long hashed = stored(handle, common);
        current.set(row, hashed, common, commitTs, delete, rowBytes, regionId, raftIndex, ordinal);
        sizeBytes += rowBytes.length;
        count = row + 1; // a volatile store: publishes the row
    }

    // ---- versions; the caller holds the table's lock ----

    /** Rows below are in the chains and have their ends. */
    public int resolved() {
        return resolved;
    }

    public long end(int row) {
        return ends[row];
    }

    public void kill(int row, long end) {
        ends[row] = Math.min(ends[row], end);
    }

    /**
     * Newest row of a handle; -1 if there is none.
     *
     * @param handle as {@link MemtableRows#handle} has it
     */
    public int newestHashed(long handle, byte @Nullable [] common) {
        return index.get(rows, handle, common);
    }

    /** What {@link MemtableRows#handle} holds for a row of this handle. */
    public static long stored(long handle, byte @Nullable [] common) {
        return common == null ? handle : HandleIndex.hash(common);
    }

    /** Next older row of the same handle; -1 if there is none. */
    public int olderThan(int row) {
        return older[row];
    }

    /**
     * Rows from {@link #resolved} to {@code count} are about to be linked or skipped, each once.
     */
    public void beginResolve(int upTo) {
        if (upTo > ends.length) {
            int capacity = Math.max(upTo, ends.length * 2);
            ends = Arrays.copyOf(ends, capacity);
            older = Arrays.copyOf(older, capacity);
        }
    }

    public void endResolve(int upTo) {
        resolved = upTo;
    }

    /** Takes a row in, behind {@code newer} (-1: as the newest of its handle). */
    public void link(int row, int newer, long end) {
        ends[row] = end;
        MemtableRows current = rows;
        if (newer < 0) {
            older[row] = index.put(current, current.handle(row), row);
        } else {
            older[row] = older[newer];
            older[newer] = row;
        }
    }

    /** Takes a row as one that never is seen. */
    public void skip(int row) {
        ends[row] = KillSet.ALWAYS_DEAD;
        older[row] = -1;
    }

    // ---- life ----

    public void pin() {
        pins.incrementAndGet();
    }

    public void unpin() {
        if (pins.decrementAndGet() == 0) {
            columns.close();
        }
    }
}
