package io.garrick.server.transfer;

import io.garrick.base.OrderedStore;
import io.garrick.base.SimStore;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import io.garrick.flashkv.writer.SchemaWriter;
import io.garrick.flashkv.writer.TableWriter;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.PdClient;
import io.garrick.schemasync.SchemaSync;
import io.garrick.schemasync.SchemaView;
import io.garrick.server.FailureText;
import io.garrick.server.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.io.LocalInputFile;
import org.jspecify.annotations.Nullable;

/**
 * Loads an export into a cluster, in transactions of some hundred rows. Checksums and schema are
 * checked before the first row; a table that is not there is created.
 */
public final class TableImport {
    private static final int ROWS_PER_TRANSACTION = 500;

    private final KvClient kv;
    private final LongConsumer progress;
    private long committed;

    private TableImport(KvClient kv, LongConsumer progress) {
        this.kv = kv;
        this.progress = progress;
    }

    /**
     * Imports into the table of the same name.
     *
     * @param pdHttp PD's HTTP address, used when the table is created
     * @param progress is told the rows committed so far
     * @return rows committed
     * @throws UserError it names what was loaded before it failed
     */
    public static long run(PdClient pd, String pdHttp, Path directory, LongConsumer progress)
            throws IOException {
        ExportManifest manifest = ExportManifest.readChecked(directory);
        TableSchema exported = exported(manifest);
        if (exported.isPartitioned()) {
            throw new UserError(
                    "table " + exported.name() + " has partitions; import does not write these");
        }
        try (KvClient kv = KvClient.connect(pd)) {
            TableImport run = new TableImport(kv, progress);
            Target target = run.target(pdHttp, replicas(pd), exported);
            run.load(directory, manifest, target);
            return run.committed;
        }
    }

    /** The table that an export goes to, if it is there. */
    public static Optional<TableSchema> target(PdClient pd, Path directory) throws IOException {
        TableSchema exported = exported(ExportManifest.read(directory));
        try (KvClient kv = KvClient.connect(pd)) {
            return new TableImport(kv, _ -> {}).find(exported).map(Target::table);
        }
    }

    private static TableSchema exported(ExportManifest manifest) {
        return TableInfoJson.parse(
                manifest.database(),
                manifest.tableInfo().toString().getBytes(StandardCharsets.UTF_8));
    }

    private record Target(long databaseId, TableSchema table) {}

    /** As CREATE TABLE asks for, if there is a columnar store: PD refuses a rule that fits none. */
    private static int replicas(PdClient pd) {
        return pd.getAllStores().stream()
                        .flatMap(store -> store.getLabelsList().stream())
                        .anyMatch(label ->
                                label.getKey().equals("engine")
                                        && label.getValue().equals("tiflash"))
                ? 1
                : 0;
    }

    private Target target(String pdHttp, int replicas, TableSchema exported) throws IOException {
        Optional<Target> present = find(exported);
        if (present.isEmpty()) {
            SchemaWriter schemas = new SchemaWriter(kv, pdHttp);
            schemas.createDatabase(exported.dbName());
            schemas.createTable(exported, replicas);
            present = find(exported);
        }
        Target target = present.orElseThrow(() -> new IllegalStateException("no table made"));
        List<String> here = columns(target.table());
        List<String> there = columns(exported);
        if (!here.equals(there)) {
            throw new UserError(
                    "table "
                            + exported.dbName()
                            + "."
                            + exported.name()
                            + " differs: it has columns "
                            + here
                            + ", the export has "
                            + there);
        }
        return target;
    }

    private Optional<Target> find(TableSchema wanted) throws IOException {
        OrderedStore memory = new SimStore(OrderedStore.Mode.LOGGED, List.of(SchemaSync.FAMILY));
        try (SchemaSync schemas = SchemaSync.start(kv, memory, Duration.ofHours(1))) {
            SchemaView view = schemas.current();
            return view.find(wanted.dbName(), wanted.name())
                    .flatMap(table ->
                            view.databases().stream()
                                    .filter(db -> db.name().equalsIgnoreCase(wanted.dbName()))
                                    .findFirst()
                                    .map(db -> new Target(db.id(), table)));
        }
    }

    private static List<String> columns(TableSchema table) {
        List<String> columns = new ArrayList<>();
        for (ColumnSchema column : table.columns()) {
            columns.add(
                    column.name()
                            + " "
                            + column.type().tp()
                            + "("
                            + column.type().flen()
                            + ","
                            + column.type().decimal()
                            + ")"
                            + (column.type().isUnsigned() ? " unsigned" : ""));
        }
        return columns;
    }

    private void load(Path directory, ExportManifest manifest, Target target) {
        String file = "";
        try {
            TableWriter writer = new TableWriter(kv, target.databaseId(), target.table());
            for (ExportManifest.DataFile data : manifest.files()) {
                file = data.name();
                load(directory.resolve(file), writer, target.table().columns().size());
            }
        } catch (IOException | RuntimeException e) {
            throw new UserError(
                    "import stopped in "
                            + file
                            + ": the first "
                            + committed
                            + " of "
                            + manifest.rowCount()
                            + " rows are loaded; "
                            + FailureText.of(e),
                    e);
        }
        if (committed != manifest.rowCount()) {
            throw new UserError(
                    "loaded " + committed + " rows, the manifest has " + manifest.rowCount());
        }
    }

    private void load(Path file, TableWriter writer, int columns) throws IOException {
        try (ParquetReader<Group> reader = new Builder(file).build()) {
            List<List<@Nullable Object>> batch = new ArrayList<>();
            Group group;
            while ((group = reader.read()) != null) {
                List<@Nullable Object> row = new ArrayList<>(columns);
                for (int column = 0; column < columns; column++) {
                    row.add(ParquetShape.value(group, column));
                }
                batch.add(row);
                if (batch.size() == ROWS_PER_TRANSACTION) {
                    commit(batch, writer);
                }
            }
            commit(batch, writer);
        }
    }

    private void commit(List<List<@Nullable Object>> batch, TableWriter writer) {
        if (batch.isEmpty()) {
            return;
        }
        KvTransaction transaction = kv.begin();
        for (List<@Nullable Object> row : batch) {
            writer.insert(transaction, row);
        }
        transaction.commit();
        committed += batch.size();
        batch.clear();
        progress.accept(committed);
    }

    /** A reader of records without Hadoop's file systems. */
    private static final class Builder extends ParquetReader.Builder<Group> {
        Builder(Path file) {
            super(new LocalInputFile(file), new PlainParquetConfiguration());
        }

        @Override
        protected ReadSupport<Group> getReadSupport() {
            return new GroupReadSupport();
        }
    }
}
