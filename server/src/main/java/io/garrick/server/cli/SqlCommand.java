package io.garrick.server.cli;

import io.garrick.query.client.ResultPrinter;
import io.garrick.query.client.SqlClient;
import io.garrick.server.FailureText;
import io.garrick.server.RunFile;
import io.garrick.server.Terminal;
import io.garrick.server.UserError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A Flight SQL client: one statement, or a prompt. */
@Command(
        name = "sql",
        mixinStandardHelpOptions = true,
        description = {
            "Runs a statement on a replica over Flight SQL and prints the rows.",
            "Without a statement, reads statements from the terminal, each ended by a semicolon."
        })
public final class SqlCommand implements Callable<Integer> {
    @Parameters(arity = "0..1", paramLabel = "STATEMENT", description = "What to run.")
    private @Nullable String statement;

    @Option(
            names = "--url",
            description =
                    "Flight SQL address, grpc://HOST:PORT (default: the server this user started"
                            + " last).")
    private @Nullable String url;

    @Option(
            names = "--format",
            defaultValue = "table",
            description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
    private ResultPrinter.Format format = ResultPrinter.Format.TABLE;

    @Option(
            names = "--as-of",
            paramLabel = "TIME",
            description = "Read the state at this TSO or RFC 3339 time (default: now).")
    private @Nullable String asOf;

    @Option(
            names = {"-D", "--database"},
            description = "Database for names without one.")
    private @Nullable String database;

    @Override
    public Integer call() throws IOException {
        String address = url == null ? RunFile.running("--url").url() : url;
        try (BufferAllocator allocator = new RootAllocator();
                SqlClient client = SqlClient.connect(address, allocator)) {
            if (statement != null) {
                run(client, statement);
                return 0;
            }
            return prompt(client);
        } catch (FlightRuntimeException e) {
            if (e.status().code() == FlightStatusCode.UNAVAILABLE
                    && FailureText.of(e).contains("refused")) {
                throw new UserError("nothing listens at " + address, e);
            }
            throw e;
        }
    }

    private void run(SqlClient client, String sql) {
        SqlClient.Summary summary =
                client.query(
                        sql,
                        Optional.ofNullable(database),
                        Optional.ofNullable(asOf),
                        ResultPrinter.of(format, System.out));
        if (summary.wrote()) {
            if (format == ResultPrinter.Format.TABLE) {
                System.out.printf(
                        Locale.ROOT,
                        "OK, %d row%s written in %d ms%n",
                        summary.rowCount(),
                        summary.rowCount() == 1 ? "" : "s",
                        summary.millis());
            }
            return;
        }
        if (format == ResultPrinter.Format.TABLE) {
            System.out.printf(
                    Locale.ROOT,
                    "%d row%s in %d ms%s%n",
                    summary.rowCount(),
                    summary.rowCount() == 1 ? "" : "s",
                    summary.millis(),
                    summary.snapshotTs().map(ts -> " at ts " + ts).orElse(""));
        }
    }

    private int prompt(SqlClient client) throws IOException {
        boolean terminal = Terminal.isInteractive();
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        StringBuilder sql = new StringBuilder();
        int failures = 0;
        while (true) {
            if (terminal) {
                System.out.print(sql.isEmpty() ? "garrick> " : "      -> ");
                System.out.flush();
            }
            String line = in.readLine();
            if (line == null) {
                if (!sql.toString().isBlank()) {
                    failures += tryRun(client, sql.toString());
                }
                return failures == 0 ? 0 : 1;
            }
            if (sql.isEmpty() && (line.strip().equals("exit") || line.strip().equals("quit"))) {
                return 0;
            }
            sql.append(line).append('\n');
            String text = sql.toString().strip();
            if (text.endsWith(";")) {
                failures += tryRun(client, text.substring(0, text.length() - 1));
                sql.setLength(0);
            }
        }
    }

    private int tryRun(SqlClient client, String sql) {
        try {
            run(client, sql);
            return 0;
        } catch (RuntimeException e) {
            System.err.println("garrick: " + FailureText.of(e));
            return 1;
        }
    }
}
