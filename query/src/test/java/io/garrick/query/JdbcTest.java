package io.garrick.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What users of the official JDBC driver see. */
final class JdbcTest {
    private static final BufferAllocator ALLOCATOR = new RootAllocator();
    private static final MemoryReplica REPLICA = new MemoryReplica(TestTables.all(ALLOCATOR));
    private static final QueryServer SERVER = start();

    private static QueryServer start() {
        try {
            return QueryServer.start(QueryConfig.local(), REPLICA, ALLOCATOR);
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    @AfterAll
    static void close() {
        SERVER.close();
        REPLICA.close();
        ALLOCATOR.close();
    }

    private static Connection connect(String options) throws SQLException {
        return DriverManager.getConnection(
                SERVER.jdbcUrl() + "&useSystemTrustStore=false" + options);
    }

    private static List<String> column(ResultSet rows, String name) throws SQLException {
        List<String> values = new ArrayList<>();
        try (rows) {
            while (rows.next()) {
                values.add(rows.getString(name));
            }
        }
        return values;
    }

    @Test
    void aQueryOverTheNetworkGivesItsRows() throws SQLException {
        try (Connection connection = connect("&schema=shop");
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery(
                                "select p.name, sum(o.amount) as total from people p"
                                        + " join orders o on o.person_id = p.id"
                                        + " group by p.name order by total desc")) {
            assertThat(rows.getMetaData().getColumnLabel(2)).isEqualTo("total");
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString(1)).isEqualTo("Ada");
            assertThat(rows.getBigDecimal(2)).isEqualTo(new BigDecimal("19.75"));
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString(1)).isEqualTo("Barbara");
            assertThat(rows.next()).isTrue();
            assertThat(rows.getBigDecimal(2)).isNull();
            assertThat(rows.next()).isFalse();
        }
    }

    @Test
    void parametersAreBound() throws SQLException {
        try (Connection connection = connect("&schema=shop");
                PreparedStatement statement =
                        connection.prepareStatement(
                                "select name from people where born < ? and id > ? order by id")) {
            statement.setDate(1, Date.valueOf("1990-01-01"));
            statement.setLong(2, 1);
            try (ResultSet rows = statement.executeQuery()) {
                assertThat(column(rows, "name")).containsExactly("Barbara", "Claude");
            }
            statement.setLong(2, 2);
            try (ResultSet rows = statement.executeQuery()) {
                assertThat(column(rows, "name")).containsExactly("Claude");
            }
        }
    }

    @Test
    void metadataListsDatabasesTablesAndKeys() throws SQLException {
        try (Connection connection = connect("")) {
            var meta = connection.getMetaData();
            assertThat(meta.getDatabaseProductName()).isEqualTo("Garrick");
            assertThat(meta.isReadOnly()).isTrue();
            assertThat(column(meta.getSchemas(), "TABLE_SCHEM")).containsExactly("shop");
            assertThat(column(meta.getTables(null, "shop", "p%", null), "TABLE_NAME"))
                    .containsExactly("people");
            assertThat(column(meta.getPrimaryKeys(null, "shop", "people"), "COLUMN_NAME"))
                    .containsExactly("id");
            assertThat(column(meta.getColumns(null, "shop", "orders", "%"), "COLUMN_NAME"))
                    .containsExactly("id", "person_id", "amount", "pieces", "placed");
        }
    }

    @Test
    void anErrorNamesThePlaceAndTheColumn() throws SQLException {
        try (Connection connection = connect("&schema=shop");
                Statement statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.executeQuery("select name,\n  nmae from people"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("line 2, column 3")
                    .hasMessageContaining("nmae");
            assertThatThrownBy(() -> statement.executeQuery("select * from nowhere"))
                    .hasMessageContaining("nowhere");
            assertThatThrownBy(() -> statement.executeQuery("select 1 +"))
                    .hasMessageContaining("line 1");
            assertThatThrownBy(() -> statement.executeUpdate("delete from people"))
                    .hasMessageContaining("read-only replica");
        }
    }

    @Test
    void useChoosesTheDatabaseForTheConnection() throws SQLException {
        try (Connection connection = connect("");
                Statement statement = connection.createStatement()) {
            statement.execute("use shop");
            try (ResultSet rows = statement.executeQuery("select count(*) as n from people")) {
                assertThat(column(rows, "n")).containsExactly("5");
            }
            try (ResultSet rows = statement.executeQuery("show tables")) {
                assertThat(column(rows, "Tables")).containsExactly("people", "orders", "types");
            }
        }
    }

    @Test
    void aSnapshotInTheUrlIsUsedAndChecked() throws SQLException {
        try (Connection connection = connect("&schema=shop&snapshot_ts=600");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select count(*) as n from people")) {
            assertThat(column(rows, "n")).containsExactly("5");
        }
        try (Connection connection = connect("&schema=shop&snapshot_ts=10");
                Statement statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.executeQuery("select count(*) from people"))
                    .hasMessageContaining("below the safepoint");
        }
        try (Connection connection = connect("&schema=shop&snapshot_ts=2000000");
                Statement statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.executeQuery("select count(*) from people"))
                    .hasMessageContaining("in the future");
        }
    }
}
