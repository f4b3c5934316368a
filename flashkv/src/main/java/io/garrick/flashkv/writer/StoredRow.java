package io.garrick.flashkv.writer;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.key.Numbers;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.row.DefaultValues;
import io.garrick.codec.row.RowV1;
import io.garrick.codec.row.RowV2;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.codec.value.Datum;
import io.garrick.codec.value.DecimalBinary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A row as it is stored, in values that {@link io.garrick.codec.row.RowEncoder} writes back without
 * loss: everything that is one number is a {@code Long} (a zero date too), strings, JSON and
 * vectors are bytes.
 *
 * @param recordKey the row's raw key
 * @param values one per column of the table, in their order
 */
public record StoredRow(Key recordKey, List<@Nullable Object> values) {
    /** Reads a row of either format. */
    public static StoredRow read(TableSchema table, Key recordKey, byte[] value) {
        RecordKey key = RecordKey.parse(recordKey);
        List<@Nullable Object> values = new ArrayList<>();
        if (RowV2.isV2(value)) {
            RowV2 row = RowV2.parse(value);
            for (ColumnSchema column : table.columns()) {
                Key stored = row.values().get(column.id());
                if (isHandle(table, column)) {
                    values.add(key.intHandle());
                } else if (stored != null) {
                    values.add(ofBytes(column.type(), stored));
                } else {
                    values.add(
                            row.nulls().contains(column.id()) ? null : absent(table, column, key));
                }
            }
        } else {
            Map<Long, Datum> row = RowV1.parse(value).values();
            for (ColumnSchema column : table.columns()) {
                Datum stored = row.get(column.id());
                if (isHandle(table, column)) {
                    values.add(key.intHandle());
                } else {
                    values.add(stored == null ? absent(table, column, key) : ofDatum(stored));
                }
            }
        }
        return new StoredRow(recordKey, values);
    }

    private static boolean isHandle(TableSchema table, ColumnSchema column) {
        return table.pkIsHandle() && column.isPrimaryKey();
    }

    /** The int handle; of a clustered key nothing that is needed, so zero. */
    long rowId() {
        RecordKey key = RecordKey.parse(recordKey);
        return key.hasIntHandle() ? key.intHandle() : 0;
    }

    private static @Nullable Object absent(TableSchema table, ColumnSchema column, RecordKey key) {
        List<TableSchema.KeyColumn> parts = table.commonHandleColumns();
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).column().id() == column.id()
                    && parts.get(i).isFullLength()
                    && !column.type().needsRestoredData(table.newCollation())) {
                ByteReader in = new ByteReader(key.handle().unsafeBytes());
                for (int skipped = 0; skipped < i; skipped++) {
                    Datum.read(in);
                }
                return ofDatum(Datum.read(in));
            }
        }
        Optional<byte[]> origin = DefaultValues.origin(column);
        return origin.isPresent() ? ofBytes(column.type(), Key.wrap(origin.get())) : null;
    }

    private static Object ofBytes(FieldType type, Key bytes) {
        if (type.isString()) {
            return bytes;
        }
        ByteReader in = new ByteReader(bytes.unsafeBytes());
        return switch (type.tp()) {
            case FieldType.FLOAT, FieldType.DOUBLE -> Numbers.doubleOfComparable(in.longBe());
            case FieldType.NEW_DECIMAL -> DecimalBinary.read(in).value();
            case FieldType.JSON, FieldType.VECTOR_FLOAT32 -> bytes;
            default -> number(type, bytes.unsafeBytes());
        };
    }

    private static long number(FieldType type, byte[] littleEndian) {
        boolean signed =
                type.tp() == FieldType.YEAR
                        || type.tp() == FieldType.DURATION
                        || (type.isInteger() && !type.isUnsigned());
        int last = littleEndian.length - 1;
        long value = signed && littleEndian[last] < 0 ? -1 : 0;
        for (int i = last; i >= 0; i--) {
            value = value << Byte.SIZE | (littleEndian[i] & 0xff);
        }
        return value;
    }

    private static @Nullable Object ofDatum(Datum datum) {
        return switch (datum) {
            case Datum.Null _ -> null;
            case Datum.Bytes(Key bytes) -> bytes;
            case Datum.Int(long value) -> value;
            case Datum.Unsigned(long value) -> value;
            case Datum.Real(double value) -> value;
            case Datum.Decimal(DecimalBinary value) -> value.value();
            case Datum.Duration(long nanos) -> nanos;
            case Datum.Json(Key document) -> document;
            case Datum.Vector(List<Float> values) -> floats(values);
            case Datum.Max _ -> throw new IllegalArgumentException("a range bound inside a row");
        };
    }

    private static float[] floats(List<Float> values) {
        float[] out = new float[values.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = values.get(i);
        }
        return out;
    }
}
