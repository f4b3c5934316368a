package io.garrick.query;

import io.garrick.query.flight.FlightSqlFrontend;
import io.garrick.query.write.StatementWriter;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.ServerHeaderMiddleware;
import org.apache.arrow.flight.ServerSessionMiddleware;
import org.apache.arrow.memory.BufferAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** SQL over Arrow Flight SQL. */
public final class QueryServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QueryServer.class);
    private static final long CLOSE_SECONDS = 5;

    private final QueryEngine engine;
    private final FlightServer server;
    private final String host;

    private QueryServer(QueryEngine engine, FlightServer server, String host) {
        this.engine = engine;
        this.server = server;
        this.host = host;
    }

    /**
     * Listens once this returns.
     *
     * @throws IOException the address cannot be used
     */
    public static QueryServer start(QueryConfig config, Replica replica, BufferAllocator allocator)
            throws IOException {
        return start(config, replica, Optional.empty(), allocator);
    }

    /**
     * Listens once this returns.
     *
     * @param writer where statements write; empty: they are refused
     * @throws IOException the address cannot be used
     */
    public static QueryServer start(
            QueryConfig config,
            Replica replica,
            Optional<StatementWriter> writer,
            BufferAllocator allocator)
            throws IOException {
        QueryEngine engine = QueryEngine.create(config, replica, writer, allocator);
        try {
            List<Location> advertised =
                    config.advertise().stream()
                            .map(address -> new Location(URI.create("grpc+tcp://" + address)))
                            .toList();
            FlightServer server =
                    FlightServer.builder(
                                    allocator,
                                    Location.forGrpcInsecure(config.host(), config.port()),
                                    new FlightSqlFrontend(engine, allocator, advertised))
                            .middleware(
                                    FlightSqlFrontend.SESSION,
                                    new ServerSessionMiddleware.Factory(
                                            () -> UUID.randomUUID().toString()))
                            .middleware(
                                    FlightSqlFrontend.HEADERS, new ServerHeaderMiddleware.Factory())
                            .build()
                            .start();
            LOG.info("flight sql listening host={} port={}", config.host(), server.getPort());
            return new QueryServer(engine, server, config.host());
        } catch (IOException | RuntimeException failure) {
            engine.close();
            throw failure;
        }
    }

    public int port() {
        return server.getPort();
    }

    /** For JDBC's Flight SQL driver, without TLS. */
    public String jdbcUrl() {
        return "jdbc:arrow-flight-sql://" + host + ":" + port() + "?useEncryption=false";
    }

    /** The engine behind the server, for use in process. */
    public QueryEngine engine() {
        return engine;
    }

    @Override
    public void close() {
        try {
            server.shutdown();
            if (!server.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("open streams are cut seconds={}", CLOSE_SECONDS);
            }
            server.close();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            engine.close();
        }
    }
}
