package io.garrick.server.demo;

import io.garrick.base.Timestamp;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.row.PlainRowDecoder;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvEntry;
import io.garrick.kv.KvSnapshot;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's own rows at one timestamp, in a DuckDB of their own: what the replica's answers are
 * compared with. Reads with plain KV scans and decodes row by row; shares nothing with the replica
 * but the bytes.
 */
public final class ClusterScan implements AutoCloseable {
    private final Timestamp ts;
    private final Connection duckdb;

    private ClusterScan(Timestamp ts, Connection duckdb) {
        this.ts = ts;
        this.duckdb = duckdb;
    }

    static ClusterScan at(KvClient kv, Timestamp ts, Collection<TableSchema> tables)
            throws SQLException {
        Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
        ClusterScan scan = new ClusterScan(ts, duckdb);
        try {
            KvSnapshot snapshot = kv.snapshot(ts);
            for (TableSchema table : tables) {
                scan.load(snapshot, table);
            }
            return scan;
        } catch (SQLException | RuntimeException e) {
            scan.close();
            throw e;
        }
    }

    private void load(KvSnapshot snapshot, TableSchema table) throws SQLException {
        try (Statement statement = duckdb.createStatement()) {
            statement.execute("create schema if not exists " + table.dbName());
        }
        try (Statement statement = duckdb.createStatement()) {
            statement.execute(createTable(table));
        }
        PlainRowDecoder decoder = new PlainRowDecoder(table);
        Iterator<KvEntry> rows = snapshot.scan(TableKeys.recordRange(table.physicalId()));
        try (DuckDBAppender appender =
                ((DuckDBConnection) duckdb).createAppender(table.dbName(), table.name())) {
            while (rows.hasNext()) {
                KvEntry row = rows.next();
                appender.beginRow();
                for (Object value : decoder.decode(RecordKey.parse(row.key()), row.value())) {
                    append(appender, value);
                }
                appender.endRow();
            }
        }
    }

    private static void append(DuckDBAppender appender, @Nullable Object value)
            throws SQLException {
        switch (value) {
            case null -> appender.appendNull();
            case Long number -> appender.append(number.longValue());
            case BigDecimal decimal -> appender.append(decimal);
            case LocalDate date -> appender.append(date);
            case String text -> appender.append(text);
            default -> throw new IllegalStateException("unexpected " + value.getClass());
        }
    }

    private static String createTable(TableSchema table) {
        return table.publicColumns().stream()
                .map(column -> column.name() + " " + type(column))
                .collect(
                        Collectors.joining(
                                ", ",
                                "create table " + table.dbName() + "." + table.name() + " (",
                                ")"));
    }

    private static String type(ColumnSchema column) {
        FieldType type = column.type();
        return switch (type.tp()) {
            case FieldType.LONGLONG, FieldType.LONG -> "bigint";
            case FieldType.NEW_DECIMAL -> "decimal(" + type.flen() + "," + type.decimal() + ")";
            case FieldType.DATE -> "date";
            default -> "varchar";
        };
    }

    public Timestamp ts() {
        return ts;
    }

    /** For queries of another kind; closed with this scan. */
    public Connection connection() {
        return duckdb;
    }

    /** The answer to a query, each row as a list of column values. */
    public List<List<@Nullable Object>> query(String sql) throws SQLException {
        try (Statement statement = duckdb.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            int columns = rows.getMetaData().getColumnCount();
            List<List<@Nullable Object>> result = new ArrayList<>();
            while (rows.next()) {
                List<@Nullable Object> row = new ArrayList<>(columns);
                for (int i = 1; i <= columns; i++) {
                    row.add(rows.getObject(i));
                }
                result.add(row);
            }
            return result;
        }
    }

    @Override
    public void close() throws SQLException {
        duckdb.close();
    }
}
