package io.garrick.query;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import java.util.List;
import java.util.stream.Collectors;

/** Tables as MySQL describes them. */
public final class Describe {
    private Describe() {}

    /** Field, Type, Null, Key, Default, Extra. */
    static List<List<String>> rows(TableSchema table) {
        return table.publicColumns().stream()
                .map(column ->
                        List.of(
                                column.name(),
                                type(column.type()),
                                column.isNotNull() ? "NO" : "YES",
                                key(column),
                                column.defaultValue() == null ? "NULL" : column.defaultValue(),
                                column.type().hasFlag(FieldType.AUTO_INCREMENT_FLAG)
                                        ? "auto_increment"
                                        : ""))
                .toList();
    }

    private static String key(ColumnSchema column) {
        if (column.isPrimaryKey()) {
            return "PRI";
        }
        return column.type().hasFlag(FieldType.UNIQUE_KEY_FLAG) ? "UNI" : "";
    }

    static String create(TableSchema table) {
        String columns =
                table.publicColumns().stream()
                        .map(column ->
                                "  `"
                                        + column.name()
                                        + "` "
                                        + type(column.type())
                                        + (column.isNotNull() ? " NOT NULL" : ""))
                        .collect(Collectors.joining(",\n"));
        List<String> key = primaryKey(table);
        String primary =
                key.isEmpty()
                        ? ""
                        : key.stream()
                                .map(name -> "`" + name + "`")
                                .collect(Collectors.joining(",", ",\n  PRIMARY KEY (", ")"));
        return "CREATE TABLE `" + table.name() + "` (\n" + columns + primary + "\n)";
    }

    /** Names of the key's columns, in key order. */
    public static List<String> primaryKey(TableSchema table) {
        if (table.pkIsHandle()) {
            return table.handleColumn().map(ColumnSchema::name).stream().toList();
        }
        return table.primaryIndex()
                .map(index -> index.columns().stream().map(part -> part.name()).toList())
                .orElse(List.of());
    }

    /** A type as MySQL writes it. */
    public static String type(FieldType type) {
        String unsigned = type.isUnsigned() ? " unsigned" : "";
        boolean binary = type.isBinaryString();
        return switch (type.tp()) {
            case FieldType.TINY -> sized("tinyint", type) + unsigned;
            case FieldType.SHORT -> sized("smallint", type) + unsigned;
            case FieldType.INT24 -> sized("mediumint", type) + unsigned;
            case FieldType.LONG -> sized("int", type) + unsigned;
            case FieldType.LONGLONG -> sized("bigint", type) + unsigned;
            case FieldType.FLOAT -> "float" + unsigned;
            case FieldType.DOUBLE -> "double" + unsigned;
            case FieldType.NEW_DECIMAL ->
                    "decimal(" + type.length() + "," + type.decimal() + ")" + unsigned;
            case FieldType.DATE, FieldType.NEW_DATE -> "date";
            case FieldType.DATETIME -> fraction("datetime", type);
            case FieldType.TIMESTAMP -> fraction("timestamp", type);
            case FieldType.DURATION -> fraction("time", type);
            case FieldType.YEAR -> "year";
            case FieldType.BIT -> sized("bit", type);
            case FieldType.JSON -> "json";
            case FieldType.ENUM -> members("enum", type);
            case FieldType.SET -> members("set", type);
            case FieldType.VARCHAR, FieldType.VAR_STRING ->
                    sized(binary ? "varbinary" : "varchar", type);
            case FieldType.STRING -> sized(binary ? "binary" : "char", type);
            case FieldType.TINY_BLOB -> binary ? "tinyblob" : "tinytext";
            case FieldType.BLOB -> binary ? "blob" : "text";
            case FieldType.MEDIUM_BLOB -> binary ? "mediumblob" : "mediumtext";
            case FieldType.LONG_BLOB -> binary ? "longblob" : "longtext";
            default -> "type " + type.tp();
        };
    }

    private static String sized(String name, FieldType type) {
        return type.length() > 0 ? name + "(" + type.length() + ")" : name;
    }

    private static String fraction(String name, FieldType type) {
        return type.decimal() > 0 ? name + "(" + type.decimal() + ")" : name;
    }

    private static String members(String name, FieldType type) {
        return type.elems().stream()
                .map(member -> "'" + member.replace("'", "''") + "'")
                .collect(Collectors.joining(",", name + "(", ")"));
    }
}
