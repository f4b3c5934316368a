package io.garrick.schemasync;

import io.garrick.base.Timestamp;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.TableSchema;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * All tables as of one schema version. Immutable.
 *
 * <p>A dropped table leaves tombstones, one for each physical id, because its rows may be on their
 * way still and older snapshots may read them.
 */
public final class SchemaView {
    static final SchemaView EMPTY = new SchemaView(0, Timestamp.ZERO, Map.of(), Map.of(), Map.of());

    private final long version;
    private final Timestamp ts;
    private final Map<Long, DbSchema> databasesById;
    private final Map<Long, Entry> tablesById;
    private final Map<Long, Tombstone> tombstones;
    private final Map<Long, TableSchema> tablesByPhysicalId;
    private final Map<String, Database> databasesByName;
    private final Map<String, Map<String, TableSchema>> tablesByName;

    /** A table and the database it is in. */
    record Entry(long databaseId, TableSchema table) {}

    /** A database and its tables, both in the order of their names. */
    public record Database(
            long id, String name, String charset, String collate, List<TableSchema> tables) {
        public Database {
            tables = List.copyOf(tables);
        }
    }

    /** A physical table that is gone, as it was last. */
    public record Tombstone(TableSchema table, Timestamp droppedAt) {}

    SchemaView(
            long version,
            Timestamp ts,
            Map<Long, DbSchema> databases,
            Map<Long, Entry> tables,
            Map<Long, Tombstone> tombstones) {
        this.version = version;
        this.ts = ts;
        this.databasesById = Map.copyOf(databases);
        this.tablesById = Map.copyOf(tables);
        this.tombstones = Map.copyOf(tombstones);
        this.tablesByPhysicalId = new HashMap<>();
        tombstones.forEach((id, tombstone) -> tablesByPhysicalId.put(id, tombstone.table()));
        Map<Long, List<TableSchema>> byDatabase = new HashMap<>();
        for (Entry entry : tables.values()) {
            TableSchema table = entry.table();
            byDatabase.computeIfAbsent(entry.databaseId(), _ -> new ArrayList<>()).add(table);
            for (long physicalId : table.allPhysicalIds()) {
                tablesByPhysicalId.put(
                        physicalId,
                        physicalId == table.physicalId() ? table : table.forPartition(physicalId));
            }
        }
        this.databasesByName = new TreeMap<>();
        this.tablesByName = new HashMap<>();
        for (DbSchema db : databases.values()) {
            List<TableSchema> own = byDatabase.getOrDefault(db.id(), new ArrayList<>());
            own.sort(Comparator.comparing(table -> lower(table.name())));
            databasesByName.put(
                    lower(db.name()),
                    new Database(db.id(), db.name(), db.charset(), db.collate(), own));
            Map<String, TableSchema> names = new HashMap<>();
            own.forEach(table -> names.put(lower(table.name()), table));
            tablesByName.put(lower(db.name()), names);
        }
    }

    private SchemaView(SchemaView other, Timestamp ts) {
        this.version = other.version;
        this.ts = ts;
        this.databasesById = other.databasesById;
        this.tablesById = other.tablesById;
        this.tombstones = other.tombstones;
        this.tablesByPhysicalId = other.tablesByPhysicalId;
        this.databasesByName = other.databasesByName;
        this.tablesByName = other.tablesByName;
    }

    /** The same schema, seen at another timestamp. */
    SchemaView seenAt(Timestamp other) {
        return new SchemaView(this, other);
    }

    public long version() {
        return version;
    }

    /** When this was the schema for certain; it may have been before and after. */
    public Timestamp ts() {
        return ts;
    }

    /** In the order of their names. */
    public List<Database> databases() {
        return List.copyOf(databasesByName.values());
    }

    public List<TableSchema> tables() {
        return databasesByName.values().stream().flatMap(db -> db.tables().stream()).toList();
    }

    /** The names' case does not matter. */
    public Optional<TableSchema> find(String database, String table) {
        return Optional.ofNullable(
                tablesByName.getOrDefault(lower(database), Map.of()).get(lower(table)));
    }

    /** A table or a partition, dropped ones included. The result has this physical id. */
    public Optional<TableSchema> byPhysicalId(long physicalId) {
        return Optional.ofNullable(tablesByPhysicalId.get(physicalId));
    }

    /** Physical tables that are gone but not forgotten. */
    public Collection<Tombstone> tombstones() {
        return tombstones.values();
    }

    /** Whether strings in keys are sort keys; the same for all tables of a cluster. */
    boolean newCollation() {
        return tablesById.values().stream()
                .findAny()
                .map(entry -> entry.table().newCollation())
                .orElse(true);
    }

    Map<Long, DbSchema> databasesById() {
        return databasesById;
    }

    Map<Long, Entry> tablesById() {
        return tablesById;
    }

    Map<Long, Tombstone> tombstonesById() {
        return tombstones;
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return "SchemaView[version=%d, ts=%s, tables=%d]".formatted(version, ts, tablesById.size());
    }
}
