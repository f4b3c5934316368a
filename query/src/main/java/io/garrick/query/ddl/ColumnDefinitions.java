package io.garrick.query.ddl;

import com.alibaba.druid.sql.SQLUtils;
import com.alibaba.druid.sql.ast.SQLExpr;
import com.alibaba.druid.sql.ast.expr.SQLBinaryExpr;
import com.alibaba.druid.sql.ast.expr.SQLBooleanExpr;
import com.alibaba.druid.sql.ast.expr.SQLCharExpr;
import com.alibaba.druid.sql.ast.expr.SQLHexExpr;
import com.alibaba.druid.sql.ast.expr.SQLIdentifierExpr;
import com.alibaba.druid.sql.ast.expr.SQLMethodInvokeExpr;
import com.alibaba.druid.sql.ast.expr.SQLNullExpr;
import com.alibaba.druid.sql.ast.expr.SQLNumericLiteralExpr;
import com.alibaba.druid.sql.ast.expr.SQLTextLiteralExpr;
import com.alibaba.druid.sql.ast.expr.SQLUnaryExpr;
import com.alibaba.druid.sql.ast.statement.SQLColumnConstraint;
import com.alibaba.druid.sql.ast.statement.SQLColumnDefinition;
import com.alibaba.druid.sql.ast.statement.SQLColumnPrimaryKey;
import com.alibaba.druid.sql.ast.statement.SQLColumnUniqueKey;
import com.alibaba.druid.sql.ast.statement.SQLNotNullConstraint;
import com.alibaba.druid.sql.ast.statement.SQLNullConstraint;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.SchemaState;
import io.garrick.query.ddl.ColumnTypes.Charsets;
import io.garrick.query.ddl.ColumnTypes.Refused;
import io.garrick.query.write.ColumnDefaults;
import java.math.BigInteger;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One column of CREATE or ALTER TABLE. */
final class ColumnDefinitions {
    /** ON UPDATE CURRENT_TIMESTAMP (TiDB, pkg/parser/mysql/type.go, OnUpdateNowFlag). */
    private static final long ON_UPDATE_NOW_FLAG = 1 << 13;

    private final ColumnTypes types;

    /**
     * A column, and what its definition says of keys.
     *
     * @param column with id 0
     */
    record Defined(ColumnSchema column, boolean primaryKey, boolean uniqueKey, boolean nullable) {}

    private record DefaultText(@Nullable String text, @Nullable String bits, boolean isNull) {
        static final DefaultText NULL = new DefaultText(null, null, true);

        static DefaultText of(String text) {
            return new DefaultText(text, null, false);
        }
    }

    ColumnDefinitions(Charsets charsets) {
        this.types = new ColumnTypes(charsets);
    }

    Defined of(SQLColumnDefinition definition) {
        String name = DdlParser.nameOf(definition.getName());
        if (definition.getDataType() == null) {
            throw new Refused("column '" + name + "' needs a type");
        }
        if (definition.getGeneratedAlwaysAs() != null) {
            throw new Refused("generated column '" + name + "' is not supported");
        }
        FieldType type =
                types.of(
                        name,
                        definition.getDataType(),
                        text(definition.getCharsetExpr()),
                        text(definition.getCollateExpr()));
        long flags = type.flag();
        boolean notNull = false;
        boolean nullable = false;
        boolean primary = false;
        boolean unique = false;
        for (SQLColumnConstraint constraint : definition.getConstraints()) {
            switch (constraint) {
                case SQLNotNullConstraint _ -> notNull = true;
                case SQLNullConstraint _ -> nullable = true;
                case SQLColumnPrimaryKey _ -> primary = true;
                case SQLColumnUniqueKey _ -> unique = true;
                default ->
                        throw new Refused("a constraint of column '" + name + "' is not supported");
            }
        }
        if (definition.isAutoIncrement()) {
            if (!type.isInteger()) {
                throw new Refused("Incorrect column specifier for column '" + name + "'");
            }
            flags |= FieldType.AUTO_INCREMENT_FLAG;
            notNull = true;
        }
        if (definition.getOnUpdate() != null) {
            flags |= ON_UPDATE_NOW_FLAG;
        }
        if (notNull || primary) {
            flags |= FieldType.NOT_NULL_FLAG;
        }
        DefaultText value =
                definition.getDefaultExpr() == null
                        ? null
                        : defaultOf(name, type, definition.getDefaultExpr());
        if (value != null && value.isNull() && (notNull || primary)) {
            throw new Refused("Invalid default value for '" + name + "'");
        }
        boolean noDefault = value == null && (flags & FieldType.NOT_NULL_FLAG) != 0;
        if (noDefault && !definition.isAutoIncrement()) {
            flags |= FieldType.NO_DEFAULT_VALUE_FLAG;
        }
        ColumnSchema column =
                column(name, withFlags(type, flags), value, text(definition.getComment()));
        ColumnDefaults.check(column);
        return new Defined(column, primary, unique, nullable);
    }

    private static ColumnSchema column(
            String name, FieldType type, @Nullable DefaultText value, @Nullable String comment) {
        return new ColumnSchema(
                0,
                name,
                0,
                type,
                SchemaState.PUBLIC,
                null,
                null,
                value == null ? null : value.text(),
                value == null ? null : value.bits(),
                false,
                "",
                false,
                false,
                comment == null ? "" : comment,
                2);
    }

    static FieldType withFlags(FieldType type, long flags) {
        return new FieldType(
                type.tp(),
                flags,
                type.flen(),
                type.decimal(),
                type.charset(),
                type.collate(),
                type.elems(),
                type.array());
    }

    /** The column with another DEFAULT; null takes it away. */
    static ColumnSchema withDefault(String name, FieldType type, @Nullable SQLExpr expression) {
        DefaultText value = expression == null ? null : defaultOf(name, type, expression);
        return column(name, type, value, null);
    }

    private static DefaultText defaultOf(String name, FieldType type, SQLExpr expression) {
        return switch (expression) {
            case SQLNullExpr _ -> DefaultText.NULL;
            case SQLBinaryExpr bits -> bits(name, type, new BigInteger(bits.getText(), 2));
            case SQLHexExpr hex -> bits(name, type, new BigInteger(hex.getHex(), 16));
            case SQLNumericLiteralExpr number when type.tp() == FieldType.BIT ->
                    bits(name, type, new BigInteger(number.getNumber().toString()));
            case SQLNumericLiteralExpr number -> DefaultText.of(number.getNumber().toString());
            case SQLBooleanExpr truth -> DefaultText.of(truth.getBooleanValue() ? "1" : "0");
            case SQLTextLiteralExpr text -> DefaultText.of(text.getText());
            case SQLUnaryExpr unary when unary.getExpr() instanceof SQLNumericLiteralExpr number ->
                    DefaultText.of(unary.getOperator().name + number.getNumber());
            case SQLMethodInvokeExpr call -> now(name, type, call.toString());
            case SQLIdentifierExpr word -> now(name, type, word.getName());
            default -> throw new Refused("Invalid default value for '" + name + "'");
        };
    }

    private static DefaultText now(String name, FieldType type, String text) {
        String word = text.toUpperCase(Locale.ROOT).replace("()", "");
        int open = word.indexOf('(');
        String function = open < 0 ? word : word.substring(0, open);
        boolean known =
                switch (function) {
                    case "CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP" -> true;
                    default -> false;
                };
        boolean takes = type.tp() == FieldType.TIMESTAMP || type.tp() == FieldType.DATETIME;
        if (!known || !takes) {
            throw new Refused("Invalid default value for '" + name + "'");
        }
        return DefaultText.of("CURRENT_TIMESTAMP" + (open < 0 ? "" : word.substring(open)));
    }

    private static DefaultText bits(String name, FieldType type, BigInteger value) {
        if (type.tp() != FieldType.BIT) {
            return DefaultText.of(value.toString());
        }
        if (value.bitLength() > type.length()) {
            throw new Refused("Invalid default value for '" + name + "'");
        }
        byte[] bytes = new byte[(type.length() + 7) / 8];
        for (int i = 0; i < bytes.length; i++) {
            bytes[bytes.length - 1 - i] = value.shiftRight(8 * i).byteValue();
        }
        return new DefaultText(null, Base64.getEncoder().encodeToString(bytes), false);
    }

    private static @Nullable String text(@Nullable SQLExpr expression) {
        return switch (expression) {
            case null -> null;
            case SQLCharExpr text -> text.getText();
            default -> SQLUtils.normalize(expression.toString());
        };
    }
}
