package io.garrick.codec.schema;

import java.util.List;
import java.util.Optional;

/**
 * A column's type as TiDB writes it (TiDB, pkg/parser/types/field_type.go).
 *
 * @param flen display length as written: unspecified is -1, or 4294967295 in some documents
 * @param decimal fraction digits; -1 is unspecified
 * @param elems members of an enum or a set, else empty
 * @param array a hidden column of a multi-valued index; its values are JSON
 */
public record FieldType(
        int tp,
        long flag,
        long flen,
        int decimal,
        String charset,
        String collate,
        List<String> elems,
        boolean array) {
    public static final int TINY = 0x01;
    public static final int SHORT = 0x02;
    public static final int LONG = 0x03;
    public static final int FLOAT = 0x04;
    public static final int DOUBLE = 0x05;
    public static final int NULL = 0x06;
    public static final int TIMESTAMP = 0x07;
    public static final int LONGLONG = 0x08;
    public static final int INT24 = 0x09;
    public static final int DATE = 0x0a;
    public static final int DURATION = 0x0b;
    public static final int DATETIME = 0x0c;
    public static final int YEAR = 0x0d;
    public static final int NEW_DATE = 0x0e;
    public static final int VARCHAR = 0x0f;
    public static final int BIT = 0x10;
    public static final int VECTOR_FLOAT32 = 0xe1;
    public static final int JSON = 0xf5;
    public static final int NEW_DECIMAL = 0xf6;
    public static final int ENUM = 0xf7;
    public static final int SET = 0xf8;
    public static final int TINY_BLOB = 0xf9;
    public static final int MEDIUM_BLOB = 0xfa;
    public static final int LONG_BLOB = 0xfb;
    public static final int BLOB = 0xfc;
    public static final int VAR_STRING = 0xfd;
    public static final int STRING = 0xfe;
    public static final int GEOMETRY = 0xff;

    public static final long NOT_NULL_FLAG = 1;
    public static final long PRIMARY_KEY_FLAG = 1 << 1;
    public static final long UNIQUE_KEY_FLAG = 1 << 2;
    public static final long UNSIGNED_FLAG = 1 << 5;
    public static final long BINARY_FLAG = 1 << 7;
    public static final long AUTO_INCREMENT_FLAG = 1 << 9;
    public static final long NO_DEFAULT_VALUE_FLAG = 1 << 12;

    /** Digits of a DECIMAL that names none. */
    public static final int DEFAULT_DECIMAL_PRECISION = 10;

    private static final int LARGEST_DECIMAL = 65;
    private static final int LARGEST_SCALE = 30;
    private static final int LARGEST_ENUM = 0xffff;

    public static final String BINARY = "binary";

    /** The default collation of TiDB. */
    public static final String UTF8MB4_BIN = "utf8mb4_bin";

    public FieldType {
        elems = List.copyOf(elems);
    }

    /** A number or a time: charset and collation are {@code binary}. */
    public static FieldType of(int tp, long flag, long flen, int decimal) {
        return new FieldType(tp, flag, flen, decimal, BINARY, BINARY, List.of(), false);
    }

    /** Text in utf8mb4 with {@code collate}. */
    public static FieldType text(int tp, long flag, long flen, String collate) {
        return new FieldType(tp, flag, flen, 0, "utf8mb4", collate, List.of(), false);
    }

    /** An enum or a set. */
    public static FieldType members(int tp, long flag, List<String> elems) {
        return new FieldType(tp, flag, -1, 0, "utf8mb4", UTF8MB4_BIN, elems, false);
    }

    /** {@link #flen} as TiDB holds it: both spellings of "unspecified" become -1. */
    public int length() {
        return (int) flen;
    }

    public boolean hasFlag(long bit) {
        return (flag & bit) != 0;
    }

    public boolean isNotNull() {
        return hasFlag(NOT_NULL_FLAG);
    }

    public boolean isUnsigned() {
        return hasFlag(UNSIGNED_FLAG);
    }

    public boolean isInteger() {
        return switch (tp) {
            case TINY, SHORT, INT24, LONG, LONGLONG -> true;
            default -> false;
        };
    }

    /**
     * What is wrong with the type: a number that no server writes, or digits and members beyond
     * what SQL allows. Empty if nothing is.
     */
    public Optional<String> complaint() {
        boolean isKnown =
                switch (tp) {
                    case TINY,
                            SHORT,
                            LONG,
                            FLOAT,
                            DOUBLE,
                            NULL,
                            TIMESTAMP,
                            LONGLONG,
                            INT24,
                            DATE,
                            DURATION,
                            DATETIME,
                            YEAR,
                            NEW_DATE,
                            VARCHAR,
                            BIT,
                            VECTOR_FLOAT32,
                            JSON,
                            NEW_DECIMAL,
                            ENUM,
                            SET,
                            TINY_BLOB,
                            MEDIUM_BLOB,
                            LONG_BLOB,
                            BLOB,
                            VAR_STRING,
                            STRING,
                            GEOMETRY ->
                            true;
                    default -> false;
                };
        if (!isKnown) {
            return Optional.of("unknown type " + tp);
        }
        if (tp == NEW_DECIMAL) {
            int precision = length() <= 0 ? DEFAULT_DECIMAL_PRECISION : length();
            if (precision > LARGEST_DECIMAL || decimal > LARGEST_SCALE || decimal > precision) {
                return Optional.of("decimal(" + precision + "," + decimal + ")");
            }
        }
        boolean tooMany = elems.size() > (tp == SET ? Long.SIZE : LARGEST_ENUM);
        return tooMany ? Optional.of(elems.size() + " members") : Optional.empty();
    }

    /** CHAR, VARCHAR, TEXT and their binary brothers. */
    public boolean isString() {
        return switch (tp) {
            case VARCHAR, VAR_STRING, STRING, TINY_BLOB, BLOB, MEDIUM_BLOB, LONG_BLOB -> true;
            default -> false;
        };
    }

    public boolean isVarchar() {
        return tp == VARCHAR || tp == VAR_STRING;
    }

    /** A string of bytes, not of characters. */
    public boolean isBinaryString() {
        return isString() && (charset.equals(BINARY) || collate.equals(BINARY));
    }

    public boolean isDate() {
        return tp == DATE || tp == NEW_DATE;
    }

    /** Stored as a packed number: DATE, DATETIME, TIMESTAMP. */
    public boolean isPackedTime() {
        return isDate() || tp == DATETIME || tp == TIMESTAMP;
    }

    /** Fraction digits of a time type, 0 to 6. */
    public int fsp() {
        return decimal < 0 ? 6 : Math.min(decimal, 6);
    }

    /**
     * Whether a key holds only the sort key of such a string, so that the row value keeps the text
     * (TiKV, tidb_query_datatype/src/def/field_type.rs).
     */
    public boolean needsRestoredData(boolean newCollation) {
        if (!newCollation
                || !isString()
                || isBinaryString()
                || collate.equals("utf8mb4_0900_bin")) {
            return false;
        }
        return !isTrimmingOnly() || isVarchar();
    }

    /** Collations whose sort key is the text without trailing spaces. */
    public boolean isTrimmingOnly() {
        return switch (collate) {
            case "utf8mb4_bin", "utf8_bin", "latin1_bin", "ascii_bin" -> true;
            default -> false;
        };
    }
}
