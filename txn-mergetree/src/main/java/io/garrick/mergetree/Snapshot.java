package io.garrick.mergetree;

import io.garrick.base.Timestamp;
import java.io.IOException;
import java.util.List;

/**
 * One table at one timestamp. Holds its files and memtables until closed; any thread may use it.
 */
public interface Snapshot extends AutoCloseable {
    long tableId();

    Timestamp ts();

    /** Upper bound of the visible rows; cheap. */
    long maxRowCount();

    /** The scan cut into independent units; order is not promised. Valid while this is open. */
    List<Morsel> morsels(ScanSpec spec) throws IOException;

    /** Closing twice is harmless. */
    @Override
    void close();
}
