package io.garrick.codec.row;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import java.util.List;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Which Arrow type a column becomes. */
public final class ArrowTypes {
    /** Digits that fit 128 bits. */
    static final int LARGEST_DECIMAL128 = 38;

    private ArrowTypes() {}

    public static ArrowType of(ColumnSchema column) {
        return of(column.type());
    }

    public static ArrowType of(FieldType type) {
        if (type.array()) {
            return ArrowType.Utf8.INSTANCE;
        }
        return switch (type.tp()) {
            case FieldType.TINY -> new ArrowType.Int(8, !type.isUnsigned());
            case FieldType.SHORT -> new ArrowType.Int(16, !type.isUnsigned());
            case FieldType.INT24, FieldType.LONG -> new ArrowType.Int(32, !type.isUnsigned());
            case FieldType.LONGLONG -> new ArrowType.Int(64, !type.isUnsigned());
            case FieldType.NULL -> new ArrowType.Int(8, true);
            case FieldType.YEAR -> new ArrowType.Int(16, true);
            case FieldType.BIT -> new ArrowType.Int(64, false);
            case FieldType.FLOAT -> new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
            case FieldType.DOUBLE -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
            case FieldType.NEW_DECIMAL -> decimal(type);
            case FieldType.DATE, FieldType.NEW_DATE -> new ArrowType.Date(DateUnit.DAY);
            case FieldType.DATETIME -> new ArrowType.Timestamp(TimeUnit.MICROSECOND, null);
            case FieldType.TIMESTAMP -> new ArrowType.Timestamp(TimeUnit.MICROSECOND, "UTC");
            case FieldType.DURATION -> new ArrowType.Duration(TimeUnit.MICROSECOND);
            case FieldType.ENUM, FieldType.SET, FieldType.JSON -> ArrowType.Utf8.INSTANCE;
            case FieldType.VECTOR_FLOAT32 -> ArrowType.List.INSTANCE;
            case FieldType.VARCHAR,
                    FieldType.VAR_STRING,
                    FieldType.STRING,
                    FieldType.TINY_BLOB,
                    FieldType.BLOB,
                    FieldType.MEDIUM_BLOB,
                    FieldType.LONG_BLOB ->
                    type.isBinaryString() ? ArrowType.Binary.INSTANCE : ArrowType.Utf8.INSTANCE;
            case FieldType.GEOMETRY -> ArrowType.Binary.INSTANCE;
            default -> throw new IllegalArgumentException("unsupported column type " + type.tp());
        };
    }

    /**
     * Temporal columns are nullable whatever the schema says: zero and impossible dates have no
     * Arrow value.
     */
    public static Field field(ColumnSchema column) {
        boolean nullable = !column.isNotNull() || column.type().isPackedTime();
        ArrowType type = of(column);
        List<Field> children =
                type instanceof ArrowType.List
                        ? List.of(
                                Field.nullable(
                                        "$data$",
                                        new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)))
                        : List.of();
        return new Field(
                column.name(),
                new org.apache.arrow.vector.types.pojo.FieldType(nullable, type, null),
                children);
    }

    static int precision(FieldType type) {
        return type.length() <= 0 ? FieldType.DEFAULT_DECIMAL_PRECISION : type.length();
    }

    static int scale(FieldType type) {
        return Math.max(0, type.decimal());
    }

    private static ArrowType decimal(FieldType type) {
        int precision = precision(type);
        return new ArrowType.Decimal(
                precision, scale(type), precision <= LARGEST_DECIMAL128 ? 128 : 256);
    }
}
