package io.garrick.query;

import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.trino.tpch.TpchColumn;
import io.trino.tpch.TpchColumnType;
import io.trino.tpch.TpchEntity;
import io.trino.tpch.TpchTable;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** TPC-H tables and queries, as the io.trino.tpch library has them. */
final class Tpch {
    static final int QUERY_COUNT = 22;

    private Tpch() {}

    static List<MemoryTable> tables(double scale, BufferAllocator allocator) {
        List<MemoryTable> tables = new ArrayList<>();
        for (TpchTable<?> table : TpchTable.getTables()) {
            tables.add(table(table, tables.size() + 1L, scale, allocator));
        }
        return tables;
    }

    private static <E extends TpchEntity> MemoryTable table(
            TpchTable<E> table, long id, double scale, BufferAllocator allocator) {
        return new MemoryTable(schema(table, id), rows(table, scale), allocator);
    }

    private static <E extends TpchEntity> TableSchema schema(TpchTable<E> table, long id) {
        TableSchema.Builder schema = TableSchema.builder(id, "tpch", table.getTableName());
        long columnId = 1;
        for (TpchColumn<E> column : table.getColumns()) {
            schema.column(columnId++, column.getColumnName(), type(column.getType()));
        }
        return schema.build();
    }

    private static FieldType type(TpchColumnType type) {
        long notNull = FieldType.NOT_NULL_FLAG;
        return switch (type.getBase()) {
            case IDENTIFIER -> FieldType.of(FieldType.LONGLONG, notNull, 20, 0);
            case INTEGER -> FieldType.of(FieldType.LONG, notNull, 11, 0);
            case DATE -> FieldType.of(FieldType.DATE, notNull, 10, 0);
            case DOUBLE -> FieldType.of(FieldType.NEW_DECIMAL, notNull, 15, 2);
            case VARCHAR ->
                    FieldType.text(
                            FieldType.VARCHAR,
                            notNull,
                            type.getPrecision().orElseThrow(),
                            FieldType.UTF8MB4_BIN);
        };
    }

    static <E extends TpchEntity> List<@Nullable Object[]> rows(TpchTable<E> table, double scale) {
        List<TpchColumn<E>> columns = table.getColumns();
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (E entity : table.createGenerator(scale, 1, 1)) {
            @Nullable Object[] row = new @Nullable Object[columns.size()];
            for (int i = 0; i < row.length; i++) {
                row[i] = value(columns.get(i), entity);
            }
            rows.add(row);
        }
        return rows;
    }

    private static <E extends TpchEntity> Object value(TpchColumn<E> column, E entity) {
        return switch (column.getType().getBase()) {
            case IDENTIFIER -> column.getIdentifier(entity);
            case INTEGER -> column.getInteger(entity);
            case DATE -> column.getDate(entity);
            case DOUBLE ->
                    new BigDecimal(String.format(Locale.ROOT, "%.2f", column.getDouble(entity)));
            case VARCHAR -> column.getString(entity);
        };
    }

    /** One of the 22 queries; the changes are listed in docs/tpch.md. */
    static String query(int number) {
        String text = read("/io/trino/tpch/queries/q" + number + ".sql");
        return switch (number) {
            case 11 ->
                    text.replace("AS value", "AS `value`")
                            .replace("  value DESC", "  `value` DESC");
            case 15 ->
                    text.replace("CREATE OR REPLACE VIEW revenue AS", "WITH revenue AS (")
                            .replace("l_suppkey;", "l_suppkey)");
            case 20 -> text.replace("date('1994-01-01')", "DATE '1994-01-01'");
            default -> text;
        };
    }

    private static String read(String resource) {
        try (InputStream in = Tpch.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("no " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }
}
