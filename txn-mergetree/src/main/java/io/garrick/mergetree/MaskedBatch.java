package io.garrick.mergetree;

import java.util.List;
import org.apache.arrow.vector.FieldVector;

/** Column vectors with a mask that says which rows the snapshot sees. Owns its vectors. */
public final class MaskedBatch implements AutoCloseable {
    private final List<FieldVector> columns;
    private final int rowCount;
    private final long[] visibleWords;
    private final int visibleCount;

    public MaskedBatch(
            List<FieldVector> columns, int rowCount, long[] visibleWords, int visibleCount) {
        this.columns = List.copyOf(columns);
        this.rowCount = rowCount;
        this.visibleWords = visibleWords;
        this.visibleCount = visibleCount;
    }

    /** In the order of the scan's columns, all of {@link #rowCount} values. */
    public List<FieldVector> columns() {
        return columns;
    }

    public int rowCount() {
        return rowCount;
    }

    /**
     * Bit {@code i & 63} of word {@code i >> 6} is set if row i is visible; bits from the row count
     * on are 0.
     */
    public long[] visibleWords() {
        return visibleWords;
    }

    /** Number of set bits; equal to the row count if the mask can be ignored. */
    public int visibleCount() {
        return visibleCount;
    }

    public boolean visible(int row) {
        return (visibleWords[row >> 6] >>> row & 1) != 0;
    }

    public boolean allVisible() {
        return visibleCount == rowCount;
    }

    @Override
    public void close() {
        columns.forEach(FieldVector::close);
    }
}
