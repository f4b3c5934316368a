package io.garrick.query.duck;

import io.garrick.query.sql.MySqlFunction;
import io.garrick.query.sql.SqlTypes;
import java.util.List;
import org.apache.calcite.config.NullCollation;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlAlienSystemTypeNameSpec;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlDialect;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlUnresolvedFunction;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.dialect.DuckDBSqlDialect;
import org.apache.calcite.sql.fun.SqlCase;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.jspecify.annotations.Nullable;

/** DuckDB's SQL where it differs from what Calcite writes on its own. */
final class DuckDialect extends DuckDBSqlDialect {
    static final DuckDialect INSTANCE = new DuckDialect();

    private DuckDialect() {
        super(
                SqlDialect.EMPTY_CONTEXT
                        .withDatabaseProduct(SqlDialect.DatabaseProduct.DUCKDB)
                        .withIdentifierQuoteString("\"")
                        .withNullCollation(NullCollation.LAST));
    }

    @Override
    public boolean supportsNestedAggregations() {
        return false;
    }

    @Override
    public boolean supportsCharSet() {
        return false;
    }

    @Override
    public void quoteStringLiteral(StringBuilder out, @Nullable String charset, String value) {
        out.append('\'').append(value.replace("'", "''")).append('\'');
    }

    @Override
    public void unparseOffsetFetch(
            SqlWriter writer, @Nullable SqlNode offset, @Nullable SqlNode fetch) {
        unparseFetchUsingLimit(writer, offset, fetch);
    }

    @Override
    public @Nullable SqlNode getCastSpec(RelDataType type) {
        return new SqlDataTypeSpec(
                new SqlAlienSystemTypeNameSpec(
                        SqlTypes.duckdb(type), type.getSqlTypeName(), SqlParserPos.ZERO),
                SqlParserPos.ZERO);
    }

    /** A scalar sub-query may have one row at most. */
    @Override
    public SqlNode rewriteSingleValueExpr(SqlNode aggregate, RelDataType type) {
        SqlParserPos at = SqlParserPos.ZERO;
        SqlNode operand = ((SqlCall) aggregate).operand(0);
        SqlNode count = SqlStdOperatorTable.COUNT.createCall(at, SqlIdentifier.star(at));
        SqlNode isSingle =
                SqlStdOperatorTable.LESS_THAN_OR_EQUAL.createCall(
                        at, count, SqlLiteral.createExactNumeric("1", at));
        SqlNode value = SqlStdOperatorTable.MIN.createCall(at, operand);
        SqlNode error =
                new SqlUnresolvedFunction(
                                new SqlIdentifier("error", at),
                                null,
                                null,
                                null,
                                null,
                                SqlFunctionCategory.USER_DEFINED_FUNCTION)
                        .createCall(
                                at,
                                SqlLiteral.createCharString(
                                        "a sub-query returns more than one row", at));
        return new SqlCase(at, null, SqlNodeList.of(isSingle), SqlNodeList.of(value), error);
    }

    @Override
    public void unparseCall(SqlWriter writer, SqlCall call, int left, int right) {
        if (call.getOperator() instanceof MySqlFunction function) {
            function(writer, function, call);
        } else if (call.getOperator().getName().equals("CONCAT")) {
            // DuckDB's CONCAT leaves NULLs out; MySQL's is NULL then, as || is.
            list(writer, "(", call.getOperandList(), " || ", ")");
        } else if (call.getOperator().equals(SqlStdOperatorTable.CURRENT_DATE)) {
            // By its own name it would be taken for a column that happens to be called so.
            writer.print("today()");
        } else if (call.getOperator().equals(SqlStdOperatorTable.CURRENT_TIMESTAMP)) {
            writer.print("now()");
        } else if (call.getKind() == SqlKind.RLIKE) {
            list(writer, "regexp_matches(", call.getOperandList(), ", ", ")");
        } else if (call.getKind() == SqlKind.WITHIN_GROUP
                && call.operand(0) instanceof SqlCall aggregate
                && aggregate.getKind() == SqlKind.LISTAGG) {
            SqlNodeList order = call.operand(1);
            list(writer, "string_agg(", aggregate.getOperandList(), ", ", "");
            list(writer, " ORDER BY ", order.getList(), ", ", ")");
        } else {
            super.unparseCall(writer, call, left, right);
        }
    }

    private static void function(SqlWriter writer, MySqlFunction function, SqlCall call) {
        String open = function.takesList() ? "([" : "(";
        String close = function.takesList() ? "])" : ")";
        list(writer, function.duckdbName() + open, call.getOperandList(), ", ", close);
    }

    private static void list(
            SqlWriter writer,
            String open,
            List<? extends @Nullable SqlNode> operands,
            String separator,
            String close) {
        writer.print(open);
        boolean first = true;
        for (@Nullable SqlNode operand : operands) {
            if (!first) {
                writer.print(separator);
            }
            first = false;
            if (operand != null) {
                operand.unparse(writer, 0, 0);
            }
        }
        writer.print(close);
        writer.setNeedWhitespace(true);
    }
}
