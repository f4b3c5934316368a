package io.garrick.mergetree;

import io.garrick.base.KeyRange;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * All versions of all rows of a key range, in key order, versions of one key from new to old; a
 * region snapshot, for example. Used by one thread.
 */
public interface BulkSource {
    /** The range in raw keys; the rows replace everything the store has in it. */
    KeyRange range();

    /** Moves to the next row; the first call moves to the first row. */
    boolean next() throws IOException;

    long tableId();

    /** Integer handle; meaningless if {@link #commonHandle} is present. */
    long handle();

    byte @Nullable [] commonHandle();

    long commitTs();

    boolean delete();

    byte[] rowBytes();
}
