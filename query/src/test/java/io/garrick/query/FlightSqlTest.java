package io.garrick.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.garrick.query.client.ResultPrinter;
import io.garrick.query.client.ResultPrinter.Format;
import io.garrick.query.client.SqlClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlInfo;
import org.apache.arrow.flight.sql.impl.FlightSql.TicketStatementQuery;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The protocol itself, and the command line's client. */
final class FlightSqlTest {
    private static final BufferAllocator ALLOCATOR = new RootAllocator();
    private static final MemoryReplica REPLICA = new MemoryReplica(TestTables.all(ALLOCATOR));
    private static final QueryServer SERVER = start();

    private final FlightClient client =
            FlightClient.builder(ALLOCATOR, Location.forGrpcInsecure("127.0.0.1", SERVER.port()))
                    .build();

    private static QueryServer start() {
        try {
            return QueryServer.start(QueryConfig.local(), REPLICA, ALLOCATOR);
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    @AfterEach
    void closeClient() throws InterruptedException {
        client.close();
    }

    @AfterAll
    static void close() {
        SERVER.close();
        assertThat(REPLICA.openViews()).isZero();
        REPLICA.close();
        ALLOCATOR.close();
    }

    private static void assertStatus(FlightStatusCode code, ThrowingStream open) {
        assertThatThrownBy(
                        () -> {
                            try (FlightStream stream = open.open()) {
                                while (stream.next()) {
                                    stream.getRoot();
                                }
                            }
                        })
                .isInstanceOfSatisfying(
                        FlightRuntimeException.class,
                        failure -> assertThat(failure.status().code()).isEqualTo(code));
    }

    private interface ThrowingStream {
        FlightStream open();
    }

    private static String print(String sql, Format format) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        SqlClient.query(
                "127.0.0.1:" + SERVER.port(),
                sql,
                Optional.of("shop"),
                Optional.empty(),
                ResultPrinter.of(format, new PrintStream(out, true, UTF_8)),
                ALLOCATOR);
        return out.toString(UTF_8);
    }

    @Test
    void aGarbageTicketIsAnInvalidArgument() {
        assertStatus(
                FlightStatusCode.INVALID_ARGUMENT,
                () -> client.getStream(new Ticket("a&b|select 1".getBytes(UTF_8))));
        assertStatus(
                FlightStatusCode.INVALID_ARGUMENT, () -> client.getStream(new Ticket(new byte[0])));
    }

    @Test
    void aTicketThisServerHasNotSealedIsNotFound() {
        byte[] forged =
                Any.pack(
                                TicketStatementQuery.newBuilder()
                                        .setStatementHandle(ByteString.copyFromUtf8("x".repeat(80)))
                                        .build())
                        .toByteArray();
        assertStatus(FlightStatusCode.NOT_FOUND, () -> client.getStream(new Ticket(forged)));
    }

    @Test
    void aGarbageDescriptorIsAnInvalidArgument() {
        assertThatThrownBy(
                        () -> client.getInfo(FlightDescriptor.command("select 1".getBytes(UTF_8))))
                .isInstanceOfSatisfying(
                        FlightRuntimeException.class,
                        failure ->
                                assertThat(failure.status().code())
                                        .isEqualTo(FlightStatusCode.INVALID_ARGUMENT));
    }

    @Test
    void aReplicaThatIsBehindIsUnavailable() {
        REPLICA.setReady(false);
        try {
            assertThatThrownBy(() -> print("select count(*) from people", Format.CSV))
                    .isInstanceOfSatisfying(
                            QueryException.class,
                            failure -> {
                                assertThat(failure.kind()).isEqualTo(QueryException.Kind.NOT_READY);
                                assertThat(failure).hasMessageContaining("retry");
                            });
        } finally {
            REPLICA.setReady(true);
        }
    }

    @Test
    void everySqlInfoHasAValue() throws Exception {
        FlightSqlClient sql = new FlightSqlClient(client);
        int rows = 0;
        try (FlightStream stream =
                sql.getStream(sql.getSqlInfo(new SqlInfo[0]).getEndpoints().get(0).getTicket())) {
            while (stream.next()) {
                rows += stream.getRoot().getRowCount();
            }
        }
        assertThat(rows).isGreaterThan(80);
    }

    @Test
    void theTimestampComesBackWithTheRows() {
        SqlClient.Summary summary =
                SqlClient.query(
                        "grpc://127.0.0.1:" + SERVER.port(),
                        "select name from people as of timestamp '777' where id = 1",
                        Optional.of("shop"),
                        Optional.empty(),
                        ResultPrinter.of(
                                Format.CSV,
                                new PrintStream(new ByteArrayOutputStream(), true, UTF_8)),
                        ALLOCATOR);
        assertThat(summary.snapshotTs()).contains("777");
        assertThat(summary.rowCount()).isEqualTo(1);
    }

    @Test
    void rowsPrintAsTableCsvAndJson() {
        String sql = "select id, city, born from people where id >= 3 order by id";
        assertThat(print(sql, Format.TABLE))
                .isEqualToNormalizingNewlines(
                        """
                        +----+--------+------------+
                        | id | city   | born       |
                        +----+--------+------------+
                        |  3 | NULL   | 1970-06-30 |
                        |  4 | Köln   | NULL       |
                        |  5 | London | 1990-05-11 |
                        +----+--------+------------+
                        """);
        assertThat(print(sql, Format.CSV))
                .isEqualTo("id,city,born\r\n3,,1970-06-30\r\n4,Köln,\r\n5,London,1990-05-11\r\n");
        assertThat(print(sql, Format.JSON).lines().findFirst())
                .contains("{\"id\":3,\"city\":null,\"born\":\"1970-06-30\"}");
    }

    @Test
    void explainNamesWhoRunsWhat() {
        assertThat(print("explain select city, count(*) from people group by city", Format.CSV))
                .contains("REPLICA s0_people: aggregate")
                .contains("shop.people");
    }
}
