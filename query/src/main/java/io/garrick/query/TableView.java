package io.garrick.query;

import io.garrick.mergetree.Morsel;
import io.garrick.mergetree.ScanSpec;
import java.io.IOException;
import java.util.List;

/**
 * One table at one timestamp, over all its partitions. Any thread may use it until it is closed.
 */
public interface TableView extends AutoCloseable {
    /** Upper bound of the visible rows. */
    long maxRowCount();

    /** The scan cut into independent units, in no promised order. */
    List<Morsel> morsels(ScanSpec spec) throws IOException;

    @Override
    void close();
}
