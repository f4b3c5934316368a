package io.garrick.query;

import io.garrick.base.Timestamp;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The rows of a query, batch by batch. One thread reads it; any thread may cancel it. The reader
 * closes it.
 */
public interface ResultStream extends AutoCloseable {
    Schema schema();

    /** The timestamp all tables were read at. */
    Timestamp snapshotTs();

    /**
     * Moves to the next batch.
     *
     * @return false at the end
     * @throws QueryException the query failed; the rows so far are not the whole answer
     */
    boolean next();

    /** The current batch; valid until {@link #next} or {@link #close}. */
    VectorSchemaRoot batch();

    /** Makes a running or later {@link #next} fail soon. */
    void cancel();

    @Override
    void close();
}
