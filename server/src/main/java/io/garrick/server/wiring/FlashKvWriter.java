package io.garrick.server.wiring;

import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.flashkv.writer.RowIds;
import io.garrick.flashkv.writer.SchemaWriter;
import io.garrick.flashkv.writer.TableChanges;
import io.garrick.kv.KeyExistsException;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvException;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.PdException;
import io.garrick.kv.TransactionAbortedException;
import io.garrick.kv.UndeterminedException;
import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import io.garrick.query.write.SchemaChange;
import io.garrick.query.write.StatementWriter;
import io.garrick.query.write.WriteConflictException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Statements that write, as Percolator transactions on FlashKV.
 *
 * <p>A schema change waits for the statements that run, and holds up those that come: rows are
 * written under the schema they were planned with. Between two replicas of one cluster nothing
 * holds up; there, a row written beside a schema change has the older form, which stays readable.
 */
final class FlashKvWriter implements StatementWriter {
    private final KvClient kv;
    private final SchemaWriter schemas;
    private final SchemaChanges changes;
    private final ReadWriteLock schemaLock = new ReentrantReadWriteLock(true);
    private final Map<TableKey, RowIds> rowIds = new ConcurrentHashMap<>();

    private record TableKey(String database, long logicalId) {}

    FlashKvWriter(KvClient kv, SchemaWriter schemas) {
        this.kv = kv;
        this.schemas = schemas;
        this.changes =
                new SchemaChanges(
                        schemas, id -> kv.splitRegions(List.of(TableKeys.tablePrefix(id))));
    }

    @Override
    public void change(SchemaChange change) {
        schemaLock.writeLock().lock();
        try {
            reaching(() -> {
                changes.apply(change);
                return change;
            });
        } finally {
            schemaLock.writeLock().unlock();
        }
    }

    @Override
    public Transaction begin() {
        schemaLock.readLock().lock();
        try {
            return reaching(() -> new Statement(kv.begin()));
        } catch (RuntimeException failure) {
            schemaLock.readLock().unlock();
            throw failure;
        }
    }

    private static <T> T reaching(Supplier<T> work) {
        try {
            return work.get();
        } catch (KvException | PdException e) {
            throw new QueryException(
                    Kind.NOT_READY, "the cluster does not take writes now: " + e.getMessage(), e);
        }
    }

    private RowIds rowIds(TableSchema table) {
        return rowIds.computeIfAbsent(
                new TableKey(table.dbName(), table.logicalId()),
                key -> {
                    DbSchema db =
                            schemas.database(key.database())
                                    .orElseThrow(() ->
                                            new QueryException(
                                                    Kind.INVALID,
                                                    "Unknown database '" + key.database() + "'"));
                    return new RowIds(kv, db.id(), key.logicalId());
                });
    }

    /** One statement. */
    private final class Statement implements Transaction {
        private final KvTransaction txn;
        private final Map<Long, TableRows> tables = new LinkedHashMap<>();
        private boolean ended;

        Statement(KvTransaction txn) {
            this.txn = txn;
        }

        @Override
        public Timestamp startTs() {
            return txn.startTs();
        }

        @Override
        public Rows rows(TableSchema table) {
            return tables.computeIfAbsent(
                    table.physicalId(), _ -> new TableRows(txn, table, rowIds(table)));
        }

        @Override
        public void commit() {
            ended = true;
            for (TableRows table : tables.values()) {
                Optional<String> twice = table.changes.writeTo(txn);
                if (twice.isPresent()) {
                    throw duplicate(twice.get());
                }
            }
            try {
                txn.commit();
            } catch (KeyExistsException e) {
                throw duplicate(nameOf(e.key()));
            } catch (io.garrick.kv.WriteConflictException | TransactionAbortedException e) {
                throw new WriteConflictException(String.valueOf(e.getMessage()), e);
            } catch (UndeterminedException e) {
                throw new QueryException(
                        Kind.INTERNAL,
                        "the answer to the commit was lost: look whether the statement was carried"
                                + " out",
                        e);
            } catch (KvException | PdException e) {
                throw new QueryException(
                        Kind.NOT_READY, "the statement was not written: " + e.getMessage(), e);
            }
        }

        private QueryException duplicate(String name) {
            return new QueryException(Kind.INVALID, "Duplicate entry " + name);
        }

        private String nameOf(Key key) {
            for (TableRows table : tables.values()) {
                if (TableKeys.tableIdOf(key) == table.table.physicalId()) {
                    return table.changes.nameOf(key);
                }
            }
            return "for key " + key;
        }

        @Override
        public void close() {
            try {
                if (!ended) {
                    txn.rollback();
                }
            } finally {
                schemaLock.readLock().unlock();
            }
        }
    }

    /** A row as FlashKV's writer has it. */
    private record Found(io.garrick.flashkv.writer.StoredRow row) implements StoredRow {
        @Override
        public List<@Nullable Object> values() {
            return row.values();
        }
    }

    /** One table inside one statement. */
    private static final class TableRows implements Rows {
        private final KvTransaction txn;
        private final TableSchema table;
        private final RowIds ids;
        private final TableChanges changes;
        private final Optional<ColumnSchema> counted;

        TableRows(KvTransaction txn, TableSchema table, RowIds ids) {
            this.txn = txn;
            this.table = table;
            this.ids = ids;
            this.changes = new TableChanges(table);
            this.counted =
                    table.columns().stream()
                            .filter(column -> column.type().hasFlag(FieldType.AUTO_INCREMENT_FLAG))
                            .findFirst();
        }

        @Override
        public void insert(List<@Nullable Object> values) {
            counted.map(column -> values.get(column.offset()))
                    .ifPresent(value -> ids.reserve(((Number) value).longValue()));
            changes.insert(values, table.hasHiddenHandle() ? ids.next() : 0);
        }

        @Override
        public long nextAutoValue() {
            return ids.next();
        }

        @Override
        public List<StoredRow> read(List<RowKey> keys) {
            List<Key> raw = new ArrayList<>();
            for (RowKey key : keys) {
                raw.add(
                        switch (key) {
                            case RowKey.IntHandle(long handle) -> changes.keyOf(handle);
                            case RowKey.Clustered(var values) -> changes.keyOf(values);
                        });
            }
            Map<Key, StoredRow> found = new HashMap<>();
            for (var row : reaching(() -> changes.read(txn, raw))) {
                found.put(row.recordKey(), new Found(row));
            }
            List<StoredRow> rows = new ArrayList<>();
            for (Key key : raw) {
                StoredRow row = found.get(key);
                if (row == null) {
                    throw new IllegalStateException(
                            "the replica has a row that the cluster lacks at "
                                    + txn.startTs()
                                    + ": "
                                    + key);
                }
                rows.add(row);
            }
            return rows;
        }

        @Override
        public void update(StoredRow before, List<@Nullable Object> after) {
            counted.map(column -> after.get(column.offset()))
                    .ifPresent(value -> ids.reserve(((Number) value).longValue()));
            changes.update(((Found) before).row(), after);
        }

        @Override
        public void delete(StoredRow row) {
            changes.delete(((Found) row).row());
        }
    }
}
