package io.garrick.query.write;

import io.garrick.codec.CodecException;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.value.JsonBinary;
import io.garrick.codec.value.VectorFloat32;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Values of SQL as a column stores them, with the checks of MySQL's strict mode.
 *
 * <p>In: what literals and results are in Java: {@code BigDecimal}, other numbers, {@code Boolean},
 * {@code String}, {@code byte[]}, {@code LocalDate}, {@code LocalDateTime}, {@code LocalTime}. Out:
 * whole numbers, packed times, ENUM, SET and BIT as {@code Long}; FLOAT, DOUBLE, DECIMAL as {@code
 * Float}, {@code Double}, {@code BigDecimal}; TIME as nanoseconds in a {@code Long}; text as {@code
 * String}; bytes, JSON and vectors as {@code byte[]}.
 */
public final class ColumnValues {
    private ColumnValues() {}

    /**
     * Converts one value; NULL is the caller's to judge.
     *
     * @throws ValueRefusedException it does not fit
     */
    static Object convert(ColumnSchema column, Object value) {
        FieldType type = column.type();
        if (type.isString()) {
            return TextValues.convert(column, value);
        }
        return switch (type.tp()) {
            case FieldType.TINY,
                    FieldType.SHORT,
                    FieldType.INT24,
                    FieldType.LONG,
                    FieldType.LONGLONG ->
                    NumberValues.whole(column, value);
            case FieldType.YEAR -> NumberValues.year(column, value);
            case FieldType.FLOAT, FieldType.DOUBLE -> NumberValues.real(column, value);
            case FieldType.NEW_DECIMAL -> NumberValues.decimal(column, value);
            case FieldType.BIT -> NumberValues.bits(column, value);
            case FieldType.DATE, FieldType.NEW_DATE, FieldType.DATETIME, FieldType.TIMESTAMP ->
                    TimeValues.packed(column, value);
            case FieldType.DURATION -> TimeValues.duration(column, value);
            case FieldType.ENUM -> MemberValues.enumNumber(column, value);
            case FieldType.SET -> MemberValues.setBits(column, value);
            case FieldType.JSON -> json(column, value);
            case FieldType.VECTOR_FLOAT32 -> vector(column, value);
            default ->
                    throw new ValueRefusedException(
                            "values of column '" + column.name() + "' cannot be written");
        };
    }

    private static byte[] json(ColumnSchema column, Object value) {
        try {
            return JsonBinary.encode(JsonBinary.parseText(TextValues.text(value)));
        } catch (CodecException | IllegalArgumentException malformed) {
            throw new ValueRefusedException(
                    "Invalid JSON text in value for column '" + column.name() + "'");
        }
    }

    private static byte[] vector(ColumnSchema column, Object value) {
        String text = TextValues.text(value).strip();
        if (!text.startsWith("[") || !text.endsWith("]")) {
            throw new ValueRefusedException(
                    "Invalid vector text: '" + text + "' for column '" + column.name() + "'");
        }
        String inside = text.substring(1, text.length() - 1).strip();
        List<Float> numbers = new ArrayList<>();
        for (String part : inside.isEmpty() ? new String[0] : inside.split(",", -1)) {
            numbers.add(element(column, part));
        }
        long dimensions = column.type().flen();
        if (dimensions > 0 && dimensions != numbers.size()) {
            throw new ValueRefusedException(
                    "vector has "
                            + numbers.size()
                            + " dimensions, does not fit VECTOR("
                            + dimensions
                            + ") of column '"
                            + column.name()
                            + "'");
        }
        float[] vector = new float[numbers.size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = numbers.get(i);
        }
        return VectorFloat32.encode(vector);
    }

    private static float element(ColumnSchema column, String part) {
        try {
            float number = Float.parseFloat(part.strip());
            if (Float.isFinite(number)) {
                return number;
            }
        } catch (NumberFormatException _) {
            // Answered below.
        }
        throw new ValueRefusedException(
                "'" + part.strip() + "' is no vector element of column '" + column.name() + "'");
    }

    static ValueRefusedException outOfRange(ColumnSchema column) {
        return new ValueRefusedException("Out of range value for column '" + column.name() + "'");
    }

    static ValueRefusedException tooLong(ColumnSchema column) {
        return new ValueRefusedException("Data too long for column '" + column.name() + "'");
    }

    static ValueRefusedException truncated(ColumnSchema column) {
        return new ValueRefusedException("Data truncated for column '" + column.name() + "'");
    }

    static ValueRefusedException incorrect(String kind, ColumnSchema column, Object value) {
        return new ValueRefusedException(
                "Incorrect "
                        + kind
                        + " value: '"
                        + TextValues.text(value)
                        + "' for column '"
                        + column.name()
                        + "'");
    }

    /** DEFAULT of a column; null is NULL. */
    static @Nullable Object defaultOf(ColumnSchema column, long nowMillis) {
        FieldType type = column.type();
        String text = column.defaultValue();
        if (type.tp() == FieldType.BIT && column.defaultBit() != null) {
            return NumberValues.bits(column, Base64.getDecoder().decode(column.defaultBit()));
        }
        if (text != null && TimeValues.isNow(text)) {
            return TimeValues.now(column, nowMillis);
        }
        if (text != null) {
            return convert(column, text);
        }
        if (!column.isNotNull()) {
            return null;
        }
        if (type.tp() == FieldType.ENUM) {
            return 1L;
        }
        throw new ValueRefusedException(
                "Field '" + column.name() + "' doesn't have a default value");
    }
}
