package io.garrick.query.ddl;

import com.alibaba.druid.sql.SQLUtils;
import com.alibaba.druid.sql.ast.SQLExpr;
import com.alibaba.druid.sql.ast.SQLName;
import com.alibaba.druid.sql.ast.expr.SQLCharExpr;
import com.alibaba.druid.sql.ast.expr.SQLIdentifierExpr;
import com.alibaba.druid.sql.ast.expr.SQLIntegerExpr;
import com.alibaba.druid.sql.ast.expr.SQLMethodInvokeExpr;
import com.alibaba.druid.sql.ast.statement.SQLAssignItem;
import com.alibaba.druid.sql.ast.statement.SQLColumnDefinition;
import com.alibaba.druid.sql.ast.statement.SQLSelectOrderByItem;
import com.alibaba.druid.sql.ast.statement.SQLTableElement;
import com.alibaba.druid.sql.dialect.mysql.ast.MySqlKey;
import com.alibaba.druid.sql.dialect.mysql.ast.MySqlPrimaryKey;
import com.alibaba.druid.sql.dialect.mysql.ast.MySqlUnique;
import com.alibaba.druid.sql.dialect.mysql.ast.statement.MySqlCreateTableStatement;
import com.alibaba.druid.sql.dialect.mysql.ast.statement.MySqlTableIndex;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.IndexSchema;
import io.garrick.codec.schema.SchemaState;
import io.garrick.codec.schema.TableSchema;
import io.garrick.query.ddl.ColumnTypes.Charsets;
import io.garrick.query.ddl.ColumnTypes.Refused;
import io.garrick.query.write.TableName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * CREATE TABLE as a description of the table, as TiDB would build it: an int primary key is the
 * handle, every other one clusters the table unless NONCLUSTERED is said.
 */
final class TableDefinition {
    /** Part of a key of several columns, or of one that may repeat (TiDB, MultipleKeyFlag). */
    private static final long MULTIPLE_KEY_FLAG = 1 << 3;

    private static final int LARGEST_KEY_BYTES = 3072;

    private final DdlText text;
    private final TableName name;
    private final Charsets databaseCharsets;
    private final List<ColumnSchema> columns = new ArrayList<>();
    private final List<Key> keys = new ArrayList<>();
    private @Nullable Key primary;

    private record Part(String column, int length) {}

    private record Key(@Nullable String name, List<Part> parts, boolean unique) {}

    TableDefinition(DdlText text, TableName name, Charsets databaseCharsets) {
        this.text = text;
        this.name = name;
        this.databaseCharsets = databaseCharsets;
    }

    TableSchema of(MySqlCreateTableStatement create) {
        if (create.getPartitioning() != null) {
            throw text.unsupported("partitions are not supported");
        }
        if (create.getSelect() != null || create.getLike() != null || create.isTemporary()) {
            throw text.unsupported(
                    "CREATE TABLE takes a list of columns: no LIKE, AS SELECT or TEMPORARY");
        }
        Charsets charsets =
                ColumnTypes.choose(
                        option(create, "CHARSET", "CHARACTER SET"),
                        option(create, "COLLATE"),
                        databaseCharsets);
        ColumnDefinitions definitions = new ColumnDefinitions(charsets);
        for (SQLTableElement element : create.getTableElementList()) {
            add(definitions, element);
        }
        if (columns.isEmpty()) {
            throw new Refused("A table must have at least 1 column");
        }
        return build(charsets, comment(create));
    }

    private static @Nullable String option(MySqlCreateTableStatement create, String... names) {
        for (SQLAssignItem item : create.getTableOptions()) {
            String key = String.valueOf(item.getTarget()).toUpperCase(Locale.ROOT);
            for (String name : names) {
                if (key.equals(name) || key.equals("DEFAULT " + name)) {
                    return textOf(item.getValue());
                }
            }
        }
        return null;
    }

    private static String textOf(SQLExpr value) {
        return value instanceof SQLCharExpr quoted
                ? quoted.getText()
                : SQLUtils.normalize(String.valueOf(value));
    }

    private static String comment(MySqlCreateTableStatement create) {
        if (create.getComment() != null) {
            return textOf(create.getComment());
        }
        String option = option(create, "COMMENT");
        return option == null ? "" : option;
    }

    private void add(ColumnDefinitions definitions, SQLTableElement element) {
        switch (element) {
            case SQLColumnDefinition definition -> column(definitions.of(definition));
            case MySqlPrimaryKey key -> primary(new Key(null, parts(key.getColumns()), true));
            case MySqlUnique key ->
                    keys.add(new Key(nameOf(key.getName()), parts(key.getColumns()), true));
            case MySqlKey key -> {
                plain(key.getIndexType());
                keys.add(new Key(nameOf(key.getName()), parts(key.getColumns()), false));
            }
            case MySqlTableIndex index -> {
                plain(index.getIndexType());
                keys.add(new Key(nameOf(index.getName()), parts(index.getColumns()), false));
            }
            default ->
                    throw text.unsupported("'" + element.toString().strip() + "' is not supported");
        }
    }

    private void plain(@Nullable String kind) {
        if (kind != null && !kind.equalsIgnoreCase("BTREE") && !kind.equalsIgnoreCase("HASH")) {
            throw text.unsupported(kind + " indexes are not supported");
        }
    }

    private static @Nullable String nameOf(@Nullable SQLName name) {
        return name == null ? null : DdlParser.nameOf(name);
    }

    private void column(ColumnDefinitions.Defined defined) {
        ColumnSchema column = defined.column();
        if (find(column.name()) != null) {
            throw new Refused("Duplicate column name '" + column.name() + "'");
        }
        columns.add(column);
        if (defined.primaryKey()) {
            primary(new Key(null, List.of(new Part(column.name(), -1)), true));
        } else if (defined.uniqueKey()) {
            keys.add(new Key(null, List.of(new Part(column.name(), -1)), true));
        }
    }

    private void primary(Key key) {
        if (primary != null) {
            throw new Refused("Multiple primary key defined");
        }
        primary = key;
    }

    private List<Part> parts(List<SQLSelectOrderByItem> items) {
        return items.stream()
                .map(item ->
                        switch (item.getExpr()) {
                            case SQLIdentifierExpr column ->
                                    new Part(SQLUtils.normalize(column.getName()), -1);
                            case SQLMethodInvokeExpr prefix
                                    when prefix.getArguments().size() == 1
                                            && prefix.getArguments().getFirst()
                                                    instanceof SQLIntegerExpr length ->
                                    new Part(
                                            SQLUtils.normalize(prefix.getMethodName()),
                                            length.getNumber().intValue());
                            default ->
                                    throw text.unsupported(
                                            "indexes over expressions are not supported");
                        })
                .toList();
    }

    private @Nullable ColumnSchema find(String column) {
        return columns.stream()
                .filter(candidate -> candidate.name().equalsIgnoreCase(column))
                .findFirst()
                .orElse(null);
    }

    // ---- the description

    private TableSchema build(Charsets charsets, String comment) {
        Key primaryKey = primary;
        boolean clustered = primaryKey != null && (text.clustered() == null || text.clustered());
        boolean isHandle = clustered && isInt(primaryKey);
        if (primaryKey != null) {
            for (Part part : primaryKey.parts()) {
                flag(part, FieldType.PRIMARY_KEY_FLAG | FieldType.NOT_NULL_FLAG);
            }
        }
        for (Key key : keys) {
            boolean single = key.unique() && key.parts().size() == 1;
            flag(key.parts().getFirst(), single ? FieldType.UNIQUE_KEY_FLAG : MULTIPLE_KEY_FLAG);
        }
        checkAutoIncrement();
        TableSchema.Builder table =
                TableSchema.builder(0, name.database(), name.table())
                        .charset(charsets.charset(), charsets.collate())
                        .comment(comment);
        long columnId = 0;
        for (ColumnSchema column : columns) {
            columnId++;
            table.column(withId(column, columnId));
        }
        long indexId = 0;
        Set<String> names = new HashSet<>();
        if (isHandle) {
            table.pkIsHandle();
        } else if (primaryKey != null) {
            indexId++;
            table.index(
                    new IndexSchema(
                            indexId,
                            "PRIMARY",
                            indexColumns(primaryKey),
                            SchemaState.PUBLIC,
                            IndexSchema.BTREE,
                            true,
                            true,
                            false,
                            false));
            if (clustered) {
                table.commonHandle(1);
            }
        }
        for (Key key : keys) {
            indexId++;
            table.index(
                    new IndexSchema(
                            indexId,
                            indexName(key, names),
                            indexColumns(key),
                            SchemaState.PUBLIC,
                            IndexSchema.BTREE,
                            key.unique(),
                            false,
                            false,
                            false));
        }
        return table.build();
    }

    private boolean isInt(@Nullable Key key) {
        if (key == null || key.parts().size() != 1) {
            return false;
        }
        ColumnSchema column = find(key.parts().getFirst().column());
        return column != null && column.type().isInteger();
    }

    private void flag(Part part, long flags) {
        for (int i = 0; i < columns.size(); i++) {
            ColumnSchema column = columns.get(i);
            if (column.name().equalsIgnoreCase(part.column())) {
                FieldType type = column.type();
                long all = type.flag() | flags;
                if (!column.isNotNull()
                        && (flags & FieldType.NOT_NULL_FLAG) != 0
                        && column.defaultValue() == null) {
                    all |= FieldType.NO_DEFAULT_VALUE_FLAG;
                }
                columns.set(i, column.withType(ColumnDefinitions.withFlags(type, all)));
                return;
            }
        }
        throw new Refused("Key column '" + part.column() + "' doesn't exist in table");
    }

    private void checkAutoIncrement() {
        List<ColumnSchema> counted =
                columns.stream()
                        .filter(column -> column.type().hasFlag(FieldType.AUTO_INCREMENT_FLAG))
                        .toList();
        boolean keyed =
                counted.stream()
                        .allMatch(column ->
                                column.isPrimaryKey()
                                        || column.type().hasFlag(FieldType.UNIQUE_KEY_FLAG)
                                        || column.type().hasFlag(MULTIPLE_KEY_FLAG));
        if (counted.size() > 1 || !keyed) {
            throw new Refused(
                    "Incorrect table definition; there can be only one auto column and it must be"
                            + " defined as a key");
        }
    }

    private static ColumnSchema withId(ColumnSchema column, long id) {
        return new ColumnSchema(
                id,
                column.name(),
                0,
                column.type(),
                SchemaState.PUBLIC,
                null,
                null,
                column.defaultValue(),
                column.defaultBit(),
                false,
                "",
                false,
                false,
                column.comment(),
                column.version());
    }

    private List<IndexSchema.IndexColumn> indexColumns(Key key) {
        List<IndexSchema.IndexColumn> parts = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Part part : key.parts()) {
            ColumnSchema column = find(part.column());
            if (column == null || !seen.add(column.name().toLowerCase(Locale.ROOT))) {
                throw new Refused(
                        column == null
                                ? "Key column '" + part.column() + "' doesn't exist in table"
                                : "Duplicate column name '" + part.column() + "'");
            }
            parts.add(
                    new IndexSchema.IndexColumn(
                            column.name(), columns.indexOf(column), prefixOf(column, part)));
        }
        return parts;
    }

    private static int prefixOf(ColumnSchema column, Part part) {
        FieldType type = column.type();
        if (type.tp() == FieldType.JSON || type.tp() == FieldType.VECTOR_FLOAT32) {
            throw new Refused("column '" + column.name() + "' cannot be part of a key");
        }
        boolean large =
                switch (type.tp()) {
                    case FieldType.TINY_BLOB,
                            FieldType.BLOB,
                            FieldType.MEDIUM_BLOB,
                            FieldType.LONG_BLOB ->
                            true;
                    default -> false;
                };
        if (part.length() < 0) {
            if (large) {
                throw new Refused(
                        "BLOB/TEXT column '"
                                + column.name()
                                + "' used in key specification without a key length");
            }
            return IndexSchema.IndexColumn.FULL_LENGTH;
        }
        boolean fits = type.isString() && part.length() > 0 && part.length() <= LARGEST_KEY_BYTES;
        if (!fits || (!large && part.length() > type.flen())) {
            throw new Refused(
                    "Incorrect prefix key; column '"
                            + column.name()
                            + "' is no string or shorter than the prefix");
        }
        return !large && part.length() == type.flen()
                ? IndexSchema.IndexColumn.FULL_LENGTH
                : part.length();
    }

    private static String indexName(Key key, Set<String> taken) {
        String base = key.name() == null ? key.parts().getFirst().column() : key.name();
        String name = base;
        for (int i = 2; !taken.add(name.toLowerCase(Locale.ROOT)); i++) {
            if (key.name() != null) {
                throw new Refused("Duplicate key name '" + name + "'");
            }
            name = base + "_" + i;
        }
        if (name.equalsIgnoreCase("PRIMARY")) {
            throw new Refused("Incorrect index name 'PRIMARY'");
        }
        return name;
    }
}
