package io.garrick.mergetree;

import io.garrick.codec.SchemaMismatchException;
import io.garrick.codec.row.ColumnDecoder;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.memtable.Memtable;
import io.garrick.mergetree.memtable.MemtableRows;
import io.garrick.mergetree.mvcc.KillBuffer;
import io.garrick.mergetree.mvcc.KillCodec;
import io.garrick.mergetree.mvcc.KillSet;
import io.garrick.mergetree.part.ArrowValues;
import io.garrick.mergetree.part.ColumnPage;
import io.garrick.mergetree.part.HiddenColumns;
import io.garrick.mergetree.part.PartColumn;
import io.garrick.mergetree.part.PartReader;
import io.garrick.mergetree.part.PartWriter;
import java.io.IOException;
import org.apache.arrow.vector.FieldVector;

/** Writes rows of a memtable as one part, in a given order. */
final class MemtableWriter {
    private final PartFiles files;
    private final Manifest manifest;

    MemtableWriter(PartFiles files, Manifest manifest) {
        this.files = files;
        this.manifest = manifest;
    }

    /**
     * Writes rows {@code order[0..]}; the file is durable on return and not in the manifest yet.
     *
     * @param ends by row of the memtable
     * @throws SchemaMismatchException a row needs a newer schema; nothing is left behind
     */
    PartReader write(TableSchema schema, Memtable memtable, int[] order, long[] ends)
            throws IOException {
        int needed = maxRow(order) + 1;
        refuseUnknownColumns(schema, memtable.rows(), order);
        PartWriter.Identity identity =
                new PartWriter.Identity(
                        manifest.newPartId(),
                        schema.physicalId(),
                        memtable.commonHandle(),
                        schema.revision());
        try {
            try (PartWriter writer = files.create(identity)) {
                hidden(writer, memtable, order);
                for (ColumnSchema column : StoredColumns.of(schema)) {
                    column(writer, schema, memtable, column, order, needed);
                }
                writer.finish(KillCodec.encode(kills(order, ends)));
            }
            return files.publish(identity.partId());
        } catch (IOException | RuntimeException e) {
            files.deleteUnfinished(identity.partId());
            throw e;
        }
    }

    private static int maxRow(int[] order) {
        int max = -1;
        for (int row : order) {
            max = Math.max(max, row);
        }
        return max;
    }

    // A column that the schema does not know yet would be lost with the raw row.
    private static void refuseUnknownColumns(TableSchema schema, MemtableRows rows, int[] order) {
        long known = schema.maxColumnId();
        for (ColumnSchema column : schema.columns()) {
            known = Math.max(known, column.id());
        }
        for (int row : order) {
            long columnId = RowColumnIds.max(rows.value(row));
            if (columnId > known) {
                throw new SchemaMismatchException(
                        schema.physicalId(), columnId, "the schema does not know the column");
            }
        }
    }

    private static KillBuffer kills(int[] order, long[] ends) {
        KillBuffer kills = new KillBuffer();
        for (int i = 0; i < order.length; i++) {
            if (ends[order[i]] != KillSet.NEVER) {
                kills.add(i, ends[order[i]]);
            }
        }
        return kills;
    }

    private static void hidden(PartWriter writer, Memtable memtable, int[] order)
            throws IOException {
        MemtableRows rows = memtable.rows();
        writer.beginColumn(
                memtable.commonHandle()
                        ? PartColumn.hiddenBytes(HiddenColumns.HANDLE)
                        : PartColumn.hiddenLong(HiddenColumns.HANDLE));
        pages(
                writer,
                order,
                (row, page) -> {
                    byte[] common = rows.common(row);
                    if (common == null) {
                        page.addLong(rows.handle(row));
                    } else {
                        page.addBytes(common, 0, common.length);
                    }
                });
        writer.beginColumn(PartColumn.hiddenLong(HiddenColumns.TS));
        pages(writer, order, (row, page) -> page.addLong(rows.commitTs(row)));
        writer.beginColumn(PartColumn.hiddenLong(HiddenColumns.OP));
        pages(
                writer,
                order,
                (row, page) ->
                        page.addLong(rows.delete(row) ? HiddenColumns.DELETE : HiddenColumns.PUT));
    }

    @FunctionalInterface
    private interface RowValue {
        void add(int row, ColumnPage page);
    }

    private static void pages(PartWriter writer, int[] order, RowValue value) throws IOException {
        ColumnPage page = new ColumnPage();
        for (int from = 0; from < order.length; from += ColumnPage.ROWS) {
            page.clear();
            for (int i = from; i < Math.min(order.length, from + ColumnPage.ROWS); i++) {
                value.add(order[i], page);
            }
            writer.page(page);
        }
        writer.endColumn();
    }

    private static void column(
            PartWriter writer,
            TableSchema schema,
            Memtable memtable,
            ColumnSchema column,
            int[] order,
            int needed)
            throws IOException {
        PartColumn stored = StoredColumns.stored(column);
        // While a column is being added, rows without it are no sign of an old schema.
        ColumnDecoder.Mismatch mismatch =
                column.isPublic() ? ColumnDecoder.Mismatch.REFUSE : ColumnDecoder.Mismatch.FORCE;
        writer.beginColumn(stored);
        memtable.columns()
                .use(
                        schema,
                        column,
                        mismatch,
                        needed,
                        values -> pages(writer, values, stored, order));
        writer.endColumn();
    }

    private static void pages(PartWriter writer, FieldVector values, PartColumn stored, int[] order)
            throws IOException {
        ArrowValues source = new ArrowValues(values, stored);
        ColumnPage page = new ColumnPage();
        for (int from = 0; from < order.length; from += ColumnPage.ROWS) {
            page.clear();
            source.gather(order, from, Math.min(order.length, from + ColumnPage.ROWS), page);
            writer.page(page);
        }
    }
}
