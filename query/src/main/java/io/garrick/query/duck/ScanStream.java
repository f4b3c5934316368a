package io.garrick.query.duck;

import io.garrick.mergetree.MaskedBatch;
import io.garrick.mergetree.Morsel;
import io.garrick.query.scan.Scan;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** A scan as the Arrow stream that DuckDB pulls from. DuckDB's threads call it one at a time. */
final class ScanStream extends ArrowReader {
    private final Scan scan;
    private final Iterator<Morsel> morsels;
    private final BooleanSupplier cancelled;
    private volatile @Nullable Throwable failure;

    ScanStream(
            Scan scan, List<Morsel> morsels, BufferAllocator allocator, BooleanSupplier cancelled) {
        super(allocator);
        this.scan = scan;
        this.morsels = morsels.iterator();
        this.cancelled = cancelled;
    }

    /** Why the stream broke: DuckDB passes on only the text. */
    @Nullable Throwable failure() {
        return failure;
    }

    @Override
    public boolean loadNextBatch() throws IOException {
        try {
            prepareLoadNextBatch();
            while (morsels.hasNext()) {
                if (cancelled.getAsBoolean()) {
                    throw new IOException("cancelled");
                }
                try (MaskedBatch batch = morsels.next().read(allocator)) {
                    if (batch.visibleCount() > 0) {
                        Scan.load(batch, getVectorSchemaRoot());
                        return true;
                    }
                }
            }
            return false;
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
        return scan.schema();
    }
}
