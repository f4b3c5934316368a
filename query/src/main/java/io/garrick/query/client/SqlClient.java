package io.garrick.query.client;

import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.flight.CallOption;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.apache.arrow.memory.BufferAllocator;

/** A connection to a Flight SQL server. One thread uses it. */
public final class SqlClient implements AutoCloseable {
    private static final Pattern SNAPSHOT_TS = Pattern.compile("\"snapshot_ts\":\"(\\d+)\"");
    private static final Pattern ADDRESS =
            Pattern.compile("(?:jdbc:arrow-flight-sql://|[a-z+]+://)?([^/?]+:\\d+).*");

    private final FlightSqlClient client;

    /**
     * What a statement did.
     *
     * @param rowCount rows given, or rows written
     * @param snapshotTs the timestamp its tables were read at, if the server told
     * @param wrote whether it was a statement that writes
     */
    public record Summary(long rowCount, long millis, Optional<String> snapshotTs, boolean wrote) {}

    private SqlClient(FlightSqlClient client) {
        this.client = client;
    }

    /**
     * Connects.
     *
     * @param url {@code host:port}, with {@code grpc://} before it or not
     */
    public static SqlClient connect(String url, BufferAllocator allocator) {
        Matcher address = ADDRESS.matcher(url);
        if (!address.matches()) {
            throw new QueryException(Kind.INVALID, "'" + url + "' is not an address: host:port");
        }
        Location location = new Location(URI.create("grpc+tcp://" + address.group(1)));
        return new SqlClient(
                new FlightSqlClient(FlightClient.builder(allocator, location).build()));
    }

    /** Runs one statement on a connection of its own. */
    public static Summary query(
            String url,
            String sql,
            Optional<String> database,
            Optional<String> asOf,
            ResultPrinter printer,
            BufferAllocator allocator) {
        try (SqlClient client = connect(url, allocator)) {
            return client.query(sql, database, asOf, printer);
        }
    }

    /**
     * Runs one statement and prints its rows.
     *
     * @param asOf a TSO or an RFC 3339 time; empty for the newest state
     */
    public Summary query(
            String sql, Optional<String> database, Optional<String> asOf, ResultPrinter printer) {
        long startNanos = System.nanoTime();
        CallOption headers = headers(database, asOf);
        long rows = 0;
        try {
            FlightInfo info = client.execute(sql, headers);
            if (writes(info)) {
                long written = client.executeUpdate(sql, headers);
                return new Summary(written, millisSince(startNanos), Optional.empty(), true);
            }
            printer.start(info.getSchemaOptional().orElseThrow());
            for (FlightEndpoint endpoint : info.getEndpoints()) {
                try (FlightStream stream = client.getStream(endpoint.getTicket(), headers)) {
                    while (stream.next()) {
                        printer.batch(stream.getRoot());
                        rows += stream.getRoot().getRowCount();
                    }
                }
            }
            printer.end();
            return new Summary(rows, millisSince(startNanos), snapshotTs(info), false);
        } catch (FlightRuntimeException failure) {
            throw explain(failure);
        } catch (Exception failure) {
            throw failure instanceof QueryException known
                    ? known
                    : new QueryException(Kind.INTERNAL, String.valueOf(failure), failure);
        }
    }

    private static long millisSince(long startNanos) {
        return (System.nanoTime() - startNanos) / 1_000_000;
    }

    /** Asking what a statement will answer does not run it. */
    private static boolean writes(FlightInfo info) {
        byte[] metadata = info.getAppMetadata();
        return metadata != null
                && new String(metadata, StandardCharsets.UTF_8).contains("\"writes\":true");
    }

    private static CallOption headers(Optional<String> database, Optional<String> asOf) {
        FlightCallHeaders headers = new FlightCallHeaders();
        database.ifPresent(name -> headers.insert("schema", name));
        asOf.ifPresent(ts -> headers.insert("snapshot_ts", ts));
        return new HeaderCallOption(headers);
    }

    private static Optional<String> snapshotTs(FlightInfo info) {
        byte[] metadata = info.getAppMetadata();
        if (metadata == null) {
            return Optional.empty();
        }
        Matcher found = SNAPSHOT_TS.matcher(new String(metadata, StandardCharsets.UTF_8));
        return found.find() ? Optional.of(found.group(1)) : Optional.empty();
    }

    private static QueryException explain(FlightRuntimeException failure) {
        CallStatus status = failure.status();
        Kind kind =
                switch (status.code()) {
                    case INVALID_ARGUMENT, NOT_FOUND -> Kind.INVALID;
                    case UNAVAILABLE, TIMED_OUT -> Kind.NOT_READY;
                    case RESOURCE_EXHAUSTED -> Kind.OUT_OF_MEMORY;
                    case CANCELLED -> Kind.CANCELLED;
                    case UNIMPLEMENTED -> Kind.UNSUPPORTED;
                    default -> Kind.INTERNAL;
                };
        String description = status.description();
        return new QueryException(
                kind, description == null ? status.code().name() : description, failure);
    }

    @Override
    public void close() {
        try {
            client.close();
        } catch (Exception failure) {
            throw new QueryException(Kind.INTERNAL, "the client does not close", failure);
        }
    }
}
