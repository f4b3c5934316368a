package io.garrick.query.scan;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.MaskedBatch;
import io.garrick.mergetree.ScanSpec;
import io.garrick.mergetree.ZoneFilter;
import io.garrick.query.sql.ReplicaTable;
import io.garrick.query.sql.SqlTypes;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/**
 * What one leaf of a plan reads.
 *
 * @param columns stored columns, in the order of {@code schema}
 * @param schema the SQL types of the columns, as Arrow has them
 * @param zones hints by which pages are skipped
 */
public record Scan(
        TableSchema table, List<ColumnSchema> columns, Schema schema, List<ZoneFilter> zones) {
    public Scan {
        columns = List.copyOf(columns);
        zones = List.copyOf(zones);
    }

    /** Columns {@code positions} of a table whose whole row has type {@code row}. */
    public static Scan of(
            ReplicaTable table, RelDataType row, List<Integer> positions, List<ZoneFilter> zones) {
        List<Field> fields =
                positions.stream()
                        .map(position -> row.getFieldList().get(position))
                        .map(field ->
                                new Field(
                                        field.getName(),
                                        FieldType.nullable(SqlTypes.arrow(field.getType())),
                                        null))
                        .toList();
        return new Scan(
                table.schema(),
                positions.stream().map(table.columns()::get).toList(),
                new Schema(fields),
                zones);
    }

    public ScanSpec spec() {
        return new ScanSpec(table, columns, List.of(), zones);
    }

    /** The visible rows of {@code batch}, ascending. */
    public static int[] visibleRows(MaskedBatch batch) {
        int[] rows = new int[batch.visibleCount()];
        int count = 0;
        long[] words = batch.visibleWords();
        for (int word = 0; word < words.length; word++) {
            for (long bits = words[word]; bits != 0; bits &= bits - 1) {
                rows[count++] = (word << 6) + Long.numberOfTrailingZeros(bits);
            }
        }
        return rows;
    }

    /**
     * Moves the visible rows of {@code batch} into {@code target}.
     *
     * @param columns which columns of the batch become those of the target
     */
    public static void load(MaskedBatch batch, List<Integer> columns, VectorSchemaRoot target) {
        int[] rows = batch.allVisible() ? null : visibleRows(batch);
        load(batch, columns, rows, batch.visibleCount(), target);
    }

    /**
     * Moves chosen rows.
     *
     * @param rows null for all
     */
    public static void load(
            MaskedBatch batch,
            List<Integer> columns,
            int @Nullable [] rows,
            int count,
            VectorSchemaRoot target) {
        int[] chosen = rows;
        for (int i = 0; i < columns.size(); i++) {
            FieldVector from = batch.columns().get(columns.get(i));
            FieldVector to = target.getVector(i);
            if (rows == null && Gather.sameLayout(from, to)) {
                from.makeTransferPair(to).transfer();
                continue;
            }
            if (chosen == null) {
                chosen = allRows(count);
            }
            Gather.gather(from, chosen, count, to);
        }
        target.setRowCount(count);
    }

    private static int[] allRows(int count) {
        int[] rows = new int[count];
        for (int i = 0; i < count; i++) {
            rows[i] = i;
        }
        return rows;
    }
}
