package io.garrick.query.duck;

import io.garrick.base.Timestamp;
import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.Relabel;
import io.garrick.query.ResultStream;
import io.garrick.query.TableView;
import io.garrick.query.vector.BatchSource;
import io.garrick.query.vector.LeafProgram;
import io.garrick.query.vector.Overflow;
import java.io.IOException;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBResultSet;
import org.jspecify.annotations.Nullable;

/** A query running in DuckDB. What it opened closes in reverse: result first, allocator last. */
final class DuckResult implements ResultStream {
    private static final long BATCH_ROWS = 1 << 16;

    private final Schema schema;
    private final Timestamp snapshotTs;
    private final int threads;
    private final BufferAllocator allocator;
    private final VectorSchemaRoot batch;
    private final List<ScanStream> streams = new ArrayList<>();
    private final List<ArrowArrayStream> exported = new ArrayList<>();
    private final List<TableView> views = new ArrayList<>();
    private volatile boolean cancelled;
    private @Nullable DuckDBConnection connection;
    private volatile @Nullable Statement statement;
    private @Nullable DuckDBResultSet result;
    private @Nullable ArrowReader reader;

    private DuckResult(
            Schema schema, Timestamp snapshotTs, int threads, BufferAllocator allocator) {
        this.threads = threads;
        this.schema = schema;
        this.snapshotTs = snapshotTs;
        this.allocator = allocator;
        this.batch = VectorSchemaRoot.create(schema, allocator);
    }

    static DuckResult start(
            DuckDBConnection root,
            DuckSql query,
            Schema schema,
            Timestamp snapshotTs,
            int threads,
            DuckDb.ViewOpener opener,
            BufferAllocator ownedAllocator) {
        DuckResult stream = new DuckResult(schema, snapshotTs, threads, ownedAllocator);
        try {
            stream.register(root, query, opener);
            stream.open(query);
            return stream;
        } catch (SQLException | IOException | RuntimeException failure) {
            for (ScanStream leaf : stream.streams) {
                if (leaf.failure() instanceof Overflow overflow) {
                    stream.close();
                    throw overflow;
                }
            }
            Throwable cause = stream.cause(root, query, opener, failure);
            QueryException answer = stream.explain(cause);
            stream.close();
            if (isNarrowDecimal(cause)) {
                throw new Overflow("a decimal beyond 18 digits");
            }
            throw answer;
        }
    }

    /** See {@link WideDecimals}. */
    private static boolean isNarrowDecimal(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return message.contains("Overflow in") && message.contains("DECIMAL(18)");
    }

    /**
     * DuckDB does not tell why a streaming result broke on its first batch. The same query into a
     * table does.
     */
    private Throwable cause(
            DuckDBConnection root, DuckSql query, DuckDb.ViewOpener opener, Exception failure) {
        if (!String.valueOf(failure.getMessage()).contains("Invalid result set")) {
            return failure;
        }
        BufferAllocator child = allocator.newChildAllocator("cause", 0, allocator.getLimit());
        DuckResult again = new DuckResult(schema, snapshotTs, threads, child);
        try (again) {
            DuckDBConnection own = again.register(root, query, opener);
            try (Statement table = own.createStatement()) {
                table.execute("CREATE TEMP TABLE cause AS " + query.sql());
            }
            return failure;
        } catch (SQLException | IOException | RuntimeException reason) {
            return reason;
        }
    }

    private DuckDBConnection register(
            DuckDBConnection root, DuckSql query, DuckDb.ViewOpener opener)
            throws SQLException, IOException {
        DuckDBConnection own = root.duplicate();
        connection = own;
        for (Map.Entry<String, LeafProgram> leaf : query.leaves().entrySet()) {
            LeafProgram program = leaf.getValue();
            TableView view = opener.open(program.scan());
            views.add(view);
            BatchSource source =
                    program.open(
                            view.morsels(program.scan().spec()),
                            allocator,
                            threads,
                            () -> cancelled);
            ScanStream stream = new ScanStream(source, program.schema(), allocator);
            streams.add(stream);
            ArrowArrayStream handle = ArrowArrayStream.allocateNew(allocator);
            exported.add(handle);
            Data.exportArrayStream(allocator, stream, handle);
            own.registerArrowStream(leaf.getKey(), handle);
        }
        return own;
    }

    private void open(DuckSql query) throws SQLException {
        DuckDBConnection own = connection;
        if (own == null) {
            throw new IllegalStateException("the streams are not registered");
        }
        Statement running = own.createStatement();
        statement = running;
        DuckDBResultSet rows = (DuckDBResultSet) running.executeQuery(query.sql());
        result = rows;
        reader = (ArrowReader) rows.arrowExportStream(allocator, BATCH_ROWS);
    }

    @Override
    public Schema schema() {
        return schema;
    }

    @Override
    public Timestamp snapshotTs() {
        return snapshotTs;
    }

    @Override
    public boolean next() {
        ArrowReader source = reader;
        if (source == null) {
            throw new IllegalStateException("the stream is closed");
        }
        try {
            if (cancelled || !source.loadNextBatch()) {
                if (cancelled) {
                    throw new IOException("cancelled");
                }
                return false;
            }
            take(source.getVectorSchemaRoot());
            return true;
        } catch (IOException | RuntimeException failure) {
            throw explain(failure);
        }
    }

    /** The same buffers under the names and types that were announced. */
    private void take(VectorSchemaRoot from) {
        for (int i = 0; i < schema.getFields().size(); i++) {
            Relabel.move(from.getVector(i), batch.getVector(i));
        }
        batch.setRowCount(from.getRowCount());
    }

    @Override
    public VectorSchemaRoot batch() {
        return batch;
    }

    @Override
    public void cancel() {
        cancelled = true;
        Statement running = statement;
        if (running != null) {
            try {
                running.cancel();
            } catch (SQLException _) {
                // It has ended by itself.
            }
        }
    }

    private QueryException explain(Throwable failure) {
        if (cancelled) {
            return new QueryException(Kind.CANCELLED, "the query was cancelled", failure);
        }
        for (ScanStream stream : streams) {
            Throwable cause = stream.failure();
            if (cause != null) {
                return Failures.explain(cause);
            }
        }
        return Failures.explain(failure);
    }

    @Override
    public void close() {
        batch.close();
        try {
            if (reader != null) {
                reader.close();
            }
            if (result != null) {
                result.close();
            }
            Statement running = statement;
            if (running != null) {
                running.close();
            }
            if (connection != null) {
                connection.close();
            }
            for (ScanStream stream : streams) {
                stream.close();
            }
        } catch (SQLException | IOException failure) {
            throw new QueryException(
                    Kind.INTERNAL, "the query does not close: " + failure.getMessage(), failure);
        } finally {
            exported.forEach(ArrowArrayStream::close);
            views.forEach(TableView::close);
            allocator.close();
        }
    }
}
