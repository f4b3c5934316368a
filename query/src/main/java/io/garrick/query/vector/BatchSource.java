package io.garrick.query.vector;

import java.io.IOException;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Dense batches, one after the other. One thread at a time reads it. */
public interface BatchSource {
    /**
     * Replaces what is in {@code target} by the next batch.
     *
     * @return false at the end
     * @throws Overflow these operators cannot hold the answer; DuckDB can
     */
    boolean next(VectorSchemaRoot target) throws IOException;
}
