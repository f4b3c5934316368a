package io.garrick.query.duck;

import io.garrick.base.Timestamp;
import io.garrick.query.QueryConfig;
import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.ResultStream;
import io.garrick.query.TableView;
import io.garrick.query.scan.Scan;
import io.garrick.query.sql.MySqlFunction;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.pojo.Schema;
import org.duckdb.DuckDBConnection;

/**
 * One embedded, in-memory DuckDB for all queries of the process. It cannot reach files or the
 * network, but for its own spill directory.
 */
public final class DuckDb implements AutoCloseable {
    private final DuckDBConnection root;
    private final int threads;

    /** Opens what a leaf reads. */
    @FunctionalInterface
    public interface ViewOpener {
        TableView open(Scan scan);
    }

    private DuckDb(DuckDBConnection root, int threads) {
        this.root = root;
        this.threads = threads;
    }

    public static DuckDb open(QueryConfig config) {
        Properties settings = new Properties();
        settings.setProperty("jdbc_stream_results", "true");
        settings.setProperty("threads", String.valueOf(config.threads()));
        settings.setProperty("memory_limit", (config.duckdbMemoryBytes() >> 20) + "MiB");
        settings.setProperty("autoinstall_known_extensions", "false");
        settings.setProperty("autoload_known_extensions", "false");
        try {
            DuckDBConnection root =
                    (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:", settings);
            try (Statement statement = root.createStatement()) {
                for (String macro : MySqlFunction.MACROS) {
                    statement.execute(macro);
                }
                for (String setting : settings(config)) {
                    statement.execute(setting);
                }
            }
            return new DuckDb(root, config.threads());
        } catch (SQLException failure) {
            throw new QueryException(
                    Kind.INTERNAL, "DuckDB does not start: " + failure.getMessage(), failure);
        }
    }

    private static List<String> settings(QueryConfig config) {
        String spill =
                config.spillDirectory().map(path -> path.toString().replace("'", "''")).orElse("");
        return List.of(
                "SET temp_directory = '" + spill + "'",
                "SET enable_external_access = false",
                // As in MySQL: x / 0 is NULL, NULL is the smallest value, times are UTC.
                "SET GLOBAL ieee_floating_point_ops = false",
                "SET GLOBAL default_null_order = 'nulls_first_on_asc_last_on_desc'",
                "SET GLOBAL TimeZone = 'UTC'",
                // Streams have no statistics: the order of the plan is the better one.
                "SET GLOBAL disabled_optimizers = 'join_order,build_side_probe_side'",
                "SET GLOBAL preserve_insertion_order = true",
                "SET lock_configuration = true");
    }

    /**
     * Starts a query. The stream owns the allocator.
     *
     * @param schema of the result; types equal to the plan's
     * @throws io.garrick.query.vector.Overflow a leaf must run without our own operators
     */
    public ResultStream run(
            DuckSql query,
            Schema schema,
            Timestamp snapshotTs,
            ViewOpener views,
            BufferAllocator ownedAllocator) {
        return DuckResult.start(root, query, schema, snapshotTs, threads, views, ownedAllocator);
    }

    @Override
    public void close() {
        try {
            root.close();
        } catch (SQLException failure) {
            throw new QueryException(
                    Kind.INTERNAL, "DuckDB does not close: " + failure.getMessage(), failure);
        }
    }
}
