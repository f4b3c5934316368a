package io.garrick.query.sql;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Statistic;
import org.apache.calcite.schema.Statistics;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.util.ImmutableBitSet;

/** A table as Calcite sees it: the public columns of its schema. */
public final class ReplicaTable extends AbstractTable {
    private final TableSchema schema;
    private final List<ColumnSchema> columns;
    private final ToLongFunction<TableSchema> rowCount;

    ReplicaTable(TableSchema schema, ToLongFunction<TableSchema> rowCount) {
        this(schema, schema.publicColumns(), rowCount);
    }

    private ReplicaTable(
            TableSchema schema, List<ColumnSchema> columns, ToLongFunction<TableSchema> rowCount) {
        this.schema = schema;
        this.columns = columns;
        this.rowCount = rowCount;
    }

    /** With the hidden row ids as last column. */
    static ReplicaTable withRowIds(TableSchema schema, ToLongFunction<TableSchema> rowCount) {
        List<ColumnSchema> all = new ArrayList<>(schema.publicColumns());
        all.add(ColumnSchema.ROW_ID_COLUMN);
        return new ReplicaTable(schema, List.copyOf(all), rowCount);
    }

    public TableSchema schema() {
        return schema;
    }

    /** In the order of the row type. */
    public List<ColumnSchema> columns() {
        return columns;
    }

    @Override
    public RelDataType getRowType(RelDataTypeFactory factory) {
        RelDataTypeFactory.Builder row = factory.builder();
        for (ColumnSchema column : columns) {
            row.add(column.name(), SqlTypes.of(column, factory));
        }
        return row.build();
    }

    @Override
    public Statistic getStatistic() {
        return Statistics.of((double) rowCount.applyAsLong(schema), keys());
    }

    private List<ImmutableBitSet> keys() {
        List<Integer> key = new ArrayList<>();
        if (schema.pkIsHandle()) {
            schema.handleColumn().ifPresent(column -> key.add(columns.indexOf(column)));
        } else {
            schema.primaryIndex()
                    .ifPresent(index ->
                            index.columns().forEach(part -> key.add(position(part.name()))));
        }
        return key.isEmpty() || key.contains(-1) ? List.of() : List.of(ImmutableBitSet.of(key));
    }

    private int position(String name) {
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).name().equalsIgnoreCase(name)) {
                return i;
            }
        }
        return -1;
    }
}
