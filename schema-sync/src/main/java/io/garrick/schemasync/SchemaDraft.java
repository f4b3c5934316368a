package io.garrick.schemasync;

import io.garrick.base.Timestamp;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.SchemaDiff;
import io.garrick.codec.schema.TableSchema;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The next view in the making. One thread uses it, once. */
final class SchemaDraft {
    private final MetaReader meta;
    private final Timestamp ts;
    private final Map<Long, DbSchema> databases;
    private final Map<Long, SchemaView.Entry> tables;
    private final Map<Long, SchemaView.Tombstone> tombstones;

    /** The table that was last seen with a physical id; it may be gone or have others by now. */
    private final Map<Long, Long> ownerOf = new HashMap<>();

    SchemaDraft(SchemaView from, MetaReader meta, Timestamp ts) {
        this.meta = meta;
        this.ts = ts;
        this.databases = new HashMap<>(from.databasesById());
        this.tables = new HashMap<>(from.tablesById());
        this.tombstones = new HashMap<>(from.tombstonesById());
        from.tablesById().values().forEach(entry -> own(entry.table()));
    }

    SchemaView finish(long version) {
        return new SchemaView(version, ts, databases, tables, tombstones);
    }

    /** Replaces everything by what is there now; what is missing leaves tombstones. */
    SchemaDraft loadAll() {
        Set<Long> tableIds = new HashSet<>();
        List<DbSchema> present = meta.databases();
        databases.clear();
        for (DbSchema db : present) {
            databases.put(db.id(), db);
            for (TableSchema table : meta.tables(db)) {
                tableIds.add(table.logicalId());
                put(db, table);
            }
        }
        List.copyOf(tables.keySet()).stream()
                .filter(id -> !tableIds.contains(id))
                .forEach(this::drop);
        return this;
    }

    /** False if only a full load can follow this change. */
    boolean apply(SchemaDiff diff) {
        if (diff.regenerateSchemaMap()) {
            return false;
        }
        switch (Effect.of(diff.type())) {
            case NONE -> {}
            case DATABASE -> refreshDatabase(diff.schemaId());
            case DROP_DATABASE -> dropDatabase(diff.schemaId());
            case WHOLE_DATABASE -> reloadDatabase(diff.schemaId());
            case TABLE -> {
                refresh(diff.schemaId(), diff.tableId());
                refreshAffected(diff);
            }
            case DROP_TABLE -> drop(diff.tableId());
            case REPLACE_TABLE -> {
                if (diff.oldTableId() != diff.tableId()) {
                    drop(diff.oldTableId());
                }
                refresh(diff.schemaId(), diff.tableId());
                refreshAffected(diff);
            }
            case AFFECTED_TABLES -> {
                if (diff.affected().isEmpty()) {
                    refresh(diff.schemaId(), diff.tableId());
                }
                refreshAffected(diff);
            }
            case EXCHANGE_PARTITION -> exchange(diff);
            case RELOAD -> {
                return false;
            }
        }
        return true;
    }

    private void refreshAffected(SchemaDiff diff) {
        for (SchemaDiff.Affected affected : diff.affected()) {
            if (affected.oldTableId() != 0 && affected.oldTableId() != affected.tableId()) {
                drop(affected.oldTableId());
            }
            refresh(affected.schemaId(), affected.tableId());
        }
    }

    private void refreshDatabase(long databaseId) {
        Optional<DbSchema> found = meta.database(databaseId);
        if (found.isEmpty()) {
            return; // dropped since; that change comes later
        }
        DbSchema db = found.get();
        databases.put(databaseId, db);
    }

    private void dropDatabase(long databaseId) {
        databases.remove(databaseId);
        List.copyOf(tables.values()).stream()
                .filter(entry -> entry.databaseId() == databaseId)
                .forEach(entry -> drop(entry.table().logicalId()));
    }

    private void reloadDatabase(long databaseId) {
        refreshDatabase(databaseId);
        DbSchema db = databases.get(databaseId);
        if (db != null) {
            meta.tables(db).forEach(table -> put(db, table));
        }
    }

    private void refresh(long databaseId, long tableId) {
        if (tableId == 0) {
            return;
        }
        if (!databases.containsKey(databaseId)) {
            refreshDatabase(databaseId);
        }
        DbSchema db = databases.get(databaseId);
        if (db == null) {
            return;
        }
        // Missing means dropped or moved since; the change that did so comes later.
        meta.table(db, tableId).ifPresent(table -> put(db, table));
    }

    /**
     * The diff names the partition in {@code table_id}, the plain table in {@code old_table_id} of
     * {@code old_schema_id}, and the partitioned table in its affected option. No row moves: the
     * plain table now has the partition's id, and the other way round.
     */
    private void exchange(SchemaDiff diff) {
        if (diff.tableId() == diff.oldTableId()) {
            return; // a step on the way
        }
        tables.remove(diff.oldTableId());
        refreshAffected(diff);
        refresh(diff.oldSchemaId(), diff.tableId());
        refresh(diff.schemaId(), diff.tableId());
    }

    private void put(DbSchema db, TableSchema table) {
        SchemaView.Entry before =
                tables.put(table.logicalId(), new SchemaView.Entry(db.id(), table));
        own(table);
        table.allPhysicalIds().forEach(tombstones::remove);
        if (before != null) {
            bury(before.table(), new HashSet<>(table.allPhysicalIds()));
        }
    }

    private void own(TableSchema table) {
        table.allPhysicalIds().forEach(id -> ownerOf.put(id, table.logicalId()));
    }

    private void drop(long tableId) {
        SchemaView.Entry gone = tables.remove(tableId);
        if (gone != null) {
            bury(gone.table(), Set.of());
        }
    }

    /** Unless another table owns the id by now, as after an exchange of partitions. */
    private void bury(TableSchema table, Set<Long> kept) {
        for (long physicalId : table.allPhysicalIds()) {
            if (!kept.contains(physicalId) && !ownedByAnother(physicalId)) {
                tombstones.put(
                        physicalId, new SchemaView.Tombstone(table.forPartition(physicalId), ts));
            }
        }
    }

    /** The table that has the physical id now, if one has. */
    private boolean ownedByAnother(long physicalId) {
        Long owner = ownerOf.get(physicalId);
        SchemaView.Entry entry = owner == null ? null : tables.get(owner);
        return entry != null && entry.table().allPhysicalIds().contains(physicalId);
    }
}
