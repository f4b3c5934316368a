package io.garrick.query;

import io.garrick.base.Timestamp;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/** Counts what a result does. */
final class MeteredResult implements ResultStream {
    private final ResultStream result;
    private final QueryMetrics metrics;
    private final long startNanos;
    private boolean closed;

    MeteredResult(ResultStream result, QueryMetrics metrics, long startNanos) {
        this.result = result;
        this.metrics = metrics;
        this.startNanos = startNanos;
        metrics.running.inc();
    }

    @Override
    public Schema schema() {
        return result.schema();
    }

    @Override
    public Timestamp snapshotTs() {
        return result.snapshotTs();
    }

    @Override
    public boolean next() {
        try {
            boolean more = result.next();
            if (more) {
                metrics.rows.inc(result.batch().getRowCount());
            }
            return more;
        } catch (QueryException failure) {
            metrics.failures.labelValues(failure.kind().name()).inc();
            throw failure;
        }
    }

    @Override
    public VectorSchemaRoot batch() {
        return result.batch();
    }

    @Override
    public void cancel() {
        result.cancel();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            result.close();
        } finally {
            metrics.running.dec();
            metrics.seconds.observe((System.nanoTime() - startNanos) / 1e9);
        }
    }
}
