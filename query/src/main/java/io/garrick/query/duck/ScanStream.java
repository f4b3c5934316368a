package io.garrick.query.duck;

import io.garrick.query.vector.BatchSource;
import java.io.IOException;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** A leaf as the Arrow stream that DuckDB pulls from. DuckDB's threads call it one at a time. */
final class ScanStream extends ArrowReader {
    private final BatchSource source;
    private final Schema schema;
    private volatile @Nullable Throwable failure;

    ScanStream(BatchSource source, Schema schema, BufferAllocator allocator) {
        super(allocator);
        this.source = source;
        this.schema = schema;
    }

    /** Why the stream broke: DuckDB passes on only the text. */
    @Nullable Throwable failure() {
        return failure;
    }

    @Override
    public boolean loadNextBatch() throws IOException {
        try {
            prepareLoadNextBatch();
            return source.next(getVectorSchemaRoot());
        } catch (IOException | RuntimeException | Error thrown) {
            failure = thrown;
            throw thrown;
        }
    }

    @Override
    public long bytesRead() {
        return 0;
    }

    @Override
    protected void closeReadSource() {}

    @Override
    protected Schema readSchema() {
        return schema;
    }
}
