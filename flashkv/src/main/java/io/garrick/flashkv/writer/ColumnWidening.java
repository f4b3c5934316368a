package io.garrick.flashkv.writer;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import java.util.List;

/**
 * Changes of a column after which every stored value still means the same (TiDB,
 * pkg/ddl/modify_column.go, needChangeColumnData).
 */
final class ColumnWidening {
    /** What belongs to the keys over a column and not to its definition. */
    private static final long KEY_FLAGS =
            FieldType.PRIMARY_KEY_FLAG
                    | FieldType.UNIQUE_KEY_FLAG
                    | FieldType.AUTO_INCREMENT_FLAG
                    | (1 << 3);

    private ColumnWidening() {}

    static ColumnSchema renamed(ColumnSchema column, String name) {
        return copy(column, name, column.type(), column, column.comment());
    }

    static ColumnSchema withDefault(ColumnSchema column, ColumnSchema from) {
        return copy(column, column.name(), column.type(), from, column.comment());
    }

    static ColumnSchema widened(TableSchema table, ColumnSchema old, ColumnSchema changed) {
        FieldType from = old.type();
        FieldType to = changed.type();
        boolean keyed =
                table.indexes().stream()
                        .flatMap(index -> index.columns().stream())
                        .anyMatch(part -> part.offset() == old.offset());
        if (!holds(from, to, keyed)) {
            throw new SchemaRefusedException(
                    "Unsupported modify column '"
                            + old.name()
                            + "': its rows would have to be rewritten");
        }
        if (to.isNotNull() && !from.isNotNull()) {
            throw new SchemaRefusedException(
                    "Unsupported modify column '" + old.name() + "': its rows may have NULL");
        }
        if (old.isPrimaryKey() && !to.isNotNull()) {
            to = withFlags(to, to.flag() | FieldType.NOT_NULL_FLAG);
        }
        return copy(
                old,
                changed.name(),
                withFlags(to, to.flag() | (from.flag() & KEY_FLAGS)),
                changed,
                changed.comment());
    }

    private static boolean holds(FieldType from, FieldType to, boolean keyed) {
        if (from.isInteger() && to.isInteger()) {
            return from.isUnsigned() == to.isUnsigned() && rank(from) <= rank(to);
        }
        if (from.isString() && to.isString()) {
            return textHolds(from, to, keyed);
        }
        if (from.tp() != to.tp()) {
            return false;
        }
        return switch (from.tp()) {
            case FieldType.NEW_DECIMAL ->
                    from.isUnsigned() == to.isUnsigned()
                            && from.decimal() == to.decimal()
                            && (from.flen() == to.flen() || (!keyed && from.flen() < to.flen()));
            case FieldType.FLOAT, FieldType.DOUBLE ->
                    from.isUnsigned() == to.isUnsigned() && from.decimal() == to.decimal();
            case FieldType.BIT -> from.flen() <= to.flen();
            case FieldType.DATETIME, FieldType.TIMESTAMP, FieldType.DURATION ->
                    from.fsp() <= to.fsp();
            case FieldType.ENUM, FieldType.SET ->
                    from.collate().equals(to.collate()) && starts(to.elems(), from.elems());
            default -> from.flen() == to.flen();
        };
    }

    private static boolean textHolds(FieldType from, FieldType to, boolean keyed) {
        if (!from.charset().equals(to.charset()) || !from.collate().equals(to.collate())) {
            return false;
        }
        boolean sameKind = (from.tp() == FieldType.STRING) == (to.tp() == FieldType.STRING);
        if (!sameKind || (keyed && from.isVarchar() != to.isVarchar())) {
            return false;
        }
        if (from.tp() == FieldType.STRING && from.isBinaryString()) {
            // BINARY(n) is padded to its length.
            return from.flen() == to.flen();
        }
        return bytes(from) <= bytes(to) && rank(from) <= rank(to);
    }

    /** TEXT counts bytes, VARCHAR characters: only a much longer TEXT holds every VARCHAR. */
    private static long bytes(FieldType type) {
        boolean characters = type.tp() == FieldType.STRING || type.isVarchar();
        return characters && !type.isBinaryString() ? 4 * type.flen() : type.flen();
    }

    private static int rank(FieldType type) {
        return switch (type.tp()) {
            case FieldType.TINY, FieldType.STRING, FieldType.VARCHAR, FieldType.VAR_STRING -> 1;
            case FieldType.SHORT, FieldType.TINY_BLOB -> 2;
            case FieldType.INT24, FieldType.BLOB -> 3;
            case FieldType.LONG, FieldType.MEDIUM_BLOB -> 4;
            default -> 5;
        };
    }

    private static boolean starts(List<String> all, List<String> first) {
        return all.size() >= first.size() && all.subList(0, first.size()).equals(first);
    }

    private static FieldType withFlags(FieldType type, long flags) {
        return new FieldType(
                type.tp(),
                flags,
                type.flen(),
                type.decimal(),
                type.charset(),
                type.collate(),
                type.elems(),
                type.array());
    }

    private static ColumnSchema copy(
            ColumnSchema column,
            String name,
            FieldType type,
            ColumnSchema defaults,
            String comment) {
        return new ColumnSchema(
                column.id(),
                name,
                column.offset(),
                type,
                column.state(),
                column.originDefault(),
                column.originDefaultBit(),
                defaults.defaultValue(),
                defaults.defaultBit(),
                defaults.defaultIsExpression(),
                column.generatedExpression(),
                column.generatedStored(),
                column.hidden(),
                comment,
                column.version());
    }
}
