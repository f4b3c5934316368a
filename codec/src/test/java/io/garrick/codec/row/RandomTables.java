package io.garrick.codec.row;

import io.garrick.base.Key;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.IndexSchema;
import io.garrick.codec.schema.SchemaState;
import io.garrick.codec.schema.TableSchema;
import io.garrick.codec.value.Datum;
import io.garrick.codec.value.DecimalBinary;
import io.garrick.codec.value.PackedTime;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Random tables with every kind of handle, the same tables after a DDL, and rows of them in both
 * formats.
 */
public final class RandomTables {
    /** What a row was made of. */
    public record Row(RecordKey key, Key stored, List<@Nullable Object> values) {
        public byte[] value() {
            return stored.toBytes();
        }
    }

    private static final int[] KEY_TYPES = {
        FieldType.LONGLONG,
        FieldType.VARCHAR,
        FieldType.STRING,
        FieldType.DATETIME,
        FieldType.NEW_DECIMAL,
        FieldType.DOUBLE,
        FieldType.DURATION,
        FieldType.ENUM,
        FieldType.YEAR,
        FieldType.SHORT
    };

    private static final long KEY_FLAGS = FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG;

    private RandomTables() {}

    public static TableSchema table(RandomGenerator random) {
        TableSchema.Builder table =
                TableSchema.builder(77, "db", "t").newCollation(random.nextInt(4) > 0);
        int handle = random.nextInt(3);
        // Ids above 255 make every row a large one.
        int stride = random.nextInt(3) == 0 ? 1 + random.nextInt(400) : 1;
        int keyColumns = 0;
        if (handle == 1) {
            keyColumns = 1;
            table.column(1, "k0", RandomRows.typeOf(FieldType.LONGLONG, random, KEY_FLAGS))
                    .pkIsHandle();
        } else if (handle == 2) {
            keyColumns = 1 + random.nextInt(3);
            List<IndexSchema.IndexColumn> parts = new ArrayList<>();
            for (int i = 0; i < keyColumns; i++) {
                int tp = KEY_TYPES[random.nextInt(KEY_TYPES.length)];
                FieldType type = RandomRows.typeOf(tp, random, KEY_FLAGS);
                boolean prefix = type.isString() && random.nextInt(4) == 0;
                table.column(1 + (long) i * stride, "k" + i, type);
                parts.add(
                        new IndexSchema.IndexColumn(
                                "k" + i, i, prefix ? 1 + random.nextInt(4) : -1));
            }
            table.commonHandle(1).index(IndexSchema.primaryKey(1, parts));
        }
        for (int left = 1 + random.nextInt(8); left > 0; left--) {
            table.column(
                    column(random, 1L + keyColumns * (long) stride + (8 - left) * (long) stride));
        }
        return table.build();
    }

    private static ColumnSchema column(RandomGenerator random, long id) {
        long flags = random.nextInt(3) == 0 ? FieldType.NOT_NULL_FLAG : 0;
        if (random.nextInt(6) == 0) {
            flags |= FieldType.NO_DEFAULT_VALUE_FLAG;
        }
        ColumnSchema column = ColumnSchema.of(id, "c" + id, RandomRows.type(random, flags));
        if (random.nextInt(3) == 0) {
            column = RandomRows.withOriginDefault(column, random);
        }
        return random.nextInt(8) == 0 ? column.withState(SchemaState.WRITE_ONLY) : column;
    }

    /** The table after columns were added, dropped, and modified without a new id. */
    public static TableSchema changed(TableSchema table, RandomGenerator random) {
        List<ColumnSchema> columns = new ArrayList<>();
        for (ColumnSchema column : table.columns()) {
            int fate = column.isPrimaryKey() ? 9 : random.nextInt(10);
            if (fate == 1) {
                columns.add(column.withType(modified(column.type(), random)));
            } else if (fate == 2) {
                columns.add(column.withState(SchemaState.DELETE_ONLY));
            } else if (fate > 2) {
                columns.add(column);
            }
        }
        long id = table.maxColumnId();
        for (int left = random.nextInt(4); left > 0; left--) {
            columns.add(column(random, ++id));
        }
        TableSchema.Builder out =
                TableSchema.builder(table.logicalId(), "db", "t")
                        .newCollation(table.newCollation());
        columns.forEach(out::column);
        table.indexes().forEach(out::index);
        if (table.pkIsHandle()) {
            out.pkIsHandle();
        }
        return (table.isCommonHandle() ? out.commonHandle(1) : out).build();
    }

    /** Modifications that keep the column's id, and some that TiDB would never allow. */
    private static FieldType modified(FieldType type, RandomGenerator random) {
        if (random.nextInt(6) == 0) {
            return RandomRows.type(random, type.flag());
        }
        if (type.isInteger()) {
            int[] widths = {FieldType.TINY, FieldType.SHORT, FieldType.LONG, FieldType.LONGLONG};
            return FieldType.of(widths[random.nextInt(4)], type.flag(), 11, 0);
        }
        return RandomRows.typeOf(type.tp(), random, type.flag());
    }

    public static Row row(TableSchema table, RandomGenerator random) {
        List<@Nullable Object> values = new ArrayList<>();
        for (ColumnSchema column : table.columns()) {
            boolean isNull = !column.isNotNull() && random.nextInt(4) == 0;
            values.add(isNull ? null : RandomRows.value(column.type(), random));
        }
        long rowId = random.nextLong();
        RowEncoder.Encoded encoded =
                new RowEncoder(table)
                        .encode(values.stream().map(RandomRows::forEncoder).toList(), rowId);
        RecordKey key = RecordKey.parse(encoded.rawKey());
        byte[] value = encoded.value().unsafeBytes();
        return switch (random.nextInt(3)) {
            case 0 -> new Row(key, Key.wrap(value), values);
            case 1 ->
                    new Row(key, Key.wrap(withChecksum(value, key.handle().unsafeBytes())), values);
            default -> new Row(key, Key.wrap(inV1(table, value, values)), values);
        };
    }

    private static byte[] withChecksum(byte[] row, byte[] handle) {
        RowV2 parsed = RowV2.parse(row);
        RowV2Writer writer = new RowV2Writer();
        parsed.values().forEach((id, bytes) -> writer.putBytes(id, bytes.unsafeBytes()));
        parsed.nulls().forEach(writer::putNull);
        return writer.toBytesWithChecksum(handle);
    }

    /** The same columns as the row of format v2 has, in format v1. */
    private static byte[] inV1(TableSchema table, byte[] v2, List<@Nullable Object> values) {
        RowV2 row = RowV2.parse(v2);
        Map<Long, Datum> out = new LinkedHashMap<>();
        for (int i = table.columns().size() - 1; i >= 0; i--) {
            ColumnSchema column = table.columns().get(i);
            Object value = values.get(i);
            if (row.nulls().contains(column.id())) {
                out.put(column.id(), new Datum.Null());
            } else if (row.values().containsKey(column.id()) && value != null) {
                Key stored = row.values().get(column.id());
                out.put(column.id(), datum(column.type(), value, stored));
            }
        }
        return new RowV1(out).encode();
    }

    private static Datum datum(FieldType type, Object value, Key stored) {
        return switch (value) {
            case LocalDate date -> new Datum.Unsigned(PackedTime.of(date).packed());
            case LocalDateTime time -> new Datum.Unsigned(PackedTime.of(time).packed());
            case Duration duration -> new Datum.Int(duration.toNanos());
            case BigDecimal _ ->
                    new Datum.Decimal(
                            DecimalBinary.read(
                                    new io.garrick.codec.ByteReader(stored.unsafeBytes())));
            case Float number -> new Datum.Real(number);
            case Double number -> new Datum.Real(number);
            case Number number ->
                    type.isUnsigned() && type.tp() != FieldType.YEAR
                            ? new Datum.Unsigned(number.longValue())
                            : new Datum.Int(number.longValue());
            case List<?> floats ->
                    new Datum.Vector(floats.stream().map(Float.class::cast).toList());
            default ->
                    switch (type.tp()) {
                        case FieldType.JSON -> new Datum.Json(stored);
                        case FieldType.ENUM -> new Datum.Unsigned(littleEndian(stored));
                        case FieldType.SET -> new Datum.Unsigned(littleEndian(stored));
                        default -> new Datum.Bytes(stored);
                    };
        };
    }

    private static long littleEndian(Key bytes) {
        long value = 0;
        for (int i = bytes.length() - 1; i >= 0; i--) {
            value = value << 8 | (bytes.byteAt(i) & 0xff);
        }
        return value;
    }
}
