package io.garrick.query;

import io.garrick.base.Timestamp;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.duck.Failures;
import io.garrick.query.vector.BatchSource;
import io.garrick.query.vector.LeafProgram;
import io.garrick.query.vector.Overflow;
import java.io.IOException;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/** A query that is one leaf: nothing but our own operators runs. */
final class LeafResult implements ResultStream {
    private final Timestamp snapshotTs;
    private final TableView view;
    private final BufferAllocator allocator;
    private final VectorSchemaRoot leafBatch;
    private final VectorSchemaRoot batch;
    private final BatchSource source;
    private volatile boolean cancelled;
    private boolean isFirstReady;

    private LeafResult(
            LeafProgram program,
            Schema schema,
            Timestamp snapshotTs,
            int threads,
            TableView ownedView,
            BufferAllocator ownedAllocator)
            throws IOException {
        this.snapshotTs = snapshotTs;
        this.view = ownedView;
        this.allocator = ownedAllocator;
        this.source =
                program.open(
                        view.morsels(program.scan().spec()), allocator, threads, () -> cancelled);
        this.leafBatch = VectorSchemaRoot.create(program.schema(), allocator);
        this.batch = VectorSchemaRoot.create(schema, allocator);
    }

    /**
     * Runs until the first batch is there.
     *
     * @throws Overflow the plan must run without our own operators
     */
    static LeafResult start(
            LeafProgram program,
            Schema schema,
            Timestamp snapshotTs,
            int threads,
            TableView ownedView,
            BufferAllocator ownedAllocator) {
        LeafResult result;
        try {
            result =
                    new LeafResult(program, schema, snapshotTs, threads, ownedView, ownedAllocator);
        } catch (IOException | RuntimeException failure) {
            ownedView.close();
            ownedAllocator.close();
            throw Failures.explain(failure);
        }
        try {
            result.isFirstReady = result.advance();
            return result;
        } catch (Overflow overflow) {
            result.close();
            throw overflow;
        } catch (IOException | RuntimeException failure) {
            result.close();
            throw Failures.explain(failure);
        }
    }

    private boolean advance() throws IOException {
        if (!source.next(leafBatch)) {
            return false;
        }
        for (int i = 0; i < batch.getFieldVectors().size(); i++) {
            Relabel.move(leafBatch.getVector(i), batch.getVector(i));
        }
        batch.setRowCount(leafBatch.getRowCount());
        return true;
    }

    @Override
    public Schema schema() {
        return batch.getSchema();
    }

    @Override
    public Timestamp snapshotTs() {
        return snapshotTs;
    }

    @Override
    public boolean next() {
        if (cancelled) {
            throw new QueryException(Kind.CANCELLED, "the query was cancelled");
        }
        if (isFirstReady) {
            isFirstReady = false;
            return true;
        }
        try {
            return advance();
        } catch (IOException | RuntimeException failure) {
            throw cancelled
                    ? new QueryException(Kind.CANCELLED, "the query was cancelled", failure)
                    : Failures.explain(failure);
        }
    }

    @Override
    public VectorSchemaRoot batch() {
        return batch;
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    @Override
    public void close() {
        batch.close();
        leafBatch.close();
        view.close();
        allocator.close();
    }
}
