package io.garrick.base;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Ordered key-value state in column families: RocksDB in production, a simulated twin in tests.
 *
 * <p>A write batch is atomic over all families. With {@link Durability#SYNCED} a batch and
 * everything before it survive a crash once {@code write} returns. A store opened without a log
 * ({@link Mode#ATOMIC_FLUSH}) loses batches after the last {@link #flush}, but always to a prefix
 * of the batches written, over all families together.
 *
 * <p>Safe for use by many threads.
 */
public interface OrderedStore extends AutoCloseable {
    enum Mode {
        /** A write-ahead log; each batch chooses whether to wait for it. */
        LOGGED,
        /** No log; all families flush together, so that what survives is a prefix. */
        ATOMIC_FLUSH
    }

    enum Durability {
        UNSYNCED,
        SYNCED
    }

    /** An empty result means that the key is absent. */
    Optional<byte[]> get(String family, byte[] key) throws IOException;

    /** Values in the order of {@code keys}. */
    List<Optional<byte[]>> multiGet(String family, List<byte[]> keys) throws IOException;

    /** Entries of {@code range} in key order, as of now. The caller closes the cursor. */
    Cursor scan(String family, KeyRange range) throws IOException;

    void write(Batch batch, Durability durability) throws IOException;

    /** Returns once everything written so far survives a crash. */
    void flush() throws IOException;

    /** A new empty batch; used by one thread, then given to {@link #write} once. */
    Batch newBatch();

    @Override
    void close() throws IOException;

    interface Batch extends AutoCloseable {
        Batch put(String family, byte[] key, byte[] value);

        Batch delete(String family, byte[] key);

        /** Deletes the keys of a range; an empty range end deletes to the end of the family. */
        Batch deleteRange(String family, KeyRange range);

        int count();

        long sizeBytes();

        @Override
        void close();
    }

    /** Starts before the first entry. The arrays belong to the caller. */
    interface Cursor extends AutoCloseable {
        boolean next() throws IOException;

        byte[] key();

        byte[] value();

        @Override
        void close();
    }
}
