package io.garrick.query.flight;

import org.apache.arrow.flight.sql.SqlInfoBuilder;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlNullOrdering;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlOuterJoinsSupportLevel;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedCaseSensitivity;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedElementActions;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedGroupBy;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedPositionedCommands;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedResultSetType;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedSubqueries;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedTransaction;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedUnions;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlTransactionIsolationLevel;
import org.apache.arrow.flight.sql.impl.FlightSql.SupportedAnsi92SqlGrammarLevel;
import org.apache.arrow.flight.sql.impl.FlightSql.SupportedSqlGrammar;

/**
 * What GetSqlInfo answers. Every value is present: the JDBC driver fails with a null pointer on a
 * missing one (apache/arrow-java#994).
 */
final class ServerFacts {
    private static final String[] NUMERIC = {"ABS", "CEIL", "FLOOR", "MOD", "ROUND", "SQRT"};
    private static final String[] TEXT = {
        "CONCAT", "LENGTH", "LOWER", "SUBSTRING", "TRIM", "UPPER"
    };
    private static final String[] SYSTEM = {"COALESCE", "IFNULL", "NULLIF"};
    private static final String[] TIME = {"EXTRACT", "YEAR", "MONTH", "DAYOFMONTH"};
    private static final String[] KEYWORDS = {"DESCRIBE", "LIMIT", "SHOW", "USE"};
    private static final int NAME_LENGTH = 64;

    private ServerFacts() {}

    static SqlInfoBuilder build() {
        SqlInfoBuilder facts =
                new SqlInfoBuilder()
                        .withFlightSqlServerName("Garrick")
                        .withFlightSqlServerVersion("0.1.0")
                        .withFlightSqlServerArrowVersion("19.0.0")
                        .withFlightSqlServerReadOnly(true)
                        .withFlightSqlServerSql(true)
                        .withFlightSqlServerSubstrait(false)
                        .withFlightSqlServerSubstraitMinVersion("")
                        .withFlightSqlServerSubstraitMaxVersion("")
                        .withFlightSqlServerTransaction(
                                SqlSupportedTransaction.SQL_SUPPORTED_TRANSACTION_NONE)
                        .withFlightSqlServerCancel(true)
                        .withFlightSqlServerBulkIngestion(false)
                        .withFlightSqlServerBulkIngestionTransaction(false)
                        .withFlightSqlServerStatementTimeout(0)
                        .withFlightSqlServerTransactionTimeout(0);
        names(facts);
        abilities(facts);
        limits(facts);
        return facts;
    }

    private static void names(SqlInfoBuilder facts) {
        facts.withSqlIdentifierQuoteChar("`")
                .withSqlSearchStringEscape("\\")
                .withSqlExtraNameCharacters("$")
                .withSqlSchemaTerm("database")
                .withSqlCatalogTerm("catalog")
                .withSqlProcedureTerm("procedure")
                .withSqlCatalogAtStart(true)
                .withSqlIdentifierCase(
                        SqlSupportedCaseSensitivity.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE)
                .withSqlQuotedIdentifierCase(
                        SqlSupportedCaseSensitivity.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE)
                .withSqlNullOrdering(SqlNullOrdering.SQL_NULLS_SORTED_LOW)
                .withSqlKeywords(KEYWORDS)
                .withSqlNumericFunctions(NUMERIC)
                .withSqlStringFunctions(TEXT)
                .withSqlSystemFunctions(SYSTEM)
                .withSqlDatetimeFunctions(TIME);
    }

    private static void abilities(SqlInfoBuilder facts) {
        facts.withSqlDdlCatalog(false)
                .withSqlDdlSchema(false)
                .withSqlDdlTable(false)
                .withSqlAllTablesAreSelectable(true)
                .withSqlSupportsColumnAliasing(true)
                .withSqlNullPlusNullIsNull(true)
                .withSqlSupportsTableCorrelationNames(true)
                .withSqlSupportsDifferentTableCorrelationNames(false)
                .withSqlSupportsExpressionsInOrderBy(true)
                .withSqlSupportsOrderByUnrelated(true)
                .withSqlSupportsLikeEscapeClause(true)
                .withSqlSupportsNonNullableColumns(true)
                .withSqlSupportsIntegrityEnhancementFacility(false)
                .withSqlSelectForUpdateSupported(false)
                .withSqlStoredProceduresSupported(false)
                .withSqlCorrelatedSubqueriesSupported(true)
                .withSqlMaxRowSizeIncludesBlobs(false)
                .withSqlTransactionsSupported(false)
                .withSqlDataDefinitionCausesTransactionCommit(false)
                .withSqlDataDefinitionsInTransactionsIgnored(true)
                .withSqlBatchUpdatesSupported(false)
                .withSqlSavepointsSupported(false)
                .withSqlNamedParametersSupported(false)
                .withSqlLocatorsUpdateCopy(false)
                .withSqlStoredFunctionsUsingCallSyntaxSupported(false)
                .withSqlSupportedGroupBy(
                        SqlSupportedGroupBy.SQL_GROUP_BY_UNRELATED,
                        SqlSupportedGroupBy.SQL_GROUP_BY_BEYOND_SELECT)
                .withSqlSupportedGrammar(SupportedSqlGrammar.SQL_CORE_GRAMMAR)
                .withSqlAnsi92SupportedLevel(SupportedAnsi92SqlGrammarLevel.ANSI92_ENTRY_SQL)
                .withSqlSchemasSupportedActions(new SqlSupportedElementActions[0])
                .withSqlCatalogsSupportedActions(new SqlSupportedElementActions[0])
                .withSqlSupportedPositionedCommands(new SqlSupportedPositionedCommands[0])
                .withSqlSubQueriesSupported(
                        SqlSupportedSubqueries.SQL_SUBQUERIES_IN_COMPARISONS,
                        SqlSupportedSubqueries.SQL_SUBQUERIES_IN_EXISTS,
                        SqlSupportedSubqueries.SQL_SUBQUERIES_IN_INS,
                        SqlSupportedSubqueries.SQL_SUBQUERIES_IN_QUANTIFIEDS)
                .withSqlSupportedUnions(
                        SqlSupportedUnions.SQL_UNION, SqlSupportedUnions.SQL_UNION_ALL)
                .withSqlOuterJoinSupportLevel(SqlOuterJoinsSupportLevel.SQL_FULL_OUTER_JOINS)
                .withSqlSupportedTransactionsIsolationLevels(
                        SqlTransactionIsolationLevel.SQL_TRANSACTION_NONE)
                .withSqlSupportedResultSetTypes(
                        SqlSupportedResultSetType.SQL_RESULT_SET_TYPE_FORWARD_ONLY)
                .withSqlDefaultTransactionIsolation(0);
    }

    /** 0 is "no known limit". */
    private static void limits(SqlInfoBuilder facts) {
        facts.withSqlMaxBinaryLiteralLength(0)
                .withSqlMaxCharLiteralLength(0)
                .withSqlMaxColumnNameLength(NAME_LENGTH)
                .withSqlMaxColumnsInGroupBy(0)
                .withSqlMaxColumnsInIndex(0)
                .withSqlMaxColumnsInOrderBy(0)
                .withSqlMaxColumnsInSelect(0)
                .withSqlMaxColumnsInTable(0)
                .withSqlMaxConnections(0)
                .withSqlMaxCursorNameLength(0)
                .withSqlMaxIndexLength(0)
                .withSqlDbSchemaNameLength(NAME_LENGTH)
                .withSqlMaxProcedureNameLength(0)
                .withSqlMaxCatalogNameLength(NAME_LENGTH)
                .withSqlMaxRowSize(0)
                .withSqlMaxStatementLength(0)
                .withSqlMaxStatements(0)
                .withSqlMaxTableNameLength(NAME_LENGTH)
                .withSqlMaxTablesInSelect(0)
                .withSqlMaxUsernameLength(0);
    }
}
