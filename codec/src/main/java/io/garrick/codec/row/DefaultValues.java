package io.garrick.codec.row;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.value.DecimalBinary;
import io.garrick.codec.value.Durations;
import io.garrick.codec.value.JsonBinary;
import io.garrick.codec.value.PackedTime;
import io.garrick.codec.value.VectorFloat32;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a column reads as in rows that do not have it, in the form of row format v2.
 *
 * <p>The text rules are TiFlash's (dbms/src/TiDB/Schema/TiDB.cpp); text that cannot be read becomes
 * the type's zero value.
 */
public final class DefaultValues {
    private static final Pattern TIME =
            Pattern.compile(
                    "(\\d{1,4})-(\\d{1,2})-(\\d{1,2})"
                            + "(?:[ T](\\d{1,2}):(\\d{1,2}):(\\d{1,2})(?:\\.(\\d{1,9}))?)?");

    private DefaultValues() {}

    /** The value of rows written before the column was added; empty if the column names none. */
    public static Optional<byte[]> origin(ColumnSchema column) {
        FieldType type = column.type();
        if (type.tp() == FieldType.BIT && column.originDefaultBit() != null) {
            return Optional.of(bit(column.originDefaultBit()));
        }
        String text = column.originDefault();
        if (text == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(parse(type, text));
        } catch (IllegalArgumentException | ArithmeticException unreadable) {
            return Optional.of(zero(type));
        }
    }

    /** The type's zero value. */
    public static byte[] zero(FieldType type) {
        return switch (type.tp()) {
            case FieldType.FLOAT, FieldType.DOUBLE -> RowValues.real(0);
            case FieldType.NEW_DECIMAL -> decimal(type, BigDecimal.ZERO);
            case FieldType.JSON -> JsonBinary.nullDocument();
            case FieldType.VECTOR_FLOAT32 -> VectorFloat32.encode(new float[0]);
            case FieldType.ENUM -> RowValues.unsigned(1);
            default -> type.isString() ? padded(type, new byte[0]) : RowValues.unsigned(0);
        };
    }

    private static byte[] parse(FieldType type, String text) {
        if (type.isInteger()) {
            return integer(type, text);
        }
        if (type.isString()) {
            return padded(type, text.getBytes(UTF_8));
        }
        if (type.isPackedTime()) {
            return RowValues.unsigned(packedTime(text));
        }
        return switch (type.tp()) {
            case FieldType.FLOAT, FieldType.DOUBLE -> RowValues.real(Double.parseDouble(text));
            case FieldType.NEW_DECIMAL ->
                    decimal(type, text.isEmpty() ? BigDecimal.ZERO : new BigDecimal(text));
            case FieldType.DURATION -> RowValues.signed(Durations.parse(text));
            case FieldType.YEAR -> RowValues.signed(year(text));
            case FieldType.ENUM -> RowValues.unsigned(enumNumber(type, text));
            case FieldType.SET -> RowValues.unsigned(setBits(type, text));
            case FieldType.BIT -> bit(text);
            default -> zero(type);
        };
    }

    private static byte[] integer(FieldType type, String text) {
        BigInteger value;
        try {
            value = new BigInteger(text);
        } catch (NumberFormatException notWhole) {
            // Older servers wrote the defaults of int columns as "1.0".
            value = new BigDecimal(text).setScale(0, RoundingMode.HALF_UP).toBigInteger();
        }
        return type.isUnsigned()
                ? RowValues.unsigned(value.longValue())
                : RowValues.signed(value.longValue());
    }

    private static byte[] decimal(FieldType type, BigDecimal value) {
        return DecimalBinary.encode(value, ArrowTypes.precision(type), ArrowTypes.scale(type));
    }

    /** BINARY(n) is as long as it says. */
    static byte[] padded(FieldType type, byte[] bytes) {
        boolean pads = type.tp() == FieldType.STRING && type.isBinaryString();
        return pads && bytes.length < type.length() ? Arrays.copyOf(bytes, type.length()) : bytes;
    }

    private static long packedTime(String text) {
        Matcher parts = TIME.matcher(text.strip());
        if (!parts.matches()) {
            throw new IllegalArgumentException("not a time: " + text);
        }
        String fraction = parts.group(7) == null ? "" : parts.group(7);
        return new PackedTime(
                        Integer.parseInt(parts.group(1)),
                        Integer.parseInt(parts.group(2)),
                        Integer.parseInt(parts.group(3)),
                        number(parts, 4),
                        number(parts, 5),
                        number(parts, 6),
                        Integer.parseInt((fraction + "000000").substring(0, 6)))
                .packed();
    }

    private static int number(Matcher parts, int group) {
        String text = parts.group(group);
        return text == null ? 0 : Integer.parseInt(text);
    }

    /** The year that the text of a YEAR default means. */
    public static int year(String text) {
        if (text.isEmpty() || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return 0;
        }
        int number = Integer.parseInt(text);
        if (text.length() >= 3 && number == 0) {
            return 0;
        }
        if (number < 70) {
            return 2000 + number;
        }
        return number < 100 ? 1900 + number : number;
    }

    private static long enumNumber(FieldType type, String text) {
        for (int i = 0; i < type.elems().size(); i++) {
            if (sameMember(type, type.elems().get(i), text)) {
                return i + 1L;
            }
        }
        return Long.parseLong(text);
    }

    private static long setBits(FieldType type, String text) {
        if (text.isEmpty()) {
            return 0;
        }
        long bits = 0;
        for (String part : text.split(",", -1)) {
            int found = -1;
            for (int i = 0; i < type.elems().size(); i++) {
                if (sameMember(type, type.elems().get(i), part)) {
                    found = i;
                }
            }
            if (found < 0) {
                return Long.parseLong(text);
            }
            bits |= 1L << found;
        }
        return bits;
    }

    private static boolean sameMember(FieldType type, String member, String text) {
        return type.collate().toLowerCase(Locale.ROOT).endsWith("_ci")
                ? member.equalsIgnoreCase(text)
                : member.equals(text);
    }

    private static byte[] bit(String base64) {
        byte[] bytes = Base64.getDecoder().decode(base64);
        return RowValues.unsigned(new BigInteger(1, bytes).longValue());
    }
}
