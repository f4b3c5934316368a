package io.garrick.server.demo;

import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.trino.tpch.TpchColumn;
import io.trino.tpch.TpchColumnType;
import io.trino.tpch.TpchEntity;
import io.trino.tpch.TpchTable;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * TPC-H's eight tables with the types of its specification (TPC-H 3.0, clause 1.4), clustered by
 * primary key.
 */
final class TpchTables {
    static final String DATABASE = "tpch";

    private static final Map<String, List<String>> PRIMARY_KEYS =
            Map.of(
                    "region", List.of("r_regionkey"),
                    "nation", List.of("n_nationkey"),
                    "supplier", List.of("s_suppkey"),
                    "customer", List.of("c_custkey"),
                    "part", List.of("p_partkey"),
                    "partsupp", List.of("ps_partkey", "ps_suppkey"),
                    "orders", List.of("o_orderkey"),
                    "lineitem", List.of("l_orderkey", "l_linenumber"));

    private static final Set<String> FIXED_TEXT =
            Set.of(
                    "r_name",
                    "n_name",
                    "s_name",
                    "s_phone",
                    "c_phone",
                    "c_mktsegment",
                    "p_mfgr",
                    "p_brand",
                    "p_container",
                    "o_orderstatus",
                    "o_orderpriority",
                    "o_clerk",
                    "l_returnflag",
                    "l_linestatus",
                    "l_shipinstruct",
                    "l_shipmode");

    private TpchTables() {}

    /** The tables at a scale factor; 0.01 has about 60,000 rows of lineitem. */
    static List<DemoTable> at(double scale) {
        List<DemoTable> tables = new ArrayList<>();
        for (TpchTable<?> table : TpchTable.getTables()) {
            tables.add(table(table, scale));
        }
        return tables;
    }

    private static <E extends TpchEntity> DemoTable table(TpchTable<E> table, double scale) {
        List<TpchColumn<E>> columns = table.getColumns();
        return new DemoTable(
                definition(table.getTableName(), columns),
                (index, count) -> rows(table, columns, scale, index, count));
    }

    private static <E extends TpchEntity> TableSchema definition(
            String name, List<TpchColumn<E>> columns) {
        List<String> key = PRIMARY_KEYS.get(name);
        if (key == null) {
            throw new IllegalStateException("no primary key for " + name);
        }
        TableSchema.Builder builder = TableSchema.builder(0, DATABASE, name);
        long id = 1;
        for (TpchColumn<E> column : columns) {
            boolean inKey = key.contains(column.getColumnName());
            builder.column(id++, column.getColumnName(), type(column, inKey));
        }
        return key.size() == 1
                ? builder.pkIsHandle().build()
                : builder.commonHandle(key.toArray(String[]::new)).build();
    }

    private static FieldType type(TpchColumn<?> column, boolean inKey) {
        long flag = FieldType.NOT_NULL_FLAG | (inKey ? FieldType.PRIMARY_KEY_FLAG : 0);
        TpchColumnType type = column.getType();
        return switch (type.getBase()) {
            case IDENTIFIER -> FieldType.of(FieldType.LONGLONG, flag, 20, 0);
            case INTEGER -> FieldType.of(FieldType.LONG, flag, 11, 0);
            case DATE -> FieldType.of(FieldType.DATE, flag, 10, 0);
            case DOUBLE -> FieldType.of(FieldType.NEW_DECIMAL, flag, 15, 2);
            case VARCHAR ->
                    FieldType.text(
                            FIXED_TEXT.contains(column.getColumnName())
                                    ? FieldType.STRING
                                    : FieldType.VARCHAR,
                            flag,
                            type.getPrecision().orElse(255L),
                            FieldType.UTF8MB4_BIN);
        };
    }

    private static <E extends TpchEntity> Iterator<List<Object>> rows(
            TpchTable<E> table, List<TpchColumn<E>> columns, double scale, int index, int count) {
        Iterator<E> entities = table.createGenerator(scale, index + 1, count).iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return entities.hasNext();
            }

            @Override
            public List<Object> next() {
                E entity = entities.next();
                List<Object> row = new ArrayList<>(columns.size());
                for (TpchColumn<E> column : columns) {
                    row.add(value(column, entity));
                }
                return row;
            }
        };
    }

    private static <E extends TpchEntity> Object value(TpchColumn<E> column, E entity) {
        return switch (column.getType().getBase()) {
            case IDENTIFIER -> column.getIdentifier(entity);
            case INTEGER -> (long) column.getInteger(entity);
            case DATE -> LocalDate.ofEpochDay(column.getDate(entity));
            case DOUBLE ->
                    BigDecimal.valueOf(column.getDouble(entity)).setScale(2, RoundingMode.HALF_UP);
            case VARCHAR -> column.getString(entity);
        };
    }
}
