package io.garrick.learner;

import java.io.IOException;

/**
 * Pairs of one column family of a snapshot, in key order; starts before the first. Used by one
 * thread. The arrays belong to the caller.
 */
public interface SnapshotCursor extends AutoCloseable {
    /** False at the end. Fails with a {@link io.garrick.base.CorruptFileException} on bad bytes. */
    boolean next() throws IOException;

    /**
     * The encoded key without the {@code z} prefix; with its ts in {@code DEFAULT} and {@code
     * WRITE}.
     */
    byte[] key();

    byte[] value();

    @Override
    void close();
}
