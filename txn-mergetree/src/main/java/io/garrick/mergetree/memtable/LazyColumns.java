package io.garrick.mergetree.memtable;

import io.garrick.codec.row.ColumnDecoder;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.part.VectorBuilder;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;

/**
 * Columns of one memtable, decoded as far as someone has needed them. Values are copied out while
 * the monitor is held, so that a column may grow in place. Threads share it.
 */
public final class LazyColumns {
    private final Memtable memtable;
    private final BufferAllocator allocator;
    // By the whole description: after a DDL the same id may want another type.
    private final Map<ColumnSchema, Column> columns = new HashMap<>();

    private static final class Column {
        final ColumnDecoder decoder;
        final FieldVector vector;
        int decoded;

        Column(ColumnDecoder decoder, FieldVector vector) {
            this.decoder = decoder;
            this.vector = vector;
        }
    }

    /** What to do with the values while they hold still. */
    @FunctionalInterface
    public interface Use {
        void accept(FieldVector values) throws IOException;
    }

    LazyColumns(Memtable memtable, BufferAllocator allocator) {
        this.memtable = memtable;
        this.allocator = allocator;
    }

    /**
     * Copies rows [from, to) of a column.
     *
     * @throws io.garrick.codec.SchemaMismatchException a row needs a newer schema
     */
    public void copy(TableSchema table, ColumnSchema column, int from, int to, VectorBuilder target)
            throws IOException {
        use(
                table,
                column,
                ColumnDecoder.Mismatch.REFUSE,
                to,
                values -> target.append(values, from, to));
    }

    /** Decodes a column up to row {@code to} and lends it. */
    public synchronized void use(
            TableSchema table,
            ColumnSchema column,
            ColumnDecoder.Mismatch mismatch,
            int to,
            Use use)
            throws IOException {
        Column state = columns.get(column);
        if (state == null) {
            ColumnDecoder decoder = ColumnDecoder.forColumn(table, column, mismatch);
            state = new Column(decoder, decoder.field().createVector(allocator));
            columns.put(column, state);
        }
        if (state.decoded < to) {
            // A refused schema must not stick to the column: decide with the caller's decoder.
            ColumnDecoder decoder =
                    mismatch == ColumnDecoder.Mismatch.FORCE
                            ? ColumnDecoder.forColumn(table, column, mismatch)
                            : state.decoder;
            decoder.decode(
                    new MemtableRawRows(memtable.rows(), to),
                    state.decoded,
                    to,
                    state.vector,
                    state.decoded);
            state.decoded = to;
        }
        use.accept(state.vector);
    }

    synchronized void close() {
        columns.values().forEach(column -> column.vector.close());
        columns.clear();
    }
}
