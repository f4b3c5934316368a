package io.garrick.query.write;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/** CHAR, VARCHAR, TEXT and their binary brothers. */
final class TextValues {
    private static final DateTimeFormatter TIME =
            new DateTimeFormatterBuilder()
                    .appendPattern("HH:mm:ss")
                    .appendFraction(ChronoField.MICRO_OF_SECOND, 0, 6, true)
                    .toFormatter(Locale.ROOT);
    private static final double LARGEST_PLAIN = 1e15;

    private TextValues() {}

    static Object convert(ColumnSchema column, Object value) {
        return column.type().isBinaryString() ? bytes(column, value) : characters(column, value);
    }

    private static Object bytes(ColumnSchema column, Object value) {
        byte[] bytes = value instanceof byte[] raw ? raw : text(value).getBytes(UTF_8);
        long limit = limit(column.type());
        if (bytes.length > limit) {
            for (int i = (int) limit; i < bytes.length; i++) {
                if (bytes[i] != 0 || column.type().tp() != FieldType.STRING) {
                    throw ColumnValues.tooLong(column);
                }
            }
            return Arrays.copyOf(bytes, (int) limit);
        }
        return bytes;
    }

    private static Object characters(ColumnSchema column, Object value) {
        FieldType type = column.type();
        String text = value instanceof byte[] raw ? decode(column, raw) : text(value);
        boolean counted = type.isVarchar() || type.tp() == FieldType.STRING;
        long length = counted ? text.codePointCount(0, text.length()) : text.getBytes(UTF_8).length;
        long limit = limit(type);
        if (length > limit) {
            // Spaces beyond the end are dropped, whatever the mode.
            int end = counted ? text.offsetByCodePoints(0, (int) limit) : text.length();
            if (!counted || !text.substring(end).chars().allMatch(c -> c == ' ')) {
                throw ColumnValues.tooLong(column);
            }
            text = text.substring(0, end);
        }
        checkCharset(column, text);
        return type.tp() == FieldType.STRING ? trimmed(text) : text;
    }

    /** CHAR keeps no trailing spaces. */
    private static String trimmed(String text) {
        int end = text.length();
        while (end > 0 && text.charAt(end - 1) == ' ') {
            end--;
        }
        return text.substring(0, end);
    }

    /** TiDB keeps every charset's text as UTF-8, but only text the charset has. */
    private static void checkCharset(ColumnSchema column, String text) {
        Charset charset =
                switch (column.type().charset().toLowerCase(Locale.ROOT)) {
                    case "ascii" -> Charset.forName("US-ASCII");
                    case "latin1" -> Charset.forName("windows-1252");
                    case "gbk" -> Charset.forName("GBK");
                    case "gb18030" -> Charset.forName("GB18030");
                    default -> UTF_8;
                };
        if (!charset.newEncoder().canEncode(text)) {
            throw ColumnValues.incorrect("string", column, text);
        }
    }

    private static String decode(ColumnSchema column, byte[] bytes) {
        try {
            return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException _) {
            throw ColumnValues.incorrect("string", column, bytes);
        }
    }

    /** In characters for CHAR and VARCHAR, in bytes for everything else. */
    private static long limit(FieldType type) {
        return switch (type.tp()) {
            case FieldType.TINY_BLOB -> 255;
            case FieldType.BLOB -> type.flen() > 0 ? type.flen() : 65_535;
            case FieldType.MEDIUM_BLOB -> 16_777_215;
            case FieldType.LONG_BLOB -> Integer.MAX_VALUE;
            default -> type.flen() >= 0 ? type.flen() : 1;
        };
    }

    /** A value as MySQL prints it. */
    static String text(Object value) {
        return switch (value) {
            case String text -> text;
            case BigDecimal number -> number.toPlainString();
            case Float number -> real(number, number.toString());
            case Double number -> real(number, number.toString());
            case Boolean truth -> truth ? "1" : "0";
            case LocalDate date -> date.toString();
            case LocalDateTime time -> time.toLocalDate() + " " + TIME.format(time.toLocalTime());
            case LocalTime time -> TIME.format(time);
            case byte[] bytes -> "0x" + HexFormat.of().formatHex(bytes);
            default -> value.toString();
        };
    }

    private static String real(double number, String text) {
        return Math.abs(number) < LARGEST_PLAIN && (number == 0 || Math.abs(number) >= 1e-15)
                ? new BigDecimal(text).stripTrailingZeros().toPlainString()
                : text.replace("E", "e").replace(".0e", "e");
    }
}
