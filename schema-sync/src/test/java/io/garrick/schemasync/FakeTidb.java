package io.garrick.schemasync;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.MetaKeys;
import io.garrick.codec.row.RowEncoder;
import io.garrick.codec.schema.DbInfoJson;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.PartitionSchema;
import io.garrick.codec.schema.SchemaDiff;
import io.garrick.codec.schema.SchemaDiffJson;
import io.garrick.codec.schema.SchemaState;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** TiDB's side of the meta keys, with every version kept. Statements come from one thread. */
final class FakeTidb implements MetaStore {
    private final NavigableMap<Key, NavigableMap<Long, Optional<byte[]>>> versions =
            new TreeMap<>();
    private long clock = 1_000;
    long schemaVersion;
    private long nextId = 100;
    volatile boolean reachable = true;

    final Map<Long, DbSchema> databases = new TreeMap<>();

    /** By id; the database by the table's name for it. */
    final Map<Long, TableSchema> tables = new TreeMap<>();

    @Override
    public synchronized Timestamp now() {
        if (!reachable) {
            throw new IllegalStateException("unreachable");
        }
        return new Timestamp(++clock);
    }

    @Override
    public Reader at(Timestamp ts) {
        return new Reader() {
            @Override
            public Optional<byte[]> get(Key key) {
                if (!reachable) {
                    throw new IllegalStateException("unreachable");
                }
                synchronized (FakeTidb.this) {
                    return valueAt(versions.getOrDefault(key, new TreeMap<>()), ts);
                }
            }

            @Override
            public void scan(KeyRange range, BiConsumer<Key, byte[]> entries) {
                versions.tailMap(range.start(), true)
                        .forEach((key, history) -> {
                            if (range.contains(key)) {
                                valueAt(history, ts).ifPresent(value -> entries.accept(key, value));
                            }
                        });
            }
        };
    }

    private static Optional<byte[]> valueAt(
            NavigableMap<Long, Optional<byte[]>> history, Timestamp ts) {
        var newest = history.floorEntry(ts.value());
        return newest == null ? Optional.empty() : newest.getValue();
    }

    synchronized void put(Key key, byte[] value) {
        versions.computeIfAbsent(key, _ -> new TreeMap<>()).put(clock, Optional.of(value));
    }

    synchronized void delete(Key key) {
        versions.computeIfAbsent(key, _ -> new TreeMap<>()).put(clock, Optional.empty());
    }

    long id() {
        return nextId++;
    }

    private long databaseOf(TableSchema table) {
        return databases.values().stream()
                .filter(db -> db.name().equals(table.dbName()))
                .findFirst()
                .orElseThrow()
                .id();
    }

    private void write(TableSchema table) {
        tables.put(table.logicalId(), table);
        put(MetaKeys.table(databaseOf(table), table.logicalId()), TableInfoJson.emit(table));
    }

    private void remove(TableSchema table) {
        tables.remove(table.logicalId());
        delete(MetaKeys.table(databaseOf(table), table.logicalId()));
    }

    synchronized void bumpVersion() {
        clock++;
        put(MetaKeys.schemaVersion(), MetaKeys.decimalText(++schemaVersion));
    }

    void diff(
            int type,
            long db,
            long table,
            long oldTable,
            long oldDb,
            List<SchemaDiff.Affected> affected) {
        writeDiff(
                new SchemaDiff(
                        schemaVersion,
                        type,
                        db,
                        table,
                        oldTable,
                        oldDb,
                        false,
                        false,
                        List.of(),
                        affected));
    }

    void writeDiff(SchemaDiff diff) {
        put(MetaKeys.diff(diff.version()), SchemaDiffJson.emit(diff));
    }

    // ---- statements

    DbSchema createDatabase(String name) {
        bumpVersion();
        DbSchema db = new DbSchema(id(), name, "utf8mb4", "utf8mb4_bin", SchemaState.PUBLIC);
        databases.put(db.id(), db);
        put(MetaKeys.database(db.id()), DbInfoJson.emit(db));
        diff(1, db.id(), 0, 0, 0, List.of());
        return db;
    }

    void dropDatabase(DbSchema db) {
        bumpVersion();
        List.copyOf(tables.values()).stream()
                .filter(table -> table.dbName().equals(db.name()))
                .forEach(this::remove);
        databases.remove(db.id());
        delete(MetaKeys.database(db.id()));
        diff(2, db.id(), 0, 0, 0, List.of());
    }

    TableSchema createTable(DbSchema db, String name, int partitions) {
        bumpVersion();
        TableSchema table =
                TableSchema.builder(id(), db.name(), name)
                        .column(
                                1,
                                "id",
                                FieldType.of(
                                        FieldType.LONGLONG,
                                        FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG,
                                        20,
                                        0))
                        .pkIsHandle()
                        .partition(partitions == 0 ? null : partition(definitions(partitions)))
                        .build();
        write(table);
        diff(3, db.id(), table.logicalId(), 0, 0, List.of());
        return table;
    }

    /** The table of settings, and its rows; no diff tells of rows. */
    void writeSettings(Map<String, String> settings) {
        DbSchema mysql = createDatabase("mysql");
        bumpVersion();
        FieldType name =
                FieldType.text(FieldType.VARCHAR, FieldType.NOT_NULL_FLAG, 64, FieldType.BINARY);
        FieldType value = FieldType.text(FieldType.VARCHAR, 0, 1024, FieldType.UTF8MB4_BIN);
        TableSchema table =
                TableSchema.builder(id(), "mysql", "tidb")
                        .column(1, "VARIABLE_NAME", name)
                        .column(2, "VARIABLE_VALUE", value)
                        .build();
        write(table);
        RowEncoder encoder = new RowEncoder(table);
        settings.forEach((key, text) -> {
            RowEncoder.Encoded row = encoder.encode(List.of(key, text), id());
            put(row.rawKey(), row.value().unsafeBytes());
        });
        diff(3, mysql.id(), table.logicalId(), 0, 0, List.of());
    }

    private List<PartitionSchema.Definition> definitions(int count) {
        List<PartitionSchema.Definition> definitions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            definitions.add(definition(id()));
        }
        return definitions;
    }

    private static PartitionSchema.Definition definition(long id) {
        return new PartitionSchema.Definition(id, "p" + id, List.of("" + id), List.of());
    }

    private static List<PartitionSchema.Definition> definitionsOf(TableSchema table) {
        return new ArrayList<>(Objects.requireNonNull(table.partition()).definitions());
    }

    private static PartitionSchema partition(List<PartitionSchema.Definition> definitions) {
        return new PartitionSchema(1, "`id`", List.of(), true, definitions, List.of(), List.of());
    }

    void dropTable(TableSchema table) {
        bumpVersion();
        long db = databaseOf(table);
        remove(table);
        diff(4, db, table.logicalId(), 0, 0, List.of());
    }

    void recoverTable(TableSchema table) {
        bumpVersion();
        write(table);
        diff(25, databaseOf(table), table.logicalId(), 0, 0, List.of());
    }

    void addColumn(TableSchema table) {
        bumpVersion();
        long column = table.maxColumnId() + 1;
        write(
                table.toBuilder()
                        .column(column, "c" + column, FieldType.of(FieldType.LONG, 0, 11, 0))
                        .build());
        diff(5, databaseOf(table), table.logicalId(), 0, 0, List.of());
    }

    void truncate(TableSchema table) {
        bumpVersion();
        remove(table);
        TableSchema fresh =
                renumbered(
                        table,
                        id(),
                        table.name(),
                        table.isPartitioned()
                                ? partition(definitions(table.readablePhysicalIds().size()))
                                : null);
        write(fresh);
        diff(11, databaseOf(fresh), fresh.logicalId(), table.logicalId(), 0, List.of());
    }

    private static TableSchema renumbered(
            TableSchema table, long id, String name, @Nullable PartitionSchema partition) {
        TableSchema.Builder builder =
                TableSchema.builder(id, table.dbName(), name).partition(partition).pkIsHandle();
        table.columns().forEach(builder::column);
        return builder.build();
    }

    void rename(TableSchema table, DbSchema to, String name) {
        bumpVersion();
        long from = databaseOf(table);
        remove(table);
        TableSchema moved =
                renumbered(table.inDatabase(to.name()), table.logicalId(), name, table.partition());
        write(moved);
        diff(14, to.id(), table.logicalId(), 0, from, List.of());
    }

    void renameBoth(TableSchema a, TableSchema b) {
        bumpVersion();
        List<SchemaDiff.Affected> affected = new ArrayList<>();
        for (TableSchema table : List.of(a, b)) {
            write(renumbered(table, table.logicalId(), table.name() + "x", table.partition()));
            affected.add(
                    new SchemaDiff.Affected(
                            databaseOf(table), table.logicalId(), 0, databaseOf(table)));
        }
        diff(47, databaseOf(a), a.logicalId(), 0, databaseOf(a), affected);
    }

    void addPartition(TableSchema table) {
        bumpVersion();
        List<PartitionSchema.Definition> definitions = definitionsOf(table);
        definitions.add(definition(id()));
        write(table.toBuilder().partition(partition(definitions)).build());
        diff(19, databaseOf(table), table.logicalId(), 0, 0, List.of());
    }

    void truncatePartition(TableSchema table) {
        bumpVersion();
        List<PartitionSchema.Definition> definitions = definitionsOf(table);
        definitions.set(0, definition(id()));
        write(table.toBuilder().partition(partition(definitions)).build());
        diff(23, databaseOf(table), table.logicalId(), 0, 0, List.of());
    }

    void exchange(TableSchema partitioned, TableSchema plain) {
        bumpVersion();
        List<PartitionSchema.Definition> definitions = definitionsOf(partitioned);
        long partitionId = definitions.get(0).id();
        definitions.set(0, definition(plain.logicalId()));
        remove(plain);
        write(renumbered(plain, partitionId, plain.name(), null));
        write(partitioned.toBuilder().partition(partition(definitions)).build());
        diff(
                42,
                databaseOf(plain),
                partitionId,
                plain.logicalId(),
                databaseOf(plain),
                List.of(
                        new SchemaDiff.Affected(
                                databaseOf(partitioned), partitioned.logicalId(), 0, 0)));
    }
}
