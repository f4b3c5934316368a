package io.garrick.flashkv.writer;

import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.PartitionSchema;
import io.garrick.codec.schema.SchemaState;
import io.garrick.codec.schema.TableSchema;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.WriteConflictException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Creates and changes databases and tables as TiDB does.
 *
 * <p>Each call is one transaction over the meta keys: it changes the descriptions, raises the
 * schema version and writes the difference, so whoever follows the schema sees it. TiDB takes a
 * column through several versions for the sake of other servers with older schemas; here there is
 * one writer, so it takes one. Safe for many threads.
 */
public final class SchemaWriter {
    private static final int ATTEMPTS = 20;

    // TiDB, pkg/meta/model/job.go
    private static final int CREATE_SCHEMA = 1;
    private static final int DROP_SCHEMA = 2;
    private static final int CREATE_TABLE = 3;
    private static final int DROP_TABLE = 4;
    private static final int ADD_COLUMN = 5;
    private static final int TRUNCATE_TABLE = 11;
    private static final int RENAME_TABLE = 14;
    private static final int SET_REPLICA = 30;
    private static final int SET_REPLICA_STATUS = 31;
    private static final int MULTI_SCHEMA_CHANGE = 61;

    private final KvClient kv;
    private final PlacementRules rules;

    /**
     * Writes through {@code kv}, which stays its caller's to close.
     *
     * @param pdHttp where PD answers HTTP, {@code host:port} or a URL
     */
    public SchemaWriter(KvClient kv, String pdHttp) {
        this.kv = kv;
        this.rules = new PlacementRules(pdHttp);
    }

    /** The database, which may exist already. */
    public DbSchema createDatabase(String name) {
        return change(meta -> {
            Optional<DbSchema> present = meta.database(name);
            if (present.isPresent()) {
                return present.get();
            }
            DbSchema db =
                    new DbSchema(
                            meta.nextId(),
                            name,
                            "utf8mb4",
                            FieldType.UTF8MB4_BIN,
                            SchemaState.PUBLIC);
            return put(meta, db);
        });
    }

    /** A database that must not exist yet. */
    public DbSchema createDatabase(String name, String charset, String collate) {
        return change(meta -> {
            if (meta.database(name).isPresent()) {
                throw new SchemaRefusedException(
                        "Can't create database '" + name + "'; database exists");
            }
            return put(
                    meta, new DbSchema(meta.nextId(), name, charset, collate, SchemaState.PUBLIC));
        });
    }

    private static DbSchema put(MetaTransaction meta, DbSchema db) {
        meta.put(db);
        meta.diff(CREATE_SCHEMA, db.id(), 0, 0, 0);
        return db;
    }

    /** With all its tables. */
    public void dropDatabase(String name) {
        change(meta -> {
            DbSchema db = database(meta, name);
            meta.tables(db, table -> meta.delete(db, table));
            meta.delete(db);
            meta.diff(DROP_SCHEMA, db.id(), 0, 0, 0);
            return db;
        });
    }

    /**
     * Creates a table in the database it names. Its ids, and those of its partitions, are given
     * here; those of its columns stay.
     */
    public TableSchema createTable(TableSchema definition) {
        return createTable(definition, 0);
    }

    /** With columnar replicas from the start: they are asked for before the table can have rows. */
    public TableSchema createTable(TableSchema definition, int replicas) {
        return change(meta -> {
            DbSchema db = database(meta, definition.dbName());
            meta.tables(
                    db,
                    table -> {
                        if (table.name().equalsIgnoreCase(definition.name())) {
                            throw new SchemaRefusedException(
                                    "Table '"
                                            + db.name()
                                            + "."
                                            + table.name()
                                            + "' already exists");
                        }
                    });
            TableSchema table = withNewIds(meta, definition.inDatabase(db.name()));
            if (replicas > 0) {
                setRules(table, replicas);
                table = table.toBuilder().replica(replicas, false).build();
            }
            meta.put(db, table);
            meta.diff(CREATE_TABLE, db.id(), table.logicalId(), 0, 0);
            return table;
        });
    }

    public void dropTable(TableSchema table) {
        change(meta -> {
            DbSchema db = database(meta, table.dbName());
            meta.delete(db, current(meta, db, table));
            meta.diff(DROP_TABLE, db.id(), table.logicalId(), 0, 0);
            return table;
        });
    }

    /**
     * The same table, empty, with new ids. A columnar replica it had is asked for anew, before the
     * new ids can hold rows.
     */
    public TableSchema truncateTable(TableSchema table) {
        TableSchema truncated =
                change(meta -> {
                    DbSchema db = database(meta, table.dbName());
                    TableSchema old = current(meta, db, table);
                    TableSchema fresh = withNewIds(meta, old);
                    Integer replicas = fresh.replicaCount();
                    if (replicas != null && replicas > 0) {
                        setRules(fresh, replicas);
                    }
                    meta.delete(db, old);
                    meta.put(db, fresh);
                    meta.diff(TRUNCATE_TABLE, db.id(), fresh.logicalId(), old.logicalId(), 0);
                    return fresh;
                });
        return truncated;
    }

    public TableSchema renameTable(TableSchema table, String database, String name) {
        return change(meta -> {
            DbSchema from = database(meta, table.dbName());
            DbSchema to = database(meta, database);
            if (find(meta, to, name).isPresent()) {
                throw new SchemaRefusedException(
                        "Table '" + to.name() + "." + name + "' already exists");
            }
            TableSchema old = current(meta, from, table);
            TableSchema renamed =
                    copy(old.inDatabase(to.name()), old.logicalId(), name, old.partition());
            meta.delete(from, old);
            meta.put(to, renamed);
            if (from.id() != to.id()) {
                meta.moveCounter(from.id(), to.id(), old.logicalId());
            }
            meta.diff(RENAME_TABLE, to.id(), table.logicalId(), 0, from.id());
            return renamed;
        });
    }

    /** Changes the table's columns, all of them or none. */
    public TableSchema alterTable(TableSchema table, List<TableEdit> edits) {
        return alter(
                table,
                edits.size() == 1 ? edits.getFirst().action() : MULTI_SCHEMA_CHANGE,
                (old, nowMillis) -> {
                    TableSchema changed = old;
                    for (TableEdit edit : edits) {
                        changed = edit.apply(changed, nowMillis);
                    }
                    return changed;
                });
    }

    /** The table as it is now; empty if there is none of that name. */
    public Optional<TableSchema> table(String database, String name) {
        KvTransaction txn = kv.begin();
        MetaTransaction meta = new MetaTransaction(txn);
        try {
            return meta.database(database).flatMap(db -> find(meta, db, name));
        } finally {
            txn.rollback();
        }
    }

    /** The database as it is now. */
    public Optional<DbSchema> database(String name) {
        KvTransaction txn = kv.begin();
        try {
            return new MetaTransaction(txn).database(name);
        } finally {
            txn.rollback();
        }
    }

    /** At the end; rows already written have the column's origin default, or NULL. */
    public TableSchema addColumn(TableSchema table, ColumnSchema column) {
        return alter(
                table,
                ADD_COLUMN,
                (old, _) -> {
                    long id = old.maxColumnId() + 1;
                    return old.toBuilder().column(withId(column, id)).build();
                });
    }

    public TableSchema dropColumn(TableSchema table, String name) {
        return alterTable(table, List.of(new TableEdit.Drop(name)));
    }

    /** Asks for columnar replicas; zero ends them. */
    public TableSchema setReplica(TableSchema table, int count) {
        if (count > 0) {
            setRules(table, count);
        } else {
            table.readablePhysicalIds().forEach(rules::remove);
        }
        return alter(
                table,
                SET_REPLICA,
                (old, _) -> old.toBuilder().replica(count == 0 ? null : count, false).build());
    }

    /** What TiDB notes once every region of the table has its replica. */
    public TableSchema setReplicaAvailable(TableSchema table, boolean available) {
        return alter(
                table,
                SET_REPLICA_STATUS,
                (old, _) -> old.toBuilder().replica(old.replicaCount(), available).build());
    }

    private void setRules(TableSchema table, int count) {
        for (long physicalId : table.allPhysicalIds()) {
            rules.set(physicalId, count);
        }
    }

    /** What becomes of a table; the second argument is the time in milliseconds. */
    private interface Alteration {
        TableSchema apply(TableSchema old, long nowMillis);
    }

    private TableSchema alter(TableSchema table, int action, Alteration changed) {
        return change(meta -> {
            DbSchema db = database(meta, table.dbName());
            TableSchema old = current(meta, db, table);
            TableSchema fresh =
                    changed.apply(old, meta.startMillis()).toBuilder()
                            .revision(old.revision() + 1)
                            .build();
            meta.put(db, fresh);
            meta.diff(action, db.id(), fresh.logicalId(), 0, 0);
            return fresh;
        });
    }

    /** All statements meet at the schema version, so of two at once one has to come again. */
    private <R> R change(Function<MetaTransaction, R> body) {
        for (int attempt = 1; ; attempt++) {
            KvTransaction txn = kv.begin();
            R result = body.apply(new MetaTransaction(txn));
            try {
                txn.commit();
                return result;
            } catch (WriteConflictException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private static DbSchema database(MetaTransaction meta, String name) {
        return meta.database(name)
                .orElseThrow(() -> new SchemaRefusedException("Unknown database '" + name + "'"));
    }

    private static TableSchema current(MetaTransaction meta, DbSchema db, TableSchema table) {
        return meta.table(db, table.logicalId())
                .orElseThrow(() ->
                        new SchemaRefusedException(
                                "Table '"
                                        + table.dbName()
                                        + "."
                                        + table.name()
                                        + "' doesn't exist"));
    }

    private static Optional<TableSchema> find(MetaTransaction meta, DbSchema db, String name) {
        List<TableSchema> found = new ArrayList<>();
        meta.tables(
                db,
                table -> {
                    if (table.name().equalsIgnoreCase(name)) {
                        found.add(table);
                    }
                });
        return found.stream().findFirst();
    }

    private static TableSchema withNewIds(MetaTransaction meta, TableSchema table) {
        PartitionSchema partition = table.partition();
        if (partition != null) {
            partition =
                    new PartitionSchema(
                            partition.type(),
                            partition.expression(),
                            partition.columns(),
                            partition.enabled(),
                            partition.definitions().stream()
                                    .map(old ->
                                            new PartitionSchema.Definition(
                                                    meta.nextId(),
                                                    old.name(),
                                                    old.lessThan(),
                                                    old.inValues()))
                                    .toList(),
                            List.of(),
                            List.of());
        }
        return copy(table, meta.nextId(), table.name(), partition);
    }

    private static TableSchema copy(
            TableSchema table, long id, String name, @Nullable PartitionSchema partition) {
        TableSchema.Builder builder = copyWithoutColumns(table, id, name, partition);
        table.columns().forEach(builder::column);
        return builder.maxIds(table.maxColumnId(), table.maxIndexId()).build();
    }

    private static TableSchema.Builder copyWithoutColumns(
            TableSchema table, long id, String name, @Nullable PartitionSchema partition) {
        TableSchema.Builder builder =
                TableSchema.builder(id, table.dbName(), name)
                        .charset(table.charset(), table.collate())
                        .state(table.state())
                        .partition(partition)
                        .replica(table.replicaCount(), false)
                        .revision(table.revision())
                        .comment(table.comment())
                        .newCollation(table.newCollation());
        table.indexes().forEach(builder::index);
        if (table.pkIsHandle()) {
            builder.pkIsHandle();
        }
        if (table.isCommonHandle()) {
            builder.commonHandle(table.commonHandleVersion());
        }
        return builder;
    }

    private static ColumnSchema withId(ColumnSchema column, long id) {
        return ColumnSchema.of(id, column.name(), column.type())
                .withOriginDefault(column.originDefault());
    }
}
