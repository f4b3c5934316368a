package io.garrick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.Timestamp;
import io.garrick.server.demo.ClusterScan;
import io.garrick.server.demo.DemoCluster;
import io.trino.tpch.TpchTable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The whole engine in its own processes, loaded once: TPC-H, JDBC, times, and mistakes of users.
 */
class EngineTest {
    private static final double SCALE = 0.01;

    @TempDir static Path directory;

    private static DemoCluster cluster;
    private static Timestamp loadedAt;
    private static ClusterScan rows;

    @BeforeAll
    static void startAndLoad() throws IOException, SQLException {
        cluster = new DemoCluster(DemoCluster.Settings.ofTest(SCALE, directory));
        cluster.startReplica();
        cluster.createTables();
        cluster.awaitReplica();
        cluster.load();
        loadedAt = cluster.pd().timestamp();
        rows = cluster.scan(loadedAt, cluster.tables().values());
    }

    @AfterAll
    static void stop() throws SQLException {
        if (rows != null) {
            rows.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    static IntStream tpchQueries() {
        return IntStream.rangeClosed(1, 22);
    }

    @ParameterizedTest(name = "Q{0}")
    @MethodSource("tpchQueries")
    void aTpchQueryEqualsDuckDbOnTheClustersOwnRows(int number) throws Exception {
        String sql = tpch(number);
        try (Statement schema = rows.connection().createStatement()) {
            schema.execute("set search_path = 'tpch'");
        }
        assertThat(cluster.difference(sql, rows)).as("Q%d at %s", number, loadedAt).isEmpty();
    }

    /** TPC-H's own text as the generator's library ships it; docs/tpch.md lists the changes. */
    private static String tpch(int number) throws IOException {
        String resource = "/io/trino/tpch/queries/q" + number + ".sql";
        try (InputStream in = TpchTable.class.getResourceAsStream(resource)) {
            assertThat(in).as(resource).isNotNull();
            String text =
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).replaceAll(";\\s*$", "");
            return switch (number) {
                case 11 -> text.replace("AS value", "AS val").replace("  value DESC", "  val DESC");
                case 15 ->
                        text.replace("CREATE OR REPLACE VIEW revenue AS", "WITH revenue AS (")
                                .replace("l_suppkey;", "l_suppkey)");
                case 20 -> text.replace("date('1994-01-01')", "DATE '1994-01-01'");
                default -> text;
            };
        }
    }

    @Test
    void theOfficialJdbcDriverReadsAndDescribes() throws SQLException {
        try (Connection jdbc = connect("");
                Statement statement = jdbc.createStatement()) {
            try (ResultSet count = statement.executeQuery("select count(*) from tpch.lineitem")) {
                assertThat(count.next()).isTrue();
                assertThat(count.getLong(1)).isEqualTo(60_175);
            }
            List<String> tables = new ArrayList<>();
            try (ResultSet found = jdbc.getMetaData().getTables(null, "tpch", "%", null)) {
                while (found.next()) {
                    tables.add(found.getString("TABLE_NAME"));
                }
            }
            assertThat(tables).contains("lineitem", "orders", "region").hasSize(8);
        }
    }

    @Test
    void aReadAsOfATimestampBeforeTheLoadSeesNothing() throws IOException {
        Timestamp before = Timestamp.of(loadedAt.physicalMillis() - 3_600_000, 0);
        assertThatThrownBy(() -> cluster.query("select count(*) from tpch.orders", before))
                .as("there was no such database an hour ago")
                .hasMessageContaining("'tpch' not found");
        assertThat(cluster.query("select count(*) from tpch.region", loadedAt))
                .isEqualTo(List.of(List.of(5L)));
    }

    @Test
    void aTimestampOfTheFutureIsRefused() {
        Timestamp future = Timestamp.of(loadedAt.physicalMillis() + 3_600_000, 0);
        assertThatThrownBy(() -> cluster.query("select 1 from tpch.region", future))
                .hasMessageContaining("is in the future");
    }

    @Test
    void anUnknownColumnIsNamedWithItsPosition() throws SQLException {
        try (Connection jdbc = connect("");
                Statement statement = jdbc.createStatement()) {
            assertThatThrownBy(() -> statement.executeQuery("select no_such from tpch.region"))
                    .hasMessageContaining("no_such")
                    .hasMessageContaining("line 1");
        }
    }

    private static Connection connect(String parameters) throws SQLException {
        String address = cluster.flightUrl().substring("grpc://".length());
        return DriverManager.getConnection(
                "jdbc:arrow-flight-sql://" + address + "?useEncryption=false" + parameters);
    }
}
