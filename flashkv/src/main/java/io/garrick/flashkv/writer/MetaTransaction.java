package io.garrick.flashkv.writer;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.MetaKeys;
import io.garrick.codec.schema.DbInfoJson;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.SchemaDiff;
import io.garrick.codec.schema.SchemaDiffJson;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import io.garrick.kv.KvEntry;
import io.garrick.kv.KvTransaction;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** TiDB's meta documents inside one transaction (TiDB, pkg/meta/meta.go). */
final class MetaTransaction {
    private final KvTransaction txn;

    MetaTransaction(KvTransaction txn) {
        this.txn = txn;
    }

    /** When the change began. */
    long startMillis() {
        return txn.startTs().physicalMillis();
    }

    /** A fresh id; databases, tables and partitions share one sequence. */
    long nextId() {
        return increment(MetaKeys.nextGlobalId(), 1);
    }

    /** Adds to a counter and returns what it then is. */
    long increment(Key counter, long step) {
        long value = txn.get(counter).map(MetaKeys::decimalValue).orElse(0L) + step;
        txn.put(counter, MetaKeys.decimalText(value));
        return value;
    }

    /** Row ids go on where they were when a table changes its database. */
    void moveCounter(long fromDatabaseId, long toDatabaseId, long tableId) {
        txn.get(MetaKeys.autoTableId(fromDatabaseId, tableId))
                .ifPresent(value -> {
                    txn.delete(MetaKeys.autoTableId(fromDatabaseId, tableId));
                    txn.put(MetaKeys.autoTableId(toDatabaseId, tableId), value);
                });
    }

    /** Raises the schema version and says what it changed. */
    void diff(int action, long databaseId, long tableId, long oldTableId, long oldDatabaseId) {
        long version = increment(MetaKeys.schemaVersion(), 1);
        SchemaDiff diff =
                new SchemaDiff(
                        version,
                        action,
                        databaseId,
                        tableId,
                        oldTableId,
                        oldDatabaseId,
                        false,
                        false,
                        List.of(),
                        List.of());
        txn.put(MetaKeys.diff(version), SchemaDiffJson.emit(diff));
    }

    Optional<DbSchema> database(String name) {
        for (Iterator<KvEntry> i = scan(MetaKeys.databases()); i.hasNext(); ) {
            DbSchema db = DbInfoJson.parse(i.next().value());
            if (db.name().equalsIgnoreCase(name)) {
                return Optional.of(db);
            }
        }
        return Optional.empty();
    }

    void put(DbSchema db) {
        txn.put(MetaKeys.database(db.id()), DbInfoJson.emit(db));
    }

    void delete(DbSchema db) {
        txn.delete(MetaKeys.database(db.id()));
    }

    void tables(DbSchema db, Consumer<TableSchema> each) {
        for (Iterator<KvEntry> i = scan(MetaKeys.tables(db.id())); i.hasNext(); ) {
            KvEntry entry = i.next();
            if (MetaKeys.parse(entry.key()).fieldText().startsWith("Table:")) {
                each.accept(TableInfoJson.parse(db.name(), entry.value()));
            }
        }
    }

    Optional<TableSchema> table(DbSchema db, long tableId) {
        return txn.get(MetaKeys.table(db.id(), tableId))
                .map(json -> TableInfoJson.parse(db.name(), json));
    }

    void put(DbSchema db, TableSchema table) {
        txn.put(
                MetaKeys.table(db.id(), table.logicalId()),
                TableInfoJson.emit(
                        table.toBuilder().updateTimestamp(txn.startTs().value()).build()));
    }

    void delete(DbSchema db, TableSchema table) {
        txn.delete(MetaKeys.table(db.id(), table.logicalId()));
    }

    private Iterator<KvEntry> scan(KeyRange range) {
        return txn.snapshot().scan(range);
    }
}
