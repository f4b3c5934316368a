package io.garrick.mergetree;

import io.garrick.base.Disk;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.Timestamp;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;

/** All tables of one store. Thread-safe. */
@SuppressWarnings("DoNotCallSuggester") // signatures first; the bodies follow
public final class TableStore implements AutoCloseable {
    /** The column family of the manifest; whoever opens the ordered store creates it. */
    public static final String MANIFEST_FAMILY = "manifest";

    private TableStore() {}

    /**
     * Recovers what the manifest lists and deletes files it does not list.
     *
     * @param disk root of the part files, of this store alone
     * @param manifest an ordered store with a log and the family {@link #MANIFEST_FAMILY}
     * @param allocator for columns decoded in memory; must outlive the store
     */
    public static TableStore open(
            Disk disk,
            OrderedStore manifest,
            SchemaProvider schemas,
            BufferAllocator allocator,
            InstantSource clock,
            StoreSettings settings)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Makes rows visible at once. Rows at or below their fence are dropped; a version that is there
     * already is not shown twice. Rows of one region come in (index, ordinal) order; different
     * regions may append concurrently.
     */
    public void append(List<CommittedRow> rows) {
        throw new UnsupportedOperationException();
    }

    /**
     * What a read at {@code ts} sees of a table; an unknown table is empty. The caller closes it.
     *
     * @throws ReadTooOldException ts is below the safepoint
     */
    public Snapshot pin(long physicalTableId, Timestamp ts) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Writes memtables to parts and returns once they are durable. With {@link FlushScope#ALL},
     * every row appended before the call is durable afterwards if the result is complete.
     */
    public FlushResult flush(FlushScope scope) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Rows of a region that only memory holds, in (index, ordinal) order. */
    public List<CommittedRow> unflushedRows(long regionId) {
        throw new UnsupportedOperationException();
    }

    /**
     * Replaces everything in the source's range by its rows; durable on return. Does nothing if the
     * manifest knows {@code opId} already.
     *
     * @return number of versions added
     */
    public long ingest(BulkSource source, OpId opId) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Removes every version in a range of raw keys; durable on return. Does nothing to files if the
     * manifest knows {@code opId} already, but removes rows in memory again.
     */
    public void purge(KeyRange rawRange, OpId opId) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Forgets an operation that can no longer be repeated. */
    public void closeOp(OpId opId) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Removes a table once no read at or after {@code dropTs} is refused, that is at safepoint. */
    public void dropTable(long physicalTableId, Timestamp dropTs) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads below are refused from now on; versions that only they see may go. Never moves back.
     */
    public void advanceSafepoint(Timestamp safepoint) throws IOException {
        throw new UnsupportedOperationException();
    }

    public Timestamp safepoint() {
        throw new UnsupportedOperationException();
    }

    /** Does the most useful piece of compaction, if any; false if there was nothing to do. */
    public boolean compactOnce() throws IOException {
        throw new UnsupportedOperationException();
    }

    public StoreStats stats() {
        throw new UnsupportedOperationException();
    }

    /** Does not flush. Snapshots must be closed before. */
    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException();
    }
}
