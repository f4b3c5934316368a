package io.garrick.query.write;

import io.garrick.codec.row.DefaultValues;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.time.LocalDateTime;

/** Numeric columns. */
final class NumberValues {
    private static final BigInteger TWO_POW_64 = BigInteger.ONE.shiftLeft(Long.SIZE);
    private static final int DEFAULT_PRECISION = 10;
    private static final long FIRST_YEAR = 1901;
    private static final long LAST_YEAR = 2155;

    private NumberValues() {}

    static Object whole(ColumnSchema column, Object value) {
        BigDecimal number = number("integer", column, value);
        BigInteger rounded =
                number.setScale(
                                0,
                                value instanceof Double || value instanceof Float
                                        ? RoundingMode.HALF_EVEN
                                        : RoundingMode.HALF_UP)
                        .toBigInteger();
        int bits =
                switch (column.type().tp()) {
                    case FieldType.TINY -> Byte.SIZE;
                    case FieldType.SHORT -> Short.SIZE;
                    case FieldType.INT24 -> 24;
                    case FieldType.LONG -> Integer.SIZE;
                    default -> Long.SIZE;
                };
        boolean fits =
                column.type().isUnsigned()
                        ? rounded.signum() >= 0 && rounded.bitLength() <= bits
                        : rounded.bitLength() < bits;
        if (!fits) {
            throw ColumnValues.outOfRange(column);
        }
        return rounded.longValue();
    }

    static Object year(ColumnSchema column, Object value) {
        if (value instanceof String text && text.strip().matches("0{1,2}")) {
            return 2000L;
        }
        long year = number("year", column, value).setScale(0, RoundingMode.HALF_UP).longValue();
        if (year != 0 && year < 100) {
            year = DefaultValues.year(Long.toString(Math.max(0, year)));
        }
        if (year != 0 && (year < FIRST_YEAR || year > LAST_YEAR)) {
            throw ColumnValues.outOfRange(column);
        }
        return year;
    }

    static Object real(ColumnSchema column, Object value) {
        FieldType type = column.type();
        double number =
                value instanceof Double || value instanceof Float
                        ? ((Number) value).doubleValue()
                        : number("double", column, value).doubleValue();
        if (type.decimal() >= 0 && type.flen() > 0 && Double.isFinite(number)) {
            BigDecimal rounded =
                    BigDecimal.valueOf(number).setScale(type.decimal(), RoundingMode.HALF_EVEN);
            if (rounded.precision() - rounded.scale() > type.flen() - type.decimal()) {
                throw ColumnValues.outOfRange(column);
            }
            number = rounded.doubleValue();
        }
        boolean single = type.tp() == FieldType.FLOAT;
        boolean infinite = single ? Float.isInfinite((float) number) : Double.isInfinite(number);
        if (infinite || Double.isNaN(number) || (type.isUnsigned() && number < 0)) {
            throw ColumnValues.outOfRange(column);
        }
        return single ? (Object) (float) number : (Object) number;
    }

    static Object decimal(ColumnSchema column, Object value) {
        FieldType type = column.type();
        int precision = type.length() <= 0 ? DEFAULT_PRECISION : type.length();
        int scale = Math.max(0, type.decimal());
        BigDecimal rounded = number("decimal", column, value).setScale(scale, RoundingMode.HALF_UP);
        if (rounded.precision() - rounded.scale() > precision - scale
                || (type.isUnsigned() && rounded.signum() < 0)) {
            throw ColumnValues.outOfRange(column);
        }
        return rounded;
    }

    static Object bits(ColumnSchema column, Object value) {
        BigInteger bits =
                value instanceof byte[] bytes
                        ? new BigInteger(1, bytes)
                        : value instanceof String text
                                ? new BigInteger(
                                        1, text.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                                : number("bit", column, value)
                                        .setScale(0, RoundingMode.HALF_UP)
                                        .toBigInteger();
        if (bits.signum() < 0 || bits.bitLength() > Math.max(1, column.type().length())) {
            throw ColumnValues.tooLong(column);
        }
        return bits.longValue();
    }

    /** Any value as an exact number. */
    private static BigDecimal number(String kind, ColumnSchema column, Object value) {
        return switch (value) {
            case BigDecimal number -> number;
            case BigInteger number -> new BigDecimal(number);
            case Double number when !Double.isFinite(number) ->
                    throw ColumnValues.outOfRange(column);
            case Double number -> new BigDecimal(number.toString());
            case Float number when !Float.isFinite(number) -> throw ColumnValues.outOfRange(column);
            case Float number -> new BigDecimal(number.toString());
            case Number number -> BigDecimal.valueOf(number.longValue());
            case Boolean truth -> truth ? BigDecimal.ONE : BigDecimal.ZERO;
            case LocalDate date ->
                    BigDecimal.valueOf(
                            (date.getYear() * 100L + date.getMonthValue()) * 100
                                    + date.getDayOfMonth());
            case LocalDateTime time ->
                    new BigDecimal(TextValues.text(time).replaceAll("[- :]", ""));
            default -> parsed(kind, column, value);
        };
    }

    private static BigDecimal parsed(String kind, ColumnSchema column, Object value) {
        String text = TextValues.text(value).strip();
        try {
            BigDecimal number = new BigDecimal(text);
            // A few letters can name a number with a billion digits.
            if (number.precision() - number.scale() > 400 || number.scale() > 400) {
                return number.doubleValue() == 0 ? BigDecimal.ZERO : tooLarge(column);
            }
            return number;
        } catch (NumberFormatException _) {
            throw ColumnValues.incorrect(kind, column, value);
        }
    }

    private static BigDecimal tooLarge(ColumnSchema column) {
        throw ColumnValues.outOfRange(column);
    }

    /** What the bits of a BIGINT UNSIGNED mean. */
    static BigInteger unsigned(long value) {
        BigInteger number = BigInteger.valueOf(value);
        return number.signum() < 0 ? number.add(TWO_POW_64) : number;
    }
}
