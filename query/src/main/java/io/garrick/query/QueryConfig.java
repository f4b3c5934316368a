package io.garrick.query;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How queries run and where the server listens.
 *
 * @param port 0 for any free port
 * @param advertise what clients may connect to, as {@code host:port}; empty: the connection they
 *     use
 * @param queryMemoryBytes limit of Arrow memory for one query
 * @param duckdbMemoryBytes limit of the embedded DuckDB, shared by all queries
 * @param spillDirectory where the embedded DuckDB spills; empty: it does not
 * @param threads for one query
 */
public record QueryConfig(
        String host,
        int port,
        Optional<String> advertise,
        long queryMemoryBytes,
        long duckdbMemoryBytes,
        Optional<Path> spillDirectory,
        int threads) {
    private static final long MIB = 1 << 20;

    public static QueryConfig local() {
        return new QueryConfig(
                "127.0.0.1",
                0,
                Optional.empty(),
                512 * MIB,
                512 * MIB,
                Optional.empty(),
                Math.max(1, Runtime.getRuntime().availableProcessors()));
    }

    public QueryConfig withAddress(String newHost, int newPort) {
        return new QueryConfig(
                newHost,
                newPort,
                advertise,
                queryMemoryBytes,
                duckdbMemoryBytes,
                spillDirectory,
                threads);
    }

    public QueryConfig withQueryMemory(long bytes) {
        return new QueryConfig(
                host, port, advertise, bytes, duckdbMemoryBytes, spillDirectory, threads);
    }

    public QueryConfig withSpillDirectory(Path directory) {
        return new QueryConfig(
                host,
                port,
                advertise,
                queryMemoryBytes,
                duckdbMemoryBytes,
                Optional.of(directory),
                threads);
    }
}
