package io.garrick.server.demo;

import io.garrick.base.Timestamp;
import io.garrick.query.client.ResultPrinter;
import io.garrick.query.client.SqlClient;
import java.io.IOException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** Asks the replica over Flight SQL and collects rows as objects. Any thread may use it. */
final class ReplicaClient implements AutoCloseable {
    private final String url;
    private final BufferAllocator allocator = new RootAllocator();

    /** One connection per thread: a connection carries one statement at a time. */
    private final List<SqlClient> idle = new ArrayList<>();

    private boolean closed;

    ReplicaClient(String url) {
        this.url = url;
    }

    /** At the newest timestamp if none is given. */
    List<List<@Nullable Object>> query(String sql, @Nullable Timestamp ts) throws IOException {
        SqlClient client = take();
        Rows rows = new Rows();
        try {
            client.query(
                    sql,
                    Optional.of(TpchTables.DATABASE),
                    ts == null ? Optional.empty() : Optional.of(ts.toString()),
                    rows);
        } catch (RuntimeException e) {
            client.close();
            throw new IOException(String.valueOf(e.getMessage()), e);
        }
        give(client);
        return rows.rows;
    }

    private synchronized SqlClient take() {
        return idle.isEmpty() ? SqlClient.connect(url, allocator) : idle.removeLast();
    }

    private synchronized void give(SqlClient client) {
        if (closed) {
            client.close();
        } else {
            idle.add(client);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        idle.forEach(SqlClient::close);
        idle.clear();
        allocator.close();
    }

    private static final class Rows implements ResultPrinter {
        final List<List<@Nullable Object>> rows = new ArrayList<>();

        @Override
        public void start(Schema schema) {}

        @Override
        public void batch(VectorSchemaRoot batch) {
            for (int row = 0; row < batch.getRowCount(); row++) {
                List<@Nullable Object> values = new ArrayList<>();
                for (FieldVector vector : batch.getFieldVectors()) {
                    values.add(value(vector, row));
                }
                rows.add(values);
            }
        }

        private static @Nullable Object value(FieldVector vector, int row) {
            if (vector.isNull(row)) {
                return null;
            }
            return vector instanceof DateDayVector dates
                    ? LocalDate.ofEpochDay(dates.get(row))
                    : vector.getObject(row);
        }

        @Override
        public void end() {}
    }
}
