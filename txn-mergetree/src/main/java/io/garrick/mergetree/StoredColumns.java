package io.garrick.mergetree;

import io.garrick.codec.row.ArrowTypes;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.part.PartColumn;
import java.util.List;

/** Which columns of a table go into parts. */
final class StoredColumns {
    private StoredColumns() {}

    /** The integer handle itself: the hidden handle column has it already. */
    static boolean isHandle(TableSchema table, ColumnSchema column) {
        return column.id() == ColumnSchema.ROW_ID || (table.pkIsHandle() && column.isPrimaryKey());
    }

    /** Columns that are not public yet are stored, too: rows may have values for them. */
    static List<ColumnSchema> of(TableSchema table) {
        return table.columns().stream()
                .filter(column -> !column.isVirtual() && !isHandle(table, column))
                .toList();
    }

    static PartColumn stored(ColumnSchema column) {
        return PartColumn.of(column.id(), ArrowTypes.field(column));
    }
}
