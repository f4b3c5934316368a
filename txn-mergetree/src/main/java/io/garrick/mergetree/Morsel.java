package io.garrick.mergetree;

import java.io.IOException;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;

/**
 * One unit of scan work, at most {@value #MAX_ROWS} rows. Independent of all other morsels: any
 * thread may read it, in any order, while the snapshot is open.
 */
public interface Morsel {
    int MAX_ROWS = 1 << 16;

    /** Upper bound of the rows that {@link #read} gives; for scheduling. */
    int rowCount();

    /**
     * Reads the columns. The caller owns the batch and closes it.
     *
     * @throws io.garrick.base.CorruptFileException a page's bytes are not what was written
     */
    MaskedBatch read(BufferAllocator allocator) throws IOException;

    /**
     * How many rows are visible, and the sums of all columns over them, without handing out a
     * value. Empty if that needs the rows: not every form of storage can be added up as it is.
     *
     * @throws io.garrick.base.CorruptFileException a page's bytes are not what was written
     */
    default Optional<MorselTotals> totals() throws IOException {
        return Optional.empty();
    }
}
