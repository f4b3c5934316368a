package io.garrick.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.query.QueryException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** SQL and its answers, with our own operators and without them. */
final class SqlCasesTest {
    private static final BufferAllocator ALLOCATOR = new RootAllocator();
    private static final MemoryReplica REPLICA = new MemoryReplica(TestTables.all(ALLOCATOR));
    private static final QueryEngine ENGINE =
            QueryEngine.create(QueryConfig.local(), REPLICA, ALLOCATOR);

    record Case(String sql, String answer) {}

    @AfterAll
    static void close() {
        ENGINE.close();
        assertThat(REPLICA.openViews()).isZero();
        REPLICA.close();
        ALLOCATOR.close();
    }

    static Stream<Case> cases() throws IOException {
        try (InputStream in =
                Objects.requireNonNull(SqlCasesTest.class.getResourceAsStream("/sql/shop.cases"))) {
            String text = new String(in.readAllBytes(), UTF_8);
            return Stream.of(text.split("\n\n"))
                    .map(block ->
                            block.lines()
                                    .filter(line -> !line.startsWith("#"))
                                    .collect(Collectors.joining("\n")))
                    .map(block -> block.split("\n----\n", 2))
                    .map(parts -> new Case(parts[0], parts[1].strip()));
        }
    }

    private static String text(List<List<String>> rows) {
        return rows.stream().map(row -> String.join(" | ", row)).collect(Collectors.joining("\n"));
    }

    private static List<List<String>> plain(String sql) {
        try (ResultStream result = ENGINE.executePlain(sql, QuerySession.in("shop"))) {
            return Rows.of(result);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aStatementHasItsAnswer(Case statement) {
        assertThat(text(Rows.run(ENGINE, statement.sql(), "shop"))).isEqualTo(statement.answer());
        assertThat(text(plain(statement.sql()))).isEqualTo(statement.answer());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "select nmae from people | line 1, column 8 | nmae",
                "select 1 from poeple | line 1, column 15 | poeple",
                "select name from people where | line 1 | syntax",
                "select foo(name) from people | line 1, column 8 | foo",
                "select name, count(*) from people group by city | line 1, column 8 | name",
                "insert into people values (1) | read-only replica | INSERT",
                "drop table people | read-only replica | DROP",
                "with recursive r as (select 1 as n union all select n + 1 from r where n < 3)"
                        + " select n from r | recursive | not supported"
            })
    void anErrorSaysWhereAndWhat(String sql, String where, String what) {
        assertThatThrownBy(() -> Rows.run(ENGINE, sql, "shop"))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining(where)
                .hasMessageContaining(what)
                .satisfies(failure ->
                        assertThat(String.valueOf(failure.getMessage())).doesNotContain("\n"));
    }

    @Test
    void catalogStatementsAnswer() {
        assertThat(Rows.run(ENGINE, "show databases", "shop")).containsExactly(List.of("shop"));
        assertThat(Rows.run(ENGINE, "show tables from shop like 'o%'", "shop"))
                .containsExactly(List.of("orders"));
        assertThat(Rows.run(ENGINE, "describe people", "shop"))
                .contains(List.of("id", "bigint(20)", "NO", "PRI", "NULL", ""))
                .contains(List.of("name", "varchar(40)", "YES", "", "NULL", ""));
    }

    @Test
    void aSnapshotIsChosenInTheStatement() {
        try (ResultStream result =
                ENGINE.execute(
                        "select count(*) from people as of timestamp '1970-01-01T00:00:00.003Z'",
                        QuerySession.in("shop"))) {
            assertThat(result.snapshotTs().value()).isEqualTo(3L << 18);
        }
        assertThatThrownBy(
                        () -> Rows.run(ENGINE, "select 1 from people as of timestamp '3'", "shop"))
                .hasMessageContaining("below the safepoint");
    }

    @Test
    void aQueryOverItsMemoryLimitFailsAndFreesItsMemory() {
        QueryConfig small = QueryConfig.local().withQueryMemory(512);
        long before = ALLOCATOR.getAllocatedMemory();
        try (QueryEngine engine = QueryEngine.create(small, REPLICA, ALLOCATOR)) {
            for (String sql :
                    List.of(
                            "select * from types",
                            "select a.name from people a, people b where upper(a.name) > b.name")) {
                assertThatThrownBy(() -> Rows.run(engine, sql, "shop"))
                        .isInstanceOfSatisfying(
                                QueryException.class,
                                failure ->
                                        assertThat(failure.kind()).isEqualTo(Kind.OUT_OF_MEMORY));
            }
        }
        assertThat(ALLOCATOR.getAllocatedMemory()).isEqualTo(before);
    }

    /** Random conditions and aggregates: both ways of running them must agree. */
    @Test
    void ourOperatorsAgreeWithDuckDb() {
        long seed = 20251121;
        Random random = new Random(seed);
        String[] conditions = {
            "id > 2", "city = 'London'", "city <> 'Paris'", "city is null", "born < '1986-01-01'",
            "name like '%a%'", "name like 'D%e'", "id in (1, 3, 5)", "not (id = 2)", "name >= 'C'",
            "born is not null", "id between 2 and 4", "city not in ('London', 'Oslo')"
        };
        String[] functions = {
            "count(*)",
            "count(city)",
            "sum(id)",
            "avg(id)",
            "min(born)",
            "max(id)",
            "sum(id * 2 + 1)",
            "sum(case when city = 'London' then id else 0 end)",
            "min(id - 10)"
        };
        String[] keys = {"city", "born", "name", "id"};
        for (int round = 0; round < 60; round++) {
            String condition =
                    pick(random, conditions)
                            + (random.nextBoolean() ? " and " : " or ")
                            + pick(random, conditions);
            String key = pick(random, keys);
            String sql =
                    random.nextBoolean()
                            ? "select "
                                    + pick(random, functions)
                                    + ", "
                                    + pick(random, functions)
                                    + " from people where "
                                    + condition
                            : "select "
                                    + key
                                    + ", "
                                    + pick(random, functions)
                                    + " from people where "
                                    + condition
                                    + " group by "
                                    + key;
            assertThat(Rows.run(ENGINE, sql, "shop"))
                    .as("seed=%d %s", seed, sql)
                    .containsExactlyInAnyOrderElementsOf(plain(sql));
        }
    }

    private static String pick(Random random, String[] from) {
        return from[random.nextInt(from.length)];
    }
}
