package io.garrick.flashkv.writer;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.IndexSchema;
import io.garrick.codec.schema.TableSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One change of a table's columns that leaves the rows as they are. Changes that TiDB would rewrite
 * rows for are refused.
 */
public sealed interface TableEdit {
    /** No column has this id. */
    long NONE = -1;

    /** Where a column stands. */
    sealed interface Position {
        record First() implements Position {}

        record After(String column) implements Position {}
    }

    /** A new column; its id is given here, and the value of rows that are there already. */
    record Add(ColumnSchema column, Optional<Position> position) implements TableEdit {}

    record Drop(String column) implements TableEdit {}

    record Rename(String from, String to) implements TableEdit {}

    /** Name, type, NULL, DEFAULT and comment are those of {@code column} from now on. */
    record Modify(String name, ColumnSchema column, Optional<Position> position)
            implements TableEdit {}

    /** The DEFAULT of {@code column} for rows to come. */
    record SetDefault(String name, ColumnSchema column) implements TableEdit {}

    /** TiDB's number of the action (TiDB, pkg/meta/model/job.go). */
    default int action() {
        return switch (this) {
            case Add _ -> 5;
            case Drop _ -> 6;
            case Rename _, Modify _ -> 12;
            case SetDefault _ -> 15;
        };
    }

    /**
     * The table after the change.
     *
     * @param nowMillis what CURRENT_TIMESTAMP means for rows that are there already
     */
    default TableSchema apply(TableSchema table, long nowMillis) {
        return switch (this) {
            case Add(ColumnSchema column, var position) -> {
                refuseDuplicate(table, column.name(), NONE);
                List<ColumnSchema> columns = new ArrayList<>(table.columns());
                ColumnSchema added =
                        OriginDefaults.added(column, table.maxColumnId() + 1, nowMillis);
                columns.add(place(columns, position, columns.size()), added);
                yield withColumns(table, columns, table.maxColumnId() + 1);
            }
            case Drop(String name) -> {
                ColumnSchema column = find(table, name);
                refuseKeyed(table, column);
                List<ColumnSchema> columns = new ArrayList<>(table.columns());
                columns.remove(column);
                if (columns.isEmpty()) {
                    throw new SchemaRefusedException(
                            "can't drop only column '" + name + "' in table " + table.name());
                }
                yield withColumns(table, columns, table.maxColumnId());
            }
            case Rename(String from, String to) -> {
                ColumnSchema column = find(table, from);
                refuseDuplicate(table, to, column.id());
                yield replace(table, column, ColumnWidening.renamed(column, to), Optional.empty());
            }
            case Modify(String name, ColumnSchema changed, var position) -> {
                ColumnSchema column = find(table, name);
                refuseDuplicate(table, changed.name(), column.id());
                yield replace(
                        table, column, ColumnWidening.widened(table, column, changed), position);
            }
            case SetDefault(String name, ColumnSchema changed) -> {
                ColumnSchema column = find(table, name);
                yield replace(
                        table,
                        column,
                        ColumnWidening.withDefault(column, changed),
                        Optional.empty());
            }
        };
    }

    private static ColumnSchema find(TableSchema table, String name) {
        return table.publicColumns().stream()
                .filter(column -> column.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() ->
                        new SchemaRefusedException(
                                "Unknown column '" + name + "' in '" + table.name() + "'"));
    }

    private static void refuseDuplicate(TableSchema table, String name, long exceptId) {
        for (ColumnSchema column : table.columns()) {
            if (column.id() != exceptId && column.name().equalsIgnoreCase(name)) {
                throw new SchemaRefusedException("Duplicate column name '" + name + "'");
            }
        }
    }

    private static void refuseKeyed(TableSchema table, ColumnSchema column) {
        boolean keyed =
                column.type().hasFlag(FieldType.PRIMARY_KEY_FLAG)
                        || table.indexes().stream()
                                .flatMap(index -> index.columns().stream())
                                .anyMatch(part -> part.offset() == column.offset());
        if (keyed) {
            throw new SchemaRefusedException(
                    "can't drop column '"
                            + column.name()
                            + "' with an index or the primary key over it");
        }
    }

    private static int place(
            List<ColumnSchema> columns, Optional<Position> position, int otherwise) {
        if (position.isEmpty()) {
            return otherwise;
        }
        return switch (position.get()) {
            case Position.First() -> 0;
            case Position.After(String name) -> {
                for (int i = 0; i < columns.size(); i++) {
                    if (columns.get(i).name().equalsIgnoreCase(name)) {
                        yield i + 1;
                    }
                }
                throw new SchemaRefusedException("Unknown column '" + name + "'");
            }
        };
    }

    private static TableSchema replace(
            TableSchema table, ColumnSchema old, ColumnSchema fresh, Optional<Position> position) {
        List<ColumnSchema> columns = new ArrayList<>(table.columns());
        int at = columns.indexOf(old);
        columns.remove(at);
        columns.add(place(columns, position, at), fresh);
        return withColumns(table, columns, table.maxColumnId());
    }

    /** Indexes name their columns by id here, whatever their names and places are by now. */
    private static TableSchema withColumns(
            TableSchema table, List<ColumnSchema> columns, long maxColumnId) {
        TableSchema.Builder builder =
                TableSchema.builder(table.logicalId(), table.dbName(), table.name())
                        .charset(table.charset(), table.collate())
                        .state(table.state())
                        .partition(table.partition())
                        .replica(table.replicaCount(), table.replicaAvailable())
                        .revision(table.revision())
                        .comment(table.comment())
                        .newCollation(table.newCollation());
        columns.forEach(builder::column);
        for (IndexSchema index : table.indexes()) {
            builder.index(
                    new IndexSchema(
                            index.id(),
                            index.name(),
                            index.columns().stream()
                                    .map(part -> moved(table, columns, part))
                                    .toList(),
                            index.state(),
                            index.kind(),
                            index.unique(),
                            index.primary(),
                            index.invisible(),
                            index.global()));
        }
        if (table.pkIsHandle()) {
            builder.pkIsHandle();
        }
        if (table.isCommonHandle()) {
            builder.commonHandle(table.commonHandleVersion());
        }
        return builder.maxIds(maxColumnId, table.maxIndexId()).build();
    }

    private static IndexSchema.IndexColumn moved(
            TableSchema table, List<ColumnSchema> columns, IndexSchema.IndexColumn part) {
        long id = table.columns().get(part.offset()).id();
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).id() == id) {
                return new IndexSchema.IndexColumn(columns.get(i).name(), i, part.length());
            }
        }
        throw new IllegalStateException("an index lost its column " + part.name());
    }
}
