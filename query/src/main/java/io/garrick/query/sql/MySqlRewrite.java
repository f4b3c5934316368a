package io.garrick.query.sql;

import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.sql.SqlText.Token;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.calcite.sql.SqlBasicTypeNameSpec;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlUserDefinedTypeNameSpec;
import org.apache.calcite.sql.fun.SqlCase;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.util.SqlShuttle;
import org.jspecify.annotations.Nullable;

/** MySQL's spellings in the words of standard SQL: first in the text, then in the parse tree. */
final class MySqlRewrite extends SqlShuttle {
    /** MySQL's DATEDIFF; the parser keeps that name for a function with a unit. */
    static final String DAYS_BETWEEN = "DAYSDIFF";

    /** MySQL's DIV. */
    static final String INT_DIV = "INT_DIV";

    private static final String VERSION = "8.0.11-Garrick";

    private final Optional<String> database;

    private MySqlRewrite(Optional<String> database) {
        this.database = database;
    }

    /** Replaces words by words of the same length, so that positions stay the user's. */
    static String words(String sql) {
        StringBuilder text = new StringBuilder(sql);
        List<Token> tokens = SqlText.tokens(sql);
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            boolean called = i + 1 < tokens.size() && tokens.get(i + 1).isSymbol("(");
            if (token.is("REGEXP")) {
                text.replace(token.start(), token.end(), "RLIKE ");
            } else if (token.is("DATEDIFF") && called) {
                text.replace(token.start(), token.end(), DAYS_BETWEEN);
            }
        }
        return text.toString();
    }

    static SqlNode tree(SqlNode statement, Optional<String> database) {
        SqlNode rewritten = statement.accept(new MySqlRewrite(database));
        if (rewritten == null) {
            throw new IllegalStateException("a statement vanished while it was rewritten");
        }
        return rewritten;
    }

    @Override
    public @Nullable SqlNode visit(SqlCall call) {
        SqlNode visited = super.visit(call);
        if (!(visited instanceof SqlCall rewritten)) {
            return visited;
        }
        String name = rewritten.getOperator().getName().toUpperCase(Locale.ROOT);
        int count = rewritten.operandCount();
        SqlParserPos at = rewritten.getParserPosition();
        return switch (name) {
            case "DATE_FORMAT", "STR_TO_DATE" -> count == 2 ? format(rewritten) : rewritten;
            case "IF" -> count == 3 ? ifElse(rewritten, at) : rewritten;
            case "DATE" -> count == 1 ? castToDate(rewritten.operand(0), at) : rewritten;
            case "DATE_ADD", "ADDDATE" -> arithmetic(rewritten, true);
            case "DATE_SUB", "SUBDATE" -> arithmetic(rewritten, false);
            case "NOW", "LOCALTIMESTAMP" -> SqlStdOperatorTable.CURRENT_TIMESTAMP.createCall(at);
            case "IFNULL" ->
                    count == 2
                            ? SqlStdOperatorTable.COALESCE.createCall(
                                    at, rewritten.operand(0), rewritten.operand(1))
                            : rewritten;
            case "CURDATE" -> SqlStdOperatorTable.CURRENT_DATE.createCall(at);
            case "STD", "STDDEV" -> count == 1 ? deviation(rewritten, true) : rewritten;
            case "VARIANCE" -> count == 1 ? deviation(rewritten, false) : rewritten;
            case "DATABASE", "SCHEMA" ->
                    count == 0
                            ? database.<SqlNode>map(text -> SqlLiteral.createCharString(text, at))
                                    .orElseGet(() -> SqlLiteral.createNull(at))
                            : rewritten;
            case "VERSION" -> count == 0 ? SqlLiteral.createCharString(VERSION, at) : rewritten;
            default -> rewritten;
        };
    }

    private static SqlNode ifElse(SqlCall call, SqlParserPos at) {
        return new SqlCase(
                at,
                null,
                SqlNodeList.of(call.operand(0)),
                SqlNodeList.of(call.operand(1)),
                call.operand(2));
    }

    /** Turns a constant format of MySQL into one of strftime. */
    private static SqlNode format(SqlCall call) {
        if (!(call.operand(1) instanceof SqlLiteral literal)
                || !SqlTypeName.CHAR_TYPES.contains(literal.getTypeName())) {
            throw new QueryException(
                    Kind.UNSUPPORTED,
                    "not supported: " + call.getOperator().getName() + " with a computed format");
        }
        String format = String.valueOf(literal.getValueAs(String.class));
        StringBuilder strftime = new StringBuilder();
        int i = 0;
        while (i < format.length()) {
            char c = format.charAt(i++);
            if (c != '%' || i == format.length()) {
                strftime.append(c);
                continue;
            }
            char code = format.charAt(i++);
            strftime.append(
                    switch (code) {
                        case 'M' -> "%B";
                        case 'i' -> "%M";
                        case 'W' -> "%A";
                        case 's' -> "%S";
                        case 'h' -> "%I";
                        case 'e' -> "%-d";
                        case 'c' -> "%-m";
                        case 'k' -> "%-H";
                        case 'l' -> "%-I";
                        case 'T' -> "%H:%M:%S";
                        case 'r' -> "%I:%M:%S %p";
                        default -> "%" + code;
                    });
        }
        SqlParserPos at = call.getParserPosition();
        return call.getOperator()
                .createCall(
                        at,
                        call.operand(0),
                        SqlLiteral.createCharString(
                                strftime.toString(), call.operand(1).getParserPosition()));
    }

    private static SqlNode castToDate(SqlNode value, SqlParserPos at) {
        return SqlStdOperatorTable.CAST.createCall(
                at, value, new SqlDataTypeSpec(new SqlBasicTypeNameSpec(SqlTypeName.DATE, at), at));
    }

    /** {@code DATE_ADD(d, INTERVAL n unit)}; a text is taken as a date. */
    private static SqlNode arithmetic(SqlCall call, boolean plus) {
        if (call.operandCount() != 2) {
            return call;
        }
        SqlParserPos at = call.getParserPosition();
        SqlNode start = call.operand(0);
        if (start instanceof SqlLiteral literal
                && SqlTypeName.CHAR_TYPES.contains(literal.getTypeName())) {
            start = castToDate(start, at);
        }
        return (plus ? SqlStdOperatorTable.PLUS : SqlStdOperatorTable.MINUS)
                .createCall(at, start, call.operand(1));
    }

    /** MySQL's are those of the population, in doubles. */
    private static SqlNode deviation(SqlCall call, boolean root) {
        SqlParserPos at = call.getParserPosition();
        SqlNode operand =
                SqlStdOperatorTable.CAST.createCall(
                        at,
                        call.operand(0),
                        new SqlDataTypeSpec(new SqlBasicTypeNameSpec(SqlTypeName.DOUBLE, at), at));
        return (root ? SqlStdOperatorTable.STDDEV_POP : SqlStdOperatorTable.VAR_POP)
                .createCall(at, operand);
    }

    /** The types that MySQL's CAST has names of its own for. */
    @Override
    public @Nullable SqlNode visit(SqlDataTypeSpec type) {
        SqlParserPos at = type.getParserPosition();
        if (type.getTypeNameSpec() instanceof SqlUserDefinedTypeNameSpec named) {
            SqlIdentifier name = named.getTypeName();
            if (name.isSimple() && name.getSimple().equalsIgnoreCase("SIGNED")) {
                return new SqlDataTypeSpec(new SqlBasicTypeNameSpec(SqlTypeName.BIGINT, at), at);
            }
            if (name.isSimple() && name.getSimple().equalsIgnoreCase("UNSIGNED")) {
                return new SqlDataTypeSpec(
                        new SqlBasicTypeNameSpec(SqlTypeName.DECIMAL, 20, 0, at), at);
            }
        }
        if (type.getTypeNameSpec() instanceof SqlBasicTypeNameSpec basic
                && basic.getTypeName().getSimple().equalsIgnoreCase("CHAR")
                && basic.getPrecision() < 0) {
            return new SqlDataTypeSpec(new SqlBasicTypeNameSpec(SqlTypeName.VARCHAR, at), at);
        }
        return type;
    }
}
