package io.garrick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.server.Main;
import io.garrick.server.demo.DemoCluster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Statements that write, from JDBC and from the command line, over Flight SQL to the embedded
 * cluster; both are processes of their own.
 */
final class SqlWriteTest {
    @TempDir static Path directory;

    private static DemoCluster cluster;
    private static Connection jdbc;

    @BeforeAll
    static void start() throws IOException, SQLException {
        cluster = new DemoCluster(DemoCluster.Settings.ofTest(0.01, directory));
        cluster.startReplica();
        jdbc = connect("");
        update("create database w");
    }

    @AfterAll
    static void stop() throws SQLException {
        if (jdbc != null) {
            jdbc.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    private static Connection connect(String parameters) throws SQLException {
        String address = cluster.flightUrl().substring("grpc://".length());
        return DriverManager.getConnection(
                "jdbc:arrow-flight-sql://" + address + "?useEncryption=false" + parameters);
    }

    private static long update(String sql) throws SQLException {
        try (Statement statement = jdbc.createStatement()) {
            return statement.executeUpdate(sql);
        }
    }

    private static List<String> rows(String sql) throws SQLException {
        try (Statement statement = jdbc.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            List<String> rows = new ArrayList<>();
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.add(String.valueOf(result.getObject(i)));
                }
                rows.add(String.join("|", row));
            }
            return rows;
        }
    }

    private static void refused(String sql, String... parts) {
        assertThatThrownBy(() -> update(sql)).as(sql).message().contains(parts);
    }

    @Test
    void aSessionReadsItsOwnWrites() throws SQLException {
        update(
                "create table w.person (id bigint not null auto_increment primary key,"
                        + " name varchar(20) not null, born date, height decimal(5,2) default"
                        + " 1.75, unique key by_name (name))");
        assertThat(update("insert into w.person (name, born) values ('Ada', '1815-12-10')"))
                .isEqualTo(1);
        assertThat(rows("select * from w.person")).containsExactly("1|Ada|1815-12-10|1.75");
        assertThat(
                        update(
                                "insert into w.person (name, height, born) values"
                                        + " ('Grace', 1.60 + 0.05, null), ('Edsger', default,"
                                        + " date '1930-05-11')"))
                .isEqualTo(2);
        assertThat(update("update w.person set height = height + 0.01 where born is not null"))
                .isEqualTo(2);
        assertThat(update("delete from w.person where name like 'G%'")).isEqualTo(1);
        assertThat(rows("select name, born, height from w.person order by id"))
                .containsExactly("Ada|1815-12-10|1.76", "Edsger|1930-05-11|1.76");
        // The index entry of the deleted row is gone, those of the others are not.
        assertThat(update("insert into w.person (name) values ('Grace')")).isEqualTo(1);
        refused("insert into w.person (name) values ('Ada')", "Duplicate entry 'Ada'", "by_name");
    }

    @Test
    void rowsAreFoundByEveryKindOfKey() throws SQLException {
        update("create table w.hidden (a int, b varchar(10))");
        update("create table w.pair (a int, b varchar(10), c int, primary key (a, b) clustered)");
        update("create table w.loose (a varchar(10), c int, primary key (a) nonclustered)");
        for (String table : List.of("hidden", "pair")) {
            update("insert into w." + table + " (a, b) values (1, 'x'), (2, 'y'), (3, 'z')");
            assertThat(update("update w." + table + " set b = 'q' where a >= 2")).isEqualTo(2);
            assertThat(update("delete from w." + table + " where b = 'q' and a = 3")).isEqualTo(1);
            assertThat(rows("select a, b from w." + table + " order by a"))
                    .containsExactly("1|x", "2|q");
        }
        update("insert into w.loose select b, a from w.hidden");
        refused(
                "insert into w.loose values ('x', 9)",
                "Duplicate entry 'x' for key 'loose.PRIMARY'");
        assertThat(update("update w.loose set a = 'x2', c = null where a = 'x'")).isEqualTo(1);
        assertThat(rows("select * from w.loose order by a")).containsExactly("q|2", "x2|null");
    }

    @Test
    void aFailingStatementLeavesNothingBehind() throws SQLException {
        update("create table w.strict (id int primary key, t tinyint not null, s varchar(3))");
        update("insert into w.strict values (1, 1, 'a')");
        refused("insert into w.strict values (2, 2, 'b'), (1, 3, 'c')", "Duplicate entry '1'");
        refused(
                "insert into w.strict values (2, 2, 'b'),\n (3, 300, 'c')",
                "line 2, column 6: Out of range value for column 't' at row 2");
        refused("insert into w.strict values (4, 4, 'long')", "Data too long for column 's'");
        refused("insert into w.strict values (4, null, 'x')", "Column 't' cannot be null");
        refused("insert into w.strict (id) values (4)", "Field 't' doesn't have a default value");
        refused("insert into w.strict (id, u) values (4, 4)", "column 27: Unknown column 'u'");
        refused("update w.strict set t = t + 200", "Out of range value for column 't'");
        refused("update w.strict set nope = 1", "Unknown column 'nope'");
        refused("insert into w.nothing values (1)", "Table 'w.nothing' doesn't exist");
        refused("create table w.strict (a int)", "Table 'w.strict' already exists");
        refused("create table w.bad (a int, a int)", "Duplicate column name 'a'");
        refused("create table w.bad (a int,, b int)", "line 1, column 27", "syntax error");
        assertThat(rows("select * from w.strict")).containsExactly("1|1|a");
        assertThat(rows("show tables from w")).doesNotContain("bad");
    }

    @Test
    void columnsAreAddedDroppedRenamedAndWidened() throws SQLException {
        update("create table w.shape (id int primary key, a tinyint, b varchar(3))");
        update("insert into w.shape values (1, 100, 'abc')");
        update("alter table w.shape add column c int not null default 7 after id");
        update("alter table w.shape modify column a bigint, change column b text_b varchar(10)");
        update("insert into w.shape (id, a, text_b) values (2, 10000000000, 'abcdefghij')");
        assertThat(rows("select * from w.shape order by id"))
                .containsExactly("1|7|100|abc", "2|7|10000000000|abcdefghij");
        update("alter table w.shape drop column c, rename column a to wide");
        assertThat(rows("select wide, text_b from w.shape order by wide"))
                .containsExactly("100|abc", "10000000000|abcdefghij");
        refused("alter table w.shape modify column wide int", "would have to be rewritten");
        refused("alter table w.shape drop column nope", "Unknown column 'nope'");
        update("rename table w.shape to w.form");
        assertThat(rows("select count(*) from w.form")).containsExactly("2");
        update("truncate table w.form");
        assertThat(rows("select count(*) from w.form")).containsExactly("0");
        update("drop table w.form");
        refused("select * from w.form", "form");
    }

    @Test
    void concurrentUpdatesOfOneRowAreAllCounted() throws Exception {
        update("create table w.counter (id int primary key, n int)");
        update("insert into w.counter values (1, 0)");
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<Long>> counts = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                counts.add(
                        threads.submit(() -> {
                            long count = 0;
                            try (Connection own = connect("");
                                    Statement statement = own.createStatement()) {
                                for (int i = 0; i < 5; i++) {
                                    count +=
                                            statement.executeUpdate(
                                                    "update w.counter set n = n + 1 where id = 1");
                                }
                            }
                            return count;
                        }));
            }
            for (Future<Long> count : counts) {
                assertThat(count.get()).isEqualTo(5);
            }
        }
        assertThat(rows("select n from w.counter")).containsExactly("20");
    }

    @Test
    void aPreparedStatementTakesParameters() throws SQLException {
        update(
                "create table w.prepared (id bigint primary key, d decimal(10,3), t varchar(10),"
                        + " day date)");
        try (PreparedStatement insert =
                jdbc.prepareStatement("insert into w.prepared values (?, ?, ?, ?)")) {
            insert.setLong(1, 5);
            insert.setBigDecimal(2, new BigDecimal("1.250"));
            insert.setString(3, "it's");
            insert.setDate(4, Date.valueOf("2024-02-29"));
            assertThat(insert.executeUpdate()).isEqualTo(1);
        }
        try (PreparedStatement change =
                jdbc.prepareStatement("update w.prepared set d = d * ? where id = ?")) {
            change.setBigDecimal(1, new BigDecimal("2.000"));
            change.setLong(2, 5);
            assertThat(change.executeUpdate()).isEqualTo(1);
        }
        assertThat(rows("select * from w.prepared")).containsExactly("5|2.500|it's|2024-02-29");
    }

    @Test
    void theCommandLineWritesAndReads() {
        assertThat(cli("create table w.shell (id int primary key, v varchar(10))"))
                .startsWith("OK, 0 rows written");
        assertThat(cli("insert into w.shell values (1, 'one'), (2, 'two')"))
                .startsWith("OK, 2 rows written");
        assertThat(cli("update w.shell set v = upper(v) where id = 2"))
                .startsWith("OK, 1 row written");
        assertThat(cli("delete from w.shell where id = 1")).startsWith("OK, 1 row written");
        assertThat(cli("--format", "csv", "select * from w.shell")).isEqualTo("id,v\n2,TWO\n");
    }

    /** The README shows a session of the prompt; only times and timestamps may differ. */
    @Test
    void theSessionInTheReadmePrintsWhatItShows() throws IOException {
        String readme = Files.readString(Path.of("..", "README.md"));
        int from = readme.indexOf("$ ./garrick sql\n") + "$ ./garrick sql\n".length();
        String session = readme.substring(from, readme.indexOf("```", from));
        StringBuilder typed = new StringBuilder();
        StringBuilder shown = new StringBuilder();
        for (String line : session.split("\n", -1)) {
            if (line.startsWith("garrick> ") || line.startsWith("      -> ")) {
                typed.append(line.substring(9)).append('\n');
            } else {
                shown.append(line).append('\n');
            }
        }
        InputStream before = System.in;
        PrintStream errors = System.err;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream console = System.out;
        try (PrintStream captured = new PrintStream(out, true, StandardCharsets.UTF_8)) {
            System.setIn(
                    new ByteArrayInputStream(typed.toString().getBytes(StandardCharsets.UTF_8)));
            System.setOut(captured);
            System.setErr(captured);
            Main.run("sql", "--url", cluster.flightUrl());
        } finally {
            System.setIn(before);
            System.setOut(console);
            System.setErr(errors);
        }
        assertThat(timeless(out.toString(StandardCharsets.UTF_8)))
                .isEqualTo(timeless(shown.toString()));
    }

    private static String timeless(String text) {
        return text.replace("\r\n", "\n")
                .replaceAll("in \\d+ ms", "in T ms")
                .replaceAll("at ts \\d+", "at ts N")
                .strip();
    }

    private static synchronized String cli(String... arguments) {
        List<String> all = new ArrayList<>(List.of("sql", "--url", cluster.flightUrl()));
        all.addAll(List.of(arguments));
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (PrintStream captured = new PrintStream(out, true, StandardCharsets.UTF_8)) {
            System.setOut(captured);
            assertThat(Main.run(all.toArray(String[]::new))).isZero();
        } finally {
            System.setOut(before);
        }
        return out.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
    }
}
