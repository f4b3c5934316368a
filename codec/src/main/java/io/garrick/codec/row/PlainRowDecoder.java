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
 * answer as {@link ColumnDecoder}, to check it against. It refuses what that one refuses, and also
 * rows that are malformed outside the columns it was asked for.
 *
 * <p>Ints are {@code Long} (unsigned BIGINT and BIT {@code BigInteger}), FLOAT {@code Float},
 * DOUBLE {@code Double}, DECIMAL {@code BigDecimal} with the column's scale, text {@code String},
 * bytes {@code Key}, DATE {@code LocalDate}, DATETIME and TIMESTAMP (UTC) {@code LocalDateTime},
 * TIME {@code Duration}, VECTOR a list of {@code Float}. Dates that do not exist are null.
 */
public final class PlainRowDecoder {
    private static final long LAST_MICRO = 999_999;
    private static final int LAST_YEAR = 9999;

    private final TableSchema table;
    private final List<ColumnSchema> columns;
    private final boolean force;

    public PlainRowDecoder(TableSchema table, List<ColumnSchema> columns) {
        this(table, columns, ColumnDecoder.Mismatch.REFUSE);
    }

    public PlainRowDecoder(
            TableSchema table, List<ColumnSchema> columns, ColumnDecoder.Mismatch mismatch) {
        this.table = table;
        this.columns = List.copyOf(columns);
        this.force = mismatch == ColumnDecoder.Mismatch.FORCE;
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
                    out.add(integer(column, key.intHandle()));
                } else if (stored != null) {
                    out.add(fromBytes(column, stored.unsafeBytes()));
                } else if (row.nulls().contains(column.id())) {
                    out.add(ofNull(column));
                } else {
                    out.add(absent(column, key));
                }
            }
        } else {
            Map<Long, Datum> row = RowV1.parse(value).values();
            for (ColumnSchema column : columns) {
                Datum stored = row.get(column.id());
                if (isIntHandle(column)) {
                    out.add(integer(column, key.intHandle()));
                } else if (stored != null) {
                    out.add(fromDatum(column, stored));
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
                return fromDatum(column, Datum.read(in));
            }
        }
        if (column.isVirtual()) {
            return null;
        }
        boolean hasDefault =
                DefaultValues.origin(column).isPresent()
                        && column.isPublic()
                        && !column.type().hasFlag(FieldType.NO_DEFAULT_VALUE_FLAG);
        boolean isExplained = !column.isPrimaryKey() && (!column.isNotNull() || hasDefault);
        if (!isExplained && !force) {
            throw refusal(column, "row lacks a column that has no default");
        }
        return fallback(column);
    }

    private @Nullable Object ofNull(ColumnSchema column) {
        if (!column.isNotNull()) {
            return null;
        }
        if (!force) {
            throw refusal(column, "NULL in a NOT NULL column");
        }
        return fallback(column);
    }

    private @Nullable Object fallback(ColumnSchema column) {
        byte[] origin = DefaultValues.origin(column).orElse(null);
        if (origin != null) {
            return fromBytes(column, origin);
        }
        return column.isNotNull() ? fromBytes(column, DefaultValues.zero(column.type())) : null;
    }

    private RuntimeException refusal(ColumnSchema column, String reason) {
        return force
                ? new CodecException(0, "column " + column.id() + ": " + reason)
                : new SchemaMismatchException(table.physicalId(), column.id(), reason);
    }

    private @Nullable Object fromBytes(ColumnSchema column, byte[] bytes) {
        FieldType type = column.type();
        ByteReader in = new ByteReader(bytes);
        Object value =
                switch (form(type)) {
                    case STRING -> string(type, Key.wrap(in.rest()));
                    case REAL -> real(type, Numbers.doubleOfComparable(in.longBe()));
                    case DECIMAL -> decimal(column, DecimalBinary.read(in).value());
                    case JSON -> JsonText.of(in.rest());
                    case VECTOR -> vector(VectorFloat32.read(in));
                    case NUMBER -> integer(column, littleEndian(in, isSigned(type)));
                };
        in.expectEnd();
        return value;
    }

    /** How a column's values are stored, whatever they mean. */
    private enum Form {
        NUMBER,
        REAL,
        DECIMAL,
        STRING,
        JSON,
        VECTOR
    }

    private static Form form(FieldType type) {
        if (type.array()) {
            return Form.JSON;
        }
        return switch (type.tp()) {
            case FieldType.FLOAT, FieldType.DOUBLE -> Form.REAL;
            case FieldType.NEW_DECIMAL -> Form.DECIMAL;
            case FieldType.JSON -> Form.JSON;
            case FieldType.VECTOR_FLOAT32 -> Form.VECTOR;
            case FieldType.GEOMETRY -> Form.STRING;
            default -> type.isString() ? Form.STRING : Form.NUMBER;
        };
    }

    private static boolean isSigned(FieldType type) {
        return type.tp() == FieldType.YEAR
                || type.tp() == FieldType.DURATION
                || type.tp() == FieldType.NULL
                || (type.isInteger() && !type.isUnsigned());
    }

    private @Nullable Object fromDatum(ColumnSchema column, Datum datum) {
        FieldType type = column.type();
        Form form = form(type);
        return switch (datum) {
            case Datum.Null _ -> ofNull(column);
            case Datum.Bytes(Key bytes) when form == Form.STRING -> string(type, bytes);
            case Datum.Int(long value) when form == Form.NUMBER -> integer(column, value);
            case Datum.Unsigned(long value) when form == Form.NUMBER -> integer(column, value);
            case Datum.Duration(long nanos) when type.tp() == FieldType.DURATION ->
                    integer(column, nanos);
            case Datum.Real(double value) when form == Form.REAL -> real(type, value);
            case Datum.Decimal(DecimalBinary value) when form == Form.DECIMAL ->
                    decimal(column, value.value());
            case Datum.Json(Key document) when form == Form.JSON ->
                    JsonText.of(document.unsafeBytes());
            case Datum.Vector(List<Float> values) when form == Form.VECTOR -> values;
            default ->
                    throw new CodecException(
                            0, "a datum of another kind in a column of type " + type.tp());
        };
    }

    /** Everything that is stored as one whole number. */
    private @Nullable Object integer(ColumnSchema column, long value) {
        FieldType type = column.type();
        return switch (type.tp()) {
            case FieldType.DATE, FieldType.NEW_DATE -> date(value);
            case FieldType.DATETIME, FieldType.TIMESTAMP -> time(value);
            case FieldType.DURATION -> Duration.ofNanos(value);
            case FieldType.ENUM ->
                    value >= 1 && value <= type.elems().size()
                            ? type.elems().get((int) value - 1)
                            : "";
            case FieldType.SET -> set(column, value);
            case FieldType.BIT -> new BigInteger(Long.toUnsignedString(value));
            case FieldType.LONGLONG ->
                    type.isUnsigned()
                            ? (Object) new BigInteger(Long.toUnsignedString(value))
                            : (Object) value;
            default -> inRange(column, value);
        };
    }

    private long inRange(ColumnSchema column, long value) {
        FieldType type = column.type();
        int bits =
                switch (type.tp()) {
                    case FieldType.TINY, FieldType.NULL -> 8;
                    case FieldType.SHORT, FieldType.YEAR -> 16;
                    default -> 32;
                };
        long smallest = isSigned(type) ? -(1L << (bits - 1)) : 0;
        if (value < smallest || value >= smallest + (1L << bits)) {
            throw refusal(column, value + " in " + bits + " bits");
        }
        return value;
    }

    private String set(ColumnSchema column, long bits) {
        List<String> elems = column.type().elems();
        List<String> members = new ArrayList<>();
        for (int i = 0; i < Long.SIZE; i++) {
            if ((bits >>> i) % 2 != 0) {
                if (i >= elems.size()) {
                    throw refusal(column, "bit " + i + " of a set of " + elems.size());
                }
                members.add(elems.get(i));
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
        if (packed < 0) {
            return null;
        }
        long microsPart = packed % (1L << 24);
        long clock = (packed >> 24) % (1L << 17);
        long date = packed >> 41;
        int day = (int) (date % 32);
        int month = (int) (date / 32 % 13);
        int year = (int) (date / 32 / 13);
        // Twenty-four bits hold more than a second; as nanoseconds they may wrap into a valid
        // number.
        if (year > LAST_YEAR || microsPart > LAST_MICRO) {
            return null;
        }
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

    private BigDecimal decimal(ColumnSchema column, BigDecimal value) {
        FieldType type = column.type();
        BigDecimal scaled = value.setScale(ArrowTypes.scale(type), RoundingMode.HALF_UP);
        if (scaled.unscaledValue().abs().toString().length() > ArrowTypes.precision(type)
                && scaled.signum() != 0) {
            throw refusal(column, scaled + " does not fit");
        }
        return scaled;
    }

    private static List<Float> vector(float[] values) {
        List<Float> out = new ArrayList<>();
        for (float value : values) {
            out.add(value);
        }
        return out;
    }

    private static long littleEndian(ByteReader in, boolean signed) {
        int width = in.remaining();
        if (width != 1 && width != 2 && width != 4 && width != 8) {
            throw in.malformed("number of " + width + " bytes");
        }
        byte[] bytes = in.rest();
        byte[] bigEndian = new byte[width];
        for (int i = 0; i < width; i++) {
            bigEndian[width - 1 - i] = bytes[i];
        }
        return (signed ? new BigInteger(bigEndian) : new BigInteger(1, bigEndian)).longValue();
    }
}
