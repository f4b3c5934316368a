package io.garrick.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.trino.tpch.TpchColumn;
import io.trino.tpch.TpchEntity;
import io.trino.tpch.TpchTable;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All TPC-H queries against a plain DuckDB that holds the same rows in tables of its own. */
final class TpchTest {
    private static final double SCALE = 0.01;
    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?([eE][-+]?\\d+)?");

    private static final BufferAllocator ALLOCATOR = new RootAllocator();
    private static final MemoryReplica REPLICA = new MemoryReplica(Tpch.tables(SCALE, ALLOCATOR));
    private static final QueryEngine ENGINE =
            QueryEngine.create(QueryConfig.local(), REPLICA, ALLOCATOR);
    private static final Connection DUCKDB = connect();

    private static Connection connect() {
        try {
            return DriverManager.getConnection("jdbc:duckdb:");
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    @BeforeAll
    static void load() throws SQLException {
        for (TpchTable<?> table : TpchTable.getTables()) {
            load(table);
        }
    }

    @AfterAll
    static void close() throws SQLException {
        DUCKDB.close();
        ENGINE.close();
        assertThat(REPLICA.openViews()).isZero();
        REPLICA.close();
        ALLOCATOR.close();
    }

    private static <E extends TpchEntity> void load(TpchTable<E> table) throws SQLException {
        String columns =
                table.getColumns().stream()
                        .map(column -> column.getColumnName() + " " + type(column))
                        .collect(Collectors.joining(", "));
        try (Statement statement = DUCKDB.createStatement()) {
            statement.execute("CREATE TABLE " + table.getTableName() + " (" + columns + ")");
        }
        try (DuckDBAppender appender =
                ((DuckDBConnection) DUCKDB)
                        .createAppender(DuckDBConnection.DEFAULT_SCHEMA, table.getTableName())) {
            for (@Nullable Object[] row : Tpch.rows(table, SCALE)) {
                appender.beginRow();
                for (int i = 0; i < row.length; i++) {
                    append(appender, table.getColumns().get(i), Objects.requireNonNull(row[i]));
                }
                appender.endRow();
            }
        }
    }

    private static void append(DuckDBAppender appender, TpchColumn<?> column, Object value)
            throws SQLException {
        switch (column.getType().getBase()) {
            case IDENTIFIER -> appender.append((Long) value);
            case INTEGER -> appender.append((Integer) value);
            case DATE -> appender.append(LocalDate.ofEpochDay((Integer) value));
            case DOUBLE -> appender.append((BigDecimal) value);
            case VARCHAR -> appender.append((String) value);
        }
    }

    private static String type(TpchColumn<?> column) {
        return switch (column.getType().getBase()) {
            case IDENTIFIER -> "BIGINT";
            case INTEGER -> "INTEGER";
            case DATE -> "DATE";
            case DOUBLE -> "DECIMAL(15, 2)";
            case VARCHAR -> "VARCHAR";
        };
    }

    @ParameterizedTest
    @ValueSource(
            ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22})
    void aQueryAnswersAsDuckDbDoes(int number) throws SQLException {
        String sql = Tpch.query(number).replaceAll(";\\s*$", "");
        List<List<String>> expected = new ArrayList<>();
        try (Statement statement = DUCKDB.createStatement();
                ResultSet rows =
                        statement.executeQuery(sql.replace('`', '"').replace("date(", "date ("))) {
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= columns; i++) {
                    row.add(Rows.text(rows.getObject(i)));
                }
                expected.add(row);
            }
        }
        List<List<String>> actual = Rows.run(ENGINE, sql, "tpch");
        assertThat(actual)
                .usingElementComparator(TpchTest::compareRows)
                .containsExactlyElementsOf(expected);
    }

    /** Numbers may differ by a millionth: DuckDB divides in doubles, MySQL in decimals. */
    private static int compareRows(List<String> left, List<String> right) {
        if (left.size() != right.size()) {
            return 1;
        }
        for (int i = 0; i < left.size(); i++) {
            if (!same(left.get(i), right.get(i))) {
                return 1;
            }
        }
        return 0;
    }

    private static boolean same(String left, String right) {
        if (left.equals(right)) {
            return true;
        }
        if (!NUMBER.matcher(left).matches() || !NUMBER.matcher(right).matches()) {
            return false;
        }
        double expected = Double.parseDouble(right);
        double tolerance = Math.max(1e-4, Math.abs(expected) * 1e-6);
        return Math.abs(Double.parseDouble(left) - expected) <= tolerance;
    }
}
