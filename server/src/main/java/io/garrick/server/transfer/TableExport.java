package io.garrick.server.transfer;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.garrick.base.OrderedStore;
import io.garrick.base.SimStore;
import io.garrick.base.Timestamp;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import io.garrick.kv.KvClient;
import io.garrick.kv.PdClient;
import io.garrick.query.client.SqlClient;
import io.garrick.schemasync.SchemaSync;
import io.garrick.server.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/** Writes one table as of one timestamp to a directory, read from a replica over Flight SQL. */
public final class TableExport {
    private TableExport() {}

    /**
     * Exports.
     *
     * @param flightUrl the replica
     * @param asOf empty for now
     * @param progress is told the rows written so far
     * @throws UserError there is no such table, or the directory is in use
     */
    public static ExportManifest run(
            PdClient pd,
            String flightUrl,
            String database,
            String table,
            Optional<Timestamp> asOf,
            Path directory,
            LongConsumer progress)
            throws IOException {
        prepare(directory);
        Timestamp ts = asOf.orElseGet(pd::timestamp);
        try (SafepointHold _ = new SafepointHold(pd, ts);
                BufferAllocator allocator = new RootAllocator();
                ParquetExport files = new ParquetExport(directory, table, progress)) {
            TableSchema schema = schema(pd, database, table, ts);
            try (SqlClient client = SqlClient.connect(flightUrl, allocator)) {
                client.query(
                        "SELECT * FROM `" + table.replace("`", "``") + "`",
                        Optional.of(database),
                        Optional.of(Long.toUnsignedString(ts.value())),
                        files);
            }
            ExportManifest manifest =
                    new ExportManifest(
                            ExportManifest.VERSION,
                            database,
                            table,
                            ts.value(),
                            files.rowCount(),
                            new ObjectMapper().readTree(TableInfoJson.emit(schema)),
                            files.files());
            manifest.write(directory);
            return manifest;
        }
    }

    private static void prepare(Path directory) throws IOException {
        Files.createDirectories(directory);
        try (Stream<Path> inside = Files.list(directory)) {
            if (inside.findAny().isPresent()) {
                throw new UserError(directory + " is not empty");
            }
        }
    }

    private static TableSchema schema(PdClient pd, String database, String table, Timestamp ts)
            throws IOException {
        // The schema is looked at once; nothing of it need outlive this call.
        OrderedStore memory = new SimStore(OrderedStore.Mode.LOGGED, List.of(SchemaSync.FAMILY));
        try (KvClient kv = KvClient.connect(pd);
                SchemaSync schemas = SchemaSync.start(kv, memory, Duration.ofHours(1))) {
            return schemas.at(ts)
                    .find(database, table)
                    .orElseThrow(() ->
                            new UserError("no table " + database + "." + table + " at " + ts));
        }
    }
}
