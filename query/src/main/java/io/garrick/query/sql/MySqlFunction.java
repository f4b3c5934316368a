package io.garrick.query.sql;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperatorTable;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlOperandCountRanges;
import org.apache.calcite.sql.type.SqlReturnTypeInference;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeTransforms;
import org.apache.calcite.sql.util.SqlOperatorTables;

/**
 * A MySQL function that Calcite does not have, or has with another meaning. It runs in DuckDB under
 * {@link #duckdbName}: a function of DuckDB, or a macro of {@link #MACROS}.
 */
public final class MySqlFunction extends SqlFunction {
    /** Definitions that DuckDB needs before it can run {@link #TABLE}'s functions. */
    public static final List<String> MACROS =
            List.of(
                    "CREATE MACRO my_datediff(a, b) AS"
                            + " date_diff('day', CAST(b AS DATE), CAST(a AS DATE))",
                    "CREATE MACRO my_dayofweek(d) AS dayofweek(CAST(d AS DATE)) + 1",
                    "CREATE MACRO my_weekday(d) AS isodow(CAST(d AS DATE)) - 1",
                    "CREATE MACRO my_to_days(d) AS"
                            + " 719528 + date_diff('day', DATE '1970-01-01', CAST(d AS DATE))",
                    "CREATE MACRO my_unix_timestamp(d) AS"
                            + " CAST(floor(epoch(CAST(d AS TIMESTAMP))) AS BIGINT)",
                    "CREATE MACRO my_from_unixtime(n) AS CAST(to_timestamp(n) AS TIMESTAMP)",
                    "CREATE MACRO my_locate(a, b) AS instr(b, a)",
                    "CREATE MACRO my_strcmp(a, b) AS"
                            + " CASE WHEN a < b THEN -1 WHEN a > b THEN 1 WHEN a = b THEN 0 END",
                    "CREATE MACRO my_truncate(x, d) AS trunc(x * power(10, d)) / power(10, d)",
                    "CREATE MACRO my_greatest(l) AS"
                            + " CASE WHEN len(list_filter(l, lambda x: x IS NULL)) = 0"
                            + " THEN list_max(l) END",
                    "CREATE MACRO my_least(l) AS"
                            + " CASE WHEN len(list_filter(l, lambda x: x IS NULL)) = 0"
                            + " THEN list_min(l) END",
                    "CREATE MACRO my_divide(a, b) AS a / nullif(b, 0)",
                    "CREATE MACRO my_div(a, b) AS CAST(trunc(a / b) AS BIGINT)");

    private static final SqlReturnTypeInference TEXT =
            ReturnTypes.explicit(SqlTypeName.VARCHAR).andThen(SqlTypeTransforms.FORCE_NULLABLE);
    private static final SqlReturnTypeInference BIGINT =
            ReturnTypes.BIGINT.andThen(SqlTypeTransforms.FORCE_NULLABLE);
    private static final SqlReturnTypeInference DOUBLE =
            ReturnTypes.DOUBLE.andThen(SqlTypeTransforms.FORCE_NULLABLE);
    private static final SqlReturnTypeInference DATE =
            ReturnTypes.DATE.andThen(SqlTypeTransforms.FORCE_NULLABLE);
    private static final SqlReturnTypeInference TIMESTAMP =
            ReturnTypes.explicit(SqlTypeName.TIMESTAMP, SqlTypes.TIME_DIGITS)
                    .andThen(SqlTypeTransforms.FORCE_NULLABLE);
    private static final SqlReturnTypeInference FIRST =
            ReturnTypes.ARG0.andThen(SqlTypeTransforms.FORCE_NULLABLE);
    private static final SqlReturnTypeInference COMMON =
            ReturnTypes.LEAST_RESTRICTIVE.andThen(SqlTypeTransforms.FORCE_NULLABLE);

    /** Division; the type is that of the {@code /} it stands for. */
    static final MySqlFunction DIVIDE =
            new MySqlFunction("EXACT_DIVIDE", "my_divide", FIRST, 2, 2, false);

    /** All functions of this kind. */
    public static final SqlOperatorTable TABLE = SqlOperatorTables.of(all());

    private final String duckdbName;
    private final boolean takesList;

    private MySqlFunction(
            String name,
            String duckdbName,
            SqlReturnTypeInference type,
            int minOperands,
            int maxOperands,
            boolean takesList) {
        super(
                name,
                SqlKind.OTHER_FUNCTION,
                type,
                null,
                OperandTypes.variadic(SqlOperandCountRanges.between(minOperands, maxOperands)),
                SqlFunctionCategory.USER_DEFINED_FUNCTION);
        this.duckdbName = duckdbName;
        this.takesList = takesList;
    }

    private static List<SqlFunction> all() {
        List<SqlFunction> all = new ArrayList<>();
        add(all, "LENGTH", "strlen", BIGINT, 1, 1);
        add(all, "LPAD", "lpad", TEXT, 3, 3);
        add(all, "RPAD", "rpad", TEXT, 3, 3);
        add(all, "REVERSE", "reverse", TEXT, 1, 1);
        add(all, "REPEAT", "repeat", TEXT, 2, 2);
        add(all, "INSTR", "instr", BIGINT, 2, 2);
        add(all, "LOCATE", "my_locate", BIGINT, 2, 2);
        add(all, "STRCMP", "my_strcmp", BIGINT, 2, 2);
        add(all, "CONCAT_WS", "concat_ws", TEXT, 2, 100);
        add(all, "MD5", "md5", TEXT, 1, 1);
        add(all, "HEX", "hex", TEXT, 1, 1);
        add(all, "ASCII", "ascii", BIGINT, 1, 1);
        add(all, "DATE_FORMAT", "strftime", TEXT, 2, 2);
        add(all, "STR_TO_DATE", "try_strptime", TIMESTAMP, 2, 2);
        add(all, MySqlRewrite.DAYS_BETWEEN, "my_datediff", BIGINT, 2, 2);
        add(all, "DAYOFWEEK", "my_dayofweek", BIGINT, 1, 1);
        add(all, "WEEKDAY", "my_weekday", BIGINT, 1, 1);
        add(all, "TO_DAYS", "my_to_days", BIGINT, 1, 1);
        add(all, "LAST_DAY", "last_day", DATE, 1, 1);
        add(all, "DAYNAME", "dayname", TEXT, 1, 1);
        add(all, "MONTHNAME", "monthname", TEXT, 1, 1);
        add(all, "UNIX_TIMESTAMP", "my_unix_timestamp", BIGINT, 1, 1);
        add(all, "FROM_UNIXTIME", "my_from_unixtime", TIMESTAMP, 1, 1);
        add(all, "TRUNCATE", "my_truncate", FIRST, 2, 2);
        add(all, "POW", "power", DOUBLE, 2, 2);
        add(all, "LOG", "ln", DOUBLE, 1, 1);
        add(all, "LOG2", "log2", DOUBLE, 1, 1);
        add(all, MySqlRewrite.INT_DIV, "my_div", BIGINT, 2, 2);
        all.add(new MySqlFunction("GREATEST", "my_greatest", COMMON, 2, 100, true));
        all.add(new MySqlFunction("LEAST", "my_least", COMMON, 2, 100, true));
        return all;
    }

    private static void add(
            List<SqlFunction> all,
            String name,
            String duckdbName,
            SqlReturnTypeInference type,
            int minOperands,
            int maxOperands) {
        all.add(new MySqlFunction(name, duckdbName, type, minOperands, maxOperands, false));
    }

    public String duckdbName() {
        return duckdbName;
    }

    /** Whether DuckDB gets the operands as one list. */
    public boolean takesList() {
        return takesList;
    }

    /** The planner cannot compute it, so it must not try to fold it. */
    @Override
    public boolean isDynamicFunction() {
        return true;
    }
}
