package io.garrick.codec.row;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.base.Key;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.collation.Collation;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.IndexSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.codec.value.Datum;
import io.garrick.codec.value.Durations;
import io.garrick.codec.value.JsonBinary;
import io.garrick.codec.value.PackedTime;
import io.garrick.codec.value.VectorFloat32;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows of a table as TiDB does: record key and row value of format v2.
 *
 * <p>Left out of the value are the handle's columns that the key gives back, virtual columns, and
 * NULLs of columns without any default (TiDB, table.CanSkip). Values are the Java objects {@link
 * PlainRowDecoder} gives, or others that mean the same (any {@code Number}, text of an enum). Keeps
 * buffers; used by one thread.
 */
public final class RowEncoder {
    /** A row as TiKV stores it. */
    public record Encoded(Key rawKey, Key value) {}

    private final TableSchema table;
    private final List<ColumnSchema> columns;
    private final List<TableSchema.KeyColumn> keyColumns;
    private final RowV2Writer writer = new RowV2Writer();

    public RowEncoder(TableSchema table) {
        this.table = table;
        this.columns = table.columns();
        this.keyColumns = table.commonHandleColumns();
    }

    /**
     * One row.
     *
     * @param values one per column of the table, in their order
     * @param rowId the handle of tables without a clustered key; others ignore it
     */
    public Encoded encode(List<? extends @Nullable Object> values, long rowId) {
        if (values.size() != columns.size()) {
            throw new IllegalArgumentException(
                    values.size() + " values for " + columns.size() + " columns");
        }
        writer.reset();
        long handle = rowId;
        for (int i = 0; i < columns.size(); i++) {
            ColumnSchema column = columns.get(i);
            Object value = values.get(i);
            if (table.pkIsHandle() && column.isPrimaryKey()) {
                handle = number(value).longValue();
            } else if (!isInKey(column) && !column.isVirtual()) {
                put(column, value);
            }
        }
        return new Encoded(
                table.isCommonHandle()
                        ? TableKeys.recordKey(table.physicalId(), commonHandle(values))
                        : TableKeys.recordKey(table.physicalId(), handle),
                Key.wrap(writer.toBytes()));
    }

    /** The raw record key of a row of a clustered table; reads only the key's columns. */
    public Key clusteredKey(List<? extends @Nullable Object> values) {
        return TableKeys.recordKey(table.physicalId(), commonHandle(values));
    }

    /**
     * Some columns of a row as a row value of their own: what an index entry keeps beside its key
     * (TiDB, pkg/tablecodec, GenIndexValuePortal).
     *
     * @param values one per column of the table
     * @param trimmedOnly of text whose sort key only lacks trailing spaces, store their count
     */
    public byte[] encodeColumns(
            List<ColumnSchema> some, List<? extends @Nullable Object> values, boolean trimmedOnly) {
        writer.reset();
        for (ColumnSchema column : some) {
            Object value = values.get(column.offset());
            if (value != null && trimmedOnly && column.type().isTrimmingOnly()) {
                byte[] text = bytes(value);
                int spaces = 0;
                while (spaces < text.length && text[text.length - 1 - spaces] == ' ') {
                    spaces++;
                }
                writer.putUnsigned(column.id(), spaces);
            } else if (value == null) {
                writer.putNull(column.id());
            } else {
                put(column, value);
            }
        }
        return writer.toBytes();
    }

    private boolean isInKey(ColumnSchema column) {
        return keyColumns.stream()
                .anyMatch(key ->
                        key.column().id() == column.id()
                                && key.isFullLength()
                                && !column.type().needsRestoredData(table.newCollation()));
    }

    private void put(ColumnSchema column, @Nullable Object value) {
        FieldType type = column.type();
        long id = column.id();
        if (value == null) {
            if (column.defaultValue() != null || column.hasOriginDefault()) {
                writer.putNull(id);
            }
            return;
        }
        if (type.isString()) {
            writer.putBytes(id, DefaultValues.padded(type, bytes(value)));
            return;
        }
        switch (type.tp()) {
            case FieldType.FLOAT -> writer.putDouble(id, number(value).floatValue());
            case FieldType.DOUBLE -> writer.putDouble(id, number(value).doubleValue());
            case FieldType.NEW_DECIMAL ->
                    writer.putDecimal(
                            id, decimal(value), ArrowTypes.precision(type), ArrowTypes.scale(type));
            case FieldType.JSON ->
                    writer.putBytes(
                            id,
                            value instanceof String text
                                    ? JsonBinary.encode(JsonBinary.parseText(text))
                                    : bytes(value));
            case FieldType.VECTOR_FLOAT32 -> writer.putBytes(id, bytes(value));
            default -> {
                if (isSigned(type)) {
                    writer.putInt(id, whole(type, value));
                } else {
                    writer.putUnsigned(id, whole(type, value));
                }
            }
        }
    }

    private byte[] commonHandle(List<? extends @Nullable Object> values) {
        ByteWriter out = new ByteWriter();
        for (TableSchema.KeyColumn key : keyColumns) {
            Object value = values.get(columns.indexOf(key.column()));
            if (value == null) {
                throw new IllegalArgumentException("NULL in primary key " + key.column().name());
            }
            keyDatum(key, value).writeKey(out);
        }
        return TableKeys.padCommonHandle(out.toBytes());
    }

    /** What a key says of a value: of text only the sort key, and only the indexed prefix. */
    public Datum keyDatum(TableSchema.KeyColumn key, Object value) {
        FieldType type = key.column().type();
        if (type.isString()) {
            byte[] text =
                    prefix(type, DefaultValues.padded(type, bytes(value)), key.prefixLength());
            Collation collation =
                    type.isBinaryString()
                            ? Collation.of(FieldType.BINARY)
                            : Collation.of(type.collate(), table.newCollation());
            return new Datum.Bytes(Key.wrap(collation.sortKey(text)));
        }
        return switch (type.tp()) {
            case FieldType.FLOAT -> new Datum.Real(number(value).floatValue());
            case FieldType.DOUBLE -> new Datum.Real(number(value).doubleValue());
            case FieldType.NEW_DECIMAL ->
                    Datum.of(decimal(value), ArrowTypes.precision(type), ArrowTypes.scale(type));
            case FieldType.DURATION -> new Datum.Duration(whole(type, value));
            default ->
                    isSigned(type)
                            ? new Datum.Int(whole(type, value))
                            : new Datum.Unsigned(whole(type, value));
        };
    }

    /** Prefix keys count characters, or bytes for binary strings. */
    private static byte[] prefix(FieldType type, byte[] bytes, int length) {
        if (length == IndexSchema.IndexColumn.FULL_LENGTH) {
            return bytes;
        }
        if (type.isBinaryString()) {
            return Arrays.copyOf(bytes, Math.min(length, bytes.length));
        }
        String text = new String(bytes, UTF_8);
        int characters = Math.min(length, text.codePointCount(0, text.length()));
        return text.substring(0, text.offsetByCodePoints(0, characters)).getBytes(UTF_8);
    }

    private static boolean isSigned(FieldType type) {
        return type.tp() == FieldType.YEAR
                || type.tp() == FieldType.DURATION
                || (type.isInteger() && !type.isUnsigned());
    }

    /** Everything that is stored as one whole number. */
    private static long whole(FieldType type, Object value) {
        return switch (value) {
            case LocalDate date -> PackedTime.of(date).packed();
            case LocalDateTime time -> PackedTime.of(time).packed();
            case Duration duration -> duration.toNanos();
            case Boolean flag -> flag ? 1 : 0;
            case BigDecimal digits -> digits.setScale(0, RoundingMode.HALF_UP).longValue();
            case Number number -> number.longValue();
            case String text -> wholeOfText(type, text);
            default -> throw new IllegalArgumentException("not a number: " + value);
        };
    }

    private static long wholeOfText(FieldType type, String text) {
        return switch (type.tp()) {
            case FieldType.ENUM -> type.elems().indexOf(text) + 1L;
            case FieldType.SET -> {
                long bits = 0;
                for (String member : text.isEmpty() ? new String[0] : text.split(",", -1)) {
                    int at = type.elems().indexOf(member);
                    if (at < 0) {
                        throw new IllegalArgumentException("no member " + member);
                    }
                    bits |= 1L << at;
                }
                yield bits;
            }
            case FieldType.DURATION -> Durations.parse(text);
            default -> new BigInteger(text).longValue();
        };
    }

    private static Number number(@Nullable Object value) {
        return switch (value) {
            case Number number -> number;
            case String text -> new BigDecimal(text);
            case null, default -> throw new IllegalArgumentException("not a number: " + value);
        };
    }

    private static BigDecimal decimal(Object value) {
        return value instanceof BigDecimal digits ? digits : new BigDecimal(value.toString());
    }

    private static byte[] bytes(Object value) {
        return switch (value) {
            case byte[] bytes -> bytes;
            case Key key -> key.unsafeBytes();
            case float[] vector -> VectorFloat32.encode(vector);
            default -> value.toString().getBytes(UTF_8);
        };
    }
}
