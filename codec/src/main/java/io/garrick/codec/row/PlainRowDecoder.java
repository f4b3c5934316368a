package io.garrick.codec.row;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.CodecException;
import io.garrick.codec.SchemaMismatchException;
import io.garrick.codec.key.Numbers;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.codec.value.Datum;
import io.garrick.codec.value.DecimalBinary;
import io.garrick.codec.value.JsonText;
import io.garrick.codec.value.VectorFloat32;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a row as Java objects, one at a time: slow, plain, and on purpose a second way to the same
 * answer as {@link ColumnDecoder}, to check it against.
 *
 * <p>Ints are {@code Long} (unsigned BIGINT and BIT {@code BigInteger}), FLOAT {@code Float},
 * DOUBLE {@code Double}, DECIMAL {@code BigDecimal} with the column's scale, text {@code String},
 * bytes {@code Key}, DATE {@code LocalDate}, DATETIME and TIMESTAMP (UTC) {@code LocalDateTime},
 * TIME {@code Duration}, VECTOR a list of {@code Float}. Dates that do not exist are null.
 */
public final class PlainRowDecoder {
    private final TableSchema table;
    private final List<ColumnSchema> columns;

    public PlainRowDecoder(TableSchema table, List<ColumnSchema> columns) {
        this.table = table;
        this.columns = List.copyOf(columns);
    }

    /** The public columns of the table. */
    public PlainRowDecoder(TableSchema table) {
        this(table, table.publicColumns());
    }

    public List<ColumnSchema> columns() {
        return columns;
    }

    /** One object per column, in their order. */
    public List<@Nullable Object> decode(RecordKey key, byte[] value) {
        List<@Nullable Object> out = new ArrayList<>();
        if (RowV2.isV2(value)) {
            RowV2 row = RowV2.parse(value);
            for (ColumnSchema column : columns) {
                Key stored = row.values().get(column.id());
                if (isIntHandle(column)) {
                    out.add(integer(column.type(), key.intHandle()));
                } else if (stored != null) {
                    out.add(fromBytes(column.type(), stored.unsafeBytes()));
                } else if (row.nulls().contains(column.id())) {
                    out.add(null);
                } else {
                    out.add(absent(column, key));
                }
            }
        } else {
            Map<Long, Datum> row = RowV1.parse(value).values();
            for (ColumnSchema column : columns) {
                Datum stored = row.get(column.id());
                if (isIntHandle(column)) {
                    out.add(integer(column.type(), key.intHandle()));
                } else if (stored != null) {
                    out.add(fromDatum(column.type(), stored));
                } else {
                    out.add(absent(column, key));
                }
            }
        }
        return out;
    }

    private boolean isIntHandle(ColumnSchema column) {
        return column.id() == ColumnSchema.ROW_ID || (table.pkIsHandle() && column.isPrimaryKey());
    }

    private @Nullable Object absent(ColumnSchema column, RecordKey key) {
        List<TableSchema.KeyColumn> keyColumns = table.commonHandleColumns();
        for (int i = 0; i < keyColumns.size(); i++) {
            if (keyColumns.get(i).column().id() == column.id()
                    && keyColumns.get(i).isFullLength()
                    && !column.type().needsRestoredData(table.newCollation())) {
                ByteReader in = new ByteReader(key.handle().unsafeBytes());
                for (int skipped = 0; skipped < i; skipped++) {
                    Datum.read(in);
                }
                return fromDatum(column.type(), Datum.read(in));
            }
        }
        byte[] origin = DefaultValues.origin(column).orElse(null);
        if (origin != null) {
            return fromBytes(column.type(), origin);
        }
        if (column.isNotNull() && !column.isVirtual()) {
            throw new SchemaMismatchException(
                    table.physicalId(), column.id(), "row lacks a NOT NULL column");
        }
        return null;
    }

    private static @Nullable Object fromBytes(FieldType type, byte[] bytes) {
        if (type.isString()) {
            return string(type, Key.of(bytes));
        }
        return switch (type.tp()) {
            case FieldType.FLOAT, FieldType.DOUBLE ->
                    real(type, Numbers.doubleOfComparable(new ByteReader(bytes).longBe()));
            case FieldType.NEW_DECIMAL ->
                    decimal(type, DecimalBinary.read(new ByteReader(bytes)).value());
            case FieldType.JSON -> JsonText.of(bytes);
            case FieldType.VECTOR_FLOAT32 -> vector(VectorFloat32.read(new ByteReader(bytes)));
            default -> {
                boolean isSigned =
                        type.tp() == FieldType.YEAR
                                || type.tp() == FieldType.DURATION
                                || (type.isInteger() && !type.isUnsigned());
                yield integer(type, littleEndian(bytes, isSigned));
            }
        };
    }

    private static @Nullable Object fromDatum(FieldType type, Datum datum) {
        return switch (datum) {
            case Datum.Null _ -> null;
            case Datum.Bytes(Key bytes) -> string(type, bytes);
            case Datum.Int(long value) -> integer(type, value);
            case Datum.Unsigned(long value) -> integer(type, value);
            case Datum.Real(double value) -> real(type, value);
            case Datum.Decimal(DecimalBinary value) -> decimal(type, value.value());
            case Datum.Duration(long nanos) -> integer(type, nanos);
            case Datum.Json(Key document) -> JsonText.of(document.unsafeBytes());
            case Datum.Vector(List<Float> values) -> values;
            case Datum.Max _ -> throw new CodecException(0, "a range bound inside a row");
        };
    }

    /** Everything that is stored as one whole number. */
    private static @Nullable Object integer(FieldType type, long value) {
        return switch (type.tp()) {
            case FieldType.DATE, FieldType.NEW_DATE -> date(value);
            case FieldType.DATETIME, FieldType.TIMESTAMP -> time(value);
            case FieldType.DURATION -> Duration.ofNanos(value);
            case FieldType.ENUM ->
                    value >= 1 && value <= type.elems().size()
                            ? type.elems().get((int) value - 1)
                            : "";
            case FieldType.SET -> set(type, value);
            case FieldType.BIT -> new BigInteger(Long.toUnsignedString(value));
            case FieldType.LONGLONG ->
                    type.isUnsigned()
                            ? (Object) new BigInteger(Long.toUnsignedString(value))
                            : (Object) value;
            default -> value;
        };
    }

    private static String set(FieldType type, long bits) {
        List<String> members = new ArrayList<>();
        for (int i = 0; i < type.elems().size(); i++) {
            if (BigInteger.valueOf(bits).testBit(i)) {
                members.add(type.elems().get(i));
            }
        }
        return String.join(",", members);
    }

    private static @Nullable LocalDate date(long packed) {
        LocalDateTime time = time(packed);
        if (time == null) {
            return null;
        }
        return time.toLocalDate();
    }

    private static @Nullable LocalDateTime time(long packed) {
        long microsPart = packed % (1L << 24);
        long clock = (packed >> 24) % (1L << 17);
        long date = packed >> 41;
        int day = (int) (date % 32);
        int month = (int) (date / 32 % 13);
        int year = (int) (date / 32 / 13);
        try {
            return LocalDate.of(year, month, day)
                    .atTime(
                            (int) (clock >> 12),
                            (int) (clock >> 6) % 64,
                            (int) clock % 64,
                            (int) microsPart * 1000);
        } catch (DateTimeException notADate) {
            return null;
        }
    }

    private static Object string(FieldType type, Key bytes) {
        return type.isBinaryString() ? bytes : new String(bytes.unsafeBytes(), UTF_8);
    }

    private static Object real(FieldType type, double value) {
        return type.tp() == FieldType.FLOAT ? (Object) (float) value : (Object) value;
    }

    private static BigDecimal decimal(FieldType type, BigDecimal value) {
        return value.setScale(Math.max(0, type.decimal()), RoundingMode.HALF_UP);
    }

    private static List<Float> vector(float[] values) {
        List<Float> out = new ArrayList<>();
        for (float value : values) {
            out.add(value);
        }
        return out;
    }

    private static long littleEndian(byte[] bytes, boolean signed) {
        if (bytes.length == 0 || bytes.length > 8) {
            throw new CodecException(0, "number of " + bytes.length + " bytes");
        }
        byte[] bigEndian = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            bigEndian[bytes.length - 1 - i] = bytes[i];
        }
        return (signed ? new BigInteger(bigEndian) : new BigInteger(1, bigEndian)).longValue();
    }
}
