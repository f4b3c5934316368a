package io.garrick.regioncache;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Where committed rows go: the column store, seen from here. Must not block on file I/O in {@link
 * #append}.
 */
public interface CommittedRows {
    /**
     * Makes the rows visible. Rows that {@link Fences} already cover are dropped by the receiver.
     */
    void append(List<CommittedRow> rows);

    /** True if this version has been received before, in memory or on disk. */
    boolean hasVersion(Key rawKey, long commitTs);

    /**
     * Replaces everything in the range by the rows, durably. A second call with an operation that
     * is already done adds nothing.
     *
     * @param encodedRange the region's range
     * @param rows in (encoded key ascending, commit ts descending) order
     */
    void replaceRange(OpId op, KeyRange encodedRange, Iterator<CommittedRow> rows);

    /** Removes everything in the range, durably; idempotent by {@code op}. */
    void purgeRange(OpId op, KeyRange encodedRange);

    /**
     * Operations that the column store knows as done and not yet closed, with their encoded ranges.
     */
    Map<OpId, KeyRange> openOperations();

    /**
     * The region cache has its own part of the operation on disk: the column store may forget it.
     */
    void closeOperation(OpId op);

    /**
     * Names a structural operation: the same snapshot or removal, tried again after a crash, has
     * the same id.
     */
    record OpId(long regionId, long index, long sequence) {}

    /** Says which rows the column store has on disk by itself. */
    @FunctionalInterface
    interface Fences {
        /** True if the row at this position need not be kept as a leftover. */
        boolean covers(CommittedRow row);
    }
}
