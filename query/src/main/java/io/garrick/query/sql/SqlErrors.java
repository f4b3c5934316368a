package io.garrick.query.sql;

import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.runtime.CalciteContextException;
import org.apache.calcite.sql.parser.SqlParseException;
import org.jspecify.annotations.Nullable;

/** Calcite's errors in one line: where, then what. */
final class SqlErrors {
    private static final Pattern EXPECTED = Pattern.compile("(?s)Was expecting.*");
    private static final Pattern AT = Pattern.compile(" at line \\d+, column \\d+\\.?");

    private static final Pattern ITSELF =
            Pattern.compile("definition of column '([^']*)' depends on itself");

    private SqlErrors() {}

    static QueryException syntax(SqlParseException failure) {
        String message = String.valueOf(failure.getMessage());
        message = EXPECTED.matcher(message).replaceFirst("").strip();
        message = AT.matcher(message).replaceFirst("");
        return new QueryException(
                Kind.INVALID,
                position(failure.getPos().getLineNum(), failure.getPos().getColumnNum())
                        + (message.isEmpty() ? "syntax error" : "syntax error: " + message),
                failure);
    }

    static QueryException invalid(Throwable failure) {
        for (@Nullable Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof CalciteContextException context && context.getCause() != null) {
                return new QueryException(
                        Kind.INVALID,
                        position(context.getPosLine(), context.getPosColumn())
                                + plain(String.valueOf(context.getCause().getMessage())),
                        failure);
            }
        }
        if (failure instanceof UnsupportedOperationException) {
            return new QueryException(
                    Kind.UNSUPPORTED, "not supported: " + failure.getMessage(), failure);
        }
        return new QueryException(
                Kind.INVALID, "cannot plan the statement: " + failure.getMessage(), failure);
    }

    /**
     * A select list may name its own columns, so Calcite takes an unknown column for one that names
     * itself.
     */
    private static String plain(String message) {
        Matcher itself = ITSELF.matcher(message);
        return itself.find() ? "Column '" + itself.group(1) + "' not found in any table" : message;
    }

    private static String position(int line, int column) {
        return line <= 0 ? "" : "line " + line + ", column " + column + ": ";
    }
}
