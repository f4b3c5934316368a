package io.garrick.query;

import io.garrick.base.Timestamp;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** A few rows of text: what SHOW, DESCRIBE and EXPLAIN answer. */
final class RowsResult implements ResultStream {
    private final VectorSchemaRoot batch;
    private final Timestamp snapshotTs;
    private final List<List<String>> rows;
    private boolean read;

    RowsResult(
            Schema schema,
            List<List<String>> rows,
            Timestamp snapshotTs,
            BufferAllocator allocator) {
        this.batch = VectorSchemaRoot.create(schema, allocator);
        this.rows = rows;
        this.snapshotTs = snapshotTs;
    }

    static Schema textSchema(String... names) {
        return new Schema(
                List.of(names).stream()
                        .map(name -> Field.nullable(name, ArrowType.Utf8.INSTANCE))
                        .toList());
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
        if (read) {
            return false;
        }
        read = true;
        for (int column = 0; column < schema().getFields().size(); column++) {
            VarCharVector vector = (VarCharVector) batch.getVector(column);
            vector.allocateNew();
            for (int row = 0; row < rows.size(); row++) {
                vector.setSafe(row, rows.get(row).get(column).getBytes(StandardCharsets.UTF_8));
            }
        }
        batch.setRowCount(rows.size());
        return true;
    }

    @Override
    public VectorSchemaRoot batch() {
        return batch;
    }

    @Override
    public void cancel() {}

    @Override
    public void close() {
        batch.close();
    }
}
