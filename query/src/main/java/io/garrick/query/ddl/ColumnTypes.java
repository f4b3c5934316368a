package io.garrick.query.ddl;

import com.alibaba.druid.sql.SQLUtils;
import com.alibaba.druid.sql.ast.SQLDataType;
import com.alibaba.druid.sql.ast.SQLDataTypeImpl;
import com.alibaba.druid.sql.ast.SQLExpr;
import com.alibaba.druid.sql.ast.expr.SQLCharExpr;
import com.alibaba.druid.sql.ast.expr.SQLIntegerExpr;
import com.alibaba.druid.sql.ast.statement.SQLCharacterDataType;
import io.garrick.codec.schema.FieldType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Column types as TiDB describes them, with its default lengths (TiDB, pkg/parser/mysql/util.go).
 */
final class ColumnTypes {
    private static final int LARGEST_PRECISION = 65;
    private static final int LARGEST_SCALE = 30;
    private static final int LARGEST_VECTOR = 16_383;
    private static final long LARGEST_VARCHAR_BYTES = 65_535;

    private final Charsets charsets;

    /** A charset and one of its collations. */
    record Charsets(String charset, String collate) {}

    /**
     * @param charsets of strings that name none
     */
    ColumnTypes(Charsets charsets) {
        this.charsets = charsets;
    }

    /** Why a type is refused. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * The type of column {@code name}; flags but for the unsigned one are the caller's to add.
     *
     * @param collate of the column definition, behind the type; null if it names none
     * @throws Refused there is no such type
     */
    FieldType of(
            String name, SQLDataType type, @Nullable String charset, @Nullable String collate) {
        String word = type.getName().toUpperCase(Locale.ROOT);
        long unsigned =
                type instanceof SQLDataTypeImpl numeric
                                && (numeric.isUnsigned() || numeric.isZerofill())
                        ? FieldType.UNSIGNED_FLAG
                        : 0;
        boolean isUnsigned = unsigned != 0;
        return switch (word) {
            case "TINYINT", "INT1" -> whole(type, FieldType.TINY, unsigned, isUnsigned ? 3 : 4);
            case "BOOL", "BOOLEAN" -> FieldType.of(FieldType.TINY, 0, 1, 0);
            case "SMALLINT", "INT2" -> whole(type, FieldType.SHORT, unsigned, isUnsigned ? 5 : 6);
            case "MEDIUMINT", "INT3", "MIDDLEINT" ->
                    whole(type, FieldType.INT24, unsigned, isUnsigned ? 8 : 9);
            case "INT", "INTEGER", "INT4" ->
                    whole(type, FieldType.LONG, unsigned, isUnsigned ? 10 : 11);
            case "BIGINT", "INT8" -> whole(type, FieldType.LONGLONG, unsigned, 20);
            case "DECIMAL", "NUMERIC", "DEC", "FIXED" -> decimal(name, type, unsigned);
            case "FLOAT" -> real(name, type, FieldType.FLOAT, unsigned);
            case "FLOAT4" -> FieldType.of(FieldType.FLOAT, unsigned, 12, -1);
            case "DOUBLE", "DOUBLE PRECISION", "REAL", "FLOAT8" ->
                    real(name, type, FieldType.DOUBLE, unsigned);
            case "BIT" -> bit(name, type);
            case "YEAR" -> FieldType.of(FieldType.YEAR, 0, 4, 0);
            case "DATE" -> FieldType.of(FieldType.DATE, FieldType.BINARY_FLAG, 10, 0);
            case "DATETIME" -> time(name, type, FieldType.DATETIME, 19);
            case "TIMESTAMP" -> time(name, type, FieldType.TIMESTAMP, 19);
            case "TIME" -> time(name, type, FieldType.DURATION, 10);
            case "JSON" ->
                    new FieldType(
                            FieldType.JSON,
                            FieldType.BINARY_FLAG,
                            4_294_967_295L,
                            0,
                            FieldType.BINARY,
                            FieldType.BINARY,
                            List.of(),
                            false);
            case "VECTOR" -> vector(name, type);
            case "ENUM" -> members(name, type, FieldType.ENUM, charset, collate);
            case "SET" -> members(name, type, FieldType.SET, charset, collate);
            case "BINARY" -> bytes(name, FieldType.STRING, argument(type, 0, 1), 255);
            case "VARBINARY", "BINARY VARYING" ->
                    bytes(name, FieldType.VARCHAR, required(name, type), 65_535);
            case "TINYBLOB" -> bytes(name, FieldType.TINY_BLOB, 255, 255);
            case "BLOB" -> bytes(name, FieldType.BLOB, 65_535, 65_535);
            case "MEDIUMBLOB", "LONG VARBINARY" ->
                    bytes(name, FieldType.MEDIUM_BLOB, 16_777_215, 16_777_215);
            case "LONGBLOB" -> bytes(name, FieldType.LONG_BLOB, 4_294_967_295L, 4_294_967_295L);
            case "CHAR", "CHARACTER", "NCHAR", "NATIONAL CHAR" ->
                    text(name, type, FieldType.STRING, argument(type, 0, 1), charset, collate);
            case "VARCHAR", "CHARACTER VARYING", "CHAR VARYING", "NVARCHAR", "NATIONAL VARCHAR" ->
                    text(name, type, FieldType.VARCHAR, required(name, type), charset, collate);
            case "TINYTEXT" -> text(name, type, FieldType.TINY_BLOB, 255, charset, collate);
            case "TEXT" -> text(name, type, FieldType.BLOB, 65_535, charset, collate);
            case "MEDIUMTEXT", "LONG" ->
                    text(name, type, FieldType.MEDIUM_BLOB, 16_777_215, charset, collate);
            case "LONGTEXT" ->
                    text(name, type, FieldType.LONG_BLOB, 4_294_967_295L, charset, collate);
            default -> throw new Refused("unknown type " + type.getName());
        };
    }

    private static FieldType whole(SQLDataType type, int tp, long unsigned, long width) {
        return FieldType.of(tp, unsigned, argument(type, 0, width), 0);
    }

    private static FieldType decimal(String name, SQLDataType type, long unsigned) {
        long precision = argument(type, 0, 10);
        long scale = argument(type, 1, 0);
        if (precision > LARGEST_PRECISION) {
            throw new Refused(
                    "Too-big precision "
                            + precision
                            + " specified for '"
                            + name
                            + "'. Maximum is 65.");
        }
        if (scale > LARGEST_SCALE) {
            throw new Refused(
                    "Too big scale "
                            + scale
                            + " specified for column '"
                            + name
                            + "'. Maximum is 30.");
        }
        if (scale > precision) {
            throw new Refused(
                    "For float(M,D), double(M,D) or decimal(M,D), M must be >= D (column '"
                            + name
                            + "').");
        }
        return FieldType.of(
                FieldType.NEW_DECIMAL, unsigned, precision == 0 ? 10 : precision, (int) scale);
    }

    /** FLOAT(p) with one argument only chooses between the two. */
    private static FieldType real(String name, SQLDataType type, int tp, long unsigned) {
        int width = tp == FieldType.FLOAT ? 12 : 22;
        if (type.getArguments().size() >= 2) {
            long digits = argument(type, 0, width);
            long scale = argument(type, 1, 0);
            if (scale > digits || digits > 255 || scale > LARGEST_SCALE) {
                throw new Refused("Incorrect column specifier for column '" + name + "'");
            }
            return FieldType.of(tp, unsigned, digits, (int) scale);
        }
        long precision = argument(type, 0, 0);
        if (precision > 53) {
            throw new Refused("Incorrect column specifier for column '" + name + "'");
        }
        return precision > 24
                ? FieldType.of(FieldType.DOUBLE, unsigned, 22, -1)
                : FieldType.of(tp, unsigned, width, -1);
    }

    private static FieldType bit(String name, SQLDataType type) {
        long length = argument(type, 0, 1);
        if (length < 1 || length > 64) {
            throw new Refused("Invalid size for column '" + name + "'.");
        }
        return FieldType.of(FieldType.BIT, FieldType.UNSIGNED_FLAG, length, 0);
    }

    private static FieldType time(String name, SQLDataType type, int tp, long width) {
        long fsp = argument(type, 0, 0);
        if (fsp > 6) {
            throw new Refused(
                    "Too-big precision " + fsp + " specified for '" + name + "'. Maximum is 6.");
        }
        return FieldType.of(
                tp, FieldType.BINARY_FLAG, fsp == 0 ? width : width + 1 + fsp, (int) fsp);
    }

    private static FieldType vector(String name, SQLDataType type) {
        long dimensions = argument(type, 0, -1);
        if (dimensions == 0 || dimensions > LARGEST_VECTOR) {
            throw new Refused(
                    "vector cannot have " + dimensions + " dimensions (column '" + name + "')");
        }
        return FieldType.of(FieldType.VECTOR_FLOAT32, 0, dimensions, 0);
    }

    private FieldType members(
            String name,
            SQLDataType type,
            int tp,
            @Nullable String charset,
            @Nullable String collate) {
        List<String> members = new ArrayList<>();
        for (SQLExpr argument : type.getArguments()) {
            if (!(argument instanceof SQLCharExpr text)) {
                throw new Refused("Unknown member of column '" + name + "'");
            }
            members.add(text.getText().stripTrailing());
        }
        if (members.isEmpty() || (tp == FieldType.SET && members.size() > 64)) {
            throw new Refused("Incorrect number of members for column '" + name + "'");
        }
        if (members.stream().distinct().count() < members.size()) {
            throw new Refused("Column '" + name + "' has a duplicated value in its members");
        }
        Charsets chosen = charsets(type, charset, collate);
        return new FieldType(tp, 0, -1, 0, chosen.charset(), chosen.collate(), members, false);
    }

    private static FieldType bytes(String name, int tp, long length, long most) {
        if (length > most) {
            throw new Refused(
                    "Column length too big for column '" + name + "' (max = " + most + ")");
        }
        return FieldType.of(tp, FieldType.BINARY_FLAG, length, 0);
    }

    private FieldType text(
            String name,
            SQLDataType type,
            int tp,
            long length,
            @Nullable String charset,
            @Nullable String collate) {
        Charsets chosen = charsets(type, charset, collate);
        long most =
                switch (tp) {
                    case FieldType.STRING -> 255;
                    case FieldType.VARCHAR -> LARGEST_VARCHAR_BYTES / bytesPerCharacter(chosen);
                    default -> length;
                };
        if (length > most) {
            throw new Refused(
                    "Column length too big for column '" + name + "' (max = " + most + ")");
        }
        if (chosen.charset().equals(FieldType.BINARY)) {
            return bytes(name, tp, length, Math.max(length, most));
        }
        return new FieldType(
                tp, 0, length, 0, chosen.charset(), chosen.collate(), List.of(), false);
    }

    private static int bytesPerCharacter(Charsets charsets) {
        return switch (charsets.charset()) {
            case "utf8mb4", "gb18030" -> 4;
            case "utf8" -> 3;
            case "gbk" -> 2;
            default -> 1;
        };
    }

    private Charsets charsets(
            SQLDataType type, @Nullable String charset, @Nullable String collate) {
        String ownCharset = charset;
        String ownCollate = collate;
        boolean binary = false;
        if (type instanceof SQLCharacterDataType text) {
            ownCharset = text.getCharSetName() == null ? ownCharset : text.getCharSetName();
            ownCollate = text.getCollate() == null ? ownCollate : text.getCollate();
            binary = text.isHasBinary();
        }
        Charsets chosen = choose(ownCharset, ownCollate, charsets);
        return binary && ownCollate == null
                ? new Charsets(chosen.charset(), chosen.charset() + "_bin")
                : chosen;
    }

    /**
     * A charset and a collation that fit each other, of which either may be missing.
     *
     * @throws Refused they do not fit, or are not known
     */
    static Charsets choose(@Nullable String charset, @Nullable String collate, Charsets otherwise) {
        if (charset == null && collate == null) {
            return otherwise;
        }
        if (collate == null) {
            String name = canonical(charset);
            return new Charsets(name, defaultCollation(name));
        }
        String collation = SQLUtils.normalize(collate).toLowerCase(Locale.ROOT);
        collation = collation.startsWith("utf8mb3_") ? "utf8_" + collation.substring(8) : collation;
        String of = collation.equals("binary") ? "binary" : collation.split("_", 2)[0];
        canonical(of);
        if (charset != null && !canonical(charset).equals(of)) {
            throw new Refused(
                    "COLLATION '" + collate + "' is not valid for CHARACTER SET '" + charset + "'");
        }
        if (!Collations.KNOWN.contains(collation)) {
            throw new Refused("Unknown collation: '" + collate + "'");
        }
        return new Charsets(of, collation);
    }

    private static String canonical(@Nullable String charset) {
        String name = SQLUtils.normalize(String.valueOf(charset)).toLowerCase(Locale.ROOT);
        return switch (name) {
            case "utf8mb4", "latin1", "ascii", "binary", "gbk", "gb18030" -> name;
            case "utf8", "utf8mb3" -> "utf8";
            default -> throw new Refused("Unknown character set: '" + charset + "'");
        };
    }

    /** TiDB's defaults are the binary ones, but for Chinese (TiDB, pkg/parser/charset). */
    private static String defaultCollation(String charset) {
        return switch (charset) {
            case "binary" -> "binary";
            case "gbk", "gb18030" -> charset + "_chinese_ci";
            default -> charset + "_bin";
        };
    }

    private static long required(String name, SQLDataType type) {
        if (type.getArguments().isEmpty()) {
            throw new Refused(type.getName() + " of column '" + name + "' needs a length");
        }
        return argument(type, 0, 0);
    }

    private static long argument(SQLDataType type, int index, long otherwise) {
        if (type.getArguments().size() <= index) {
            return otherwise;
        }
        if (type.getArguments().get(index) instanceof SQLIntegerExpr number
                && number.getNumber().longValue() >= 0) {
            return number.getNumber().longValue();
        }
        throw new Refused("wrong length of type " + type);
    }
}
