package io.garrick.query.duck;

import io.garrick.query.sql.SqlTypes;
import org.apache.calcite.config.NullCollation;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlAlienSystemTypeNameSpec;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlDialect;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
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
}
