package io.garrick.codec.row;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Row values somewhere in memory, with their handles: what column decoders read.
 *
 * <p>A row value is what TiKV stores under the record key, in format v1 or v2, untouched.
 */
public interface RawRows {
    /** The {@link #length} of a row that was deleted: its columns, except the handle, are NULL. */
    int DELETED = -1;

    int count();

    /**
     * The array that holds the row's value from its first byte on; null if the value lies off the
     * heap. Saves a segment for each row.
     */
    default byte @Nullable [] array(int row) {
        return null;
    }

    /** Where the row's value lies; on the heap or off it. */
    MemorySegment segment(int row);

    long offset(int row);

    /** Bytes of the row's value, or {@link #DELETED}. */
    int length(int row);

    /** Asked only for tables whose handle is an int. */
    long intHandle(int row);

    /** Asked only for tables with a common handle: what follows {@code _r} in the key. */
    byte[] commonHandle(int row);
}
