package io.garrick.flashkv.writer;

import io.garrick.codec.row.RowEncoder;
import io.garrick.codec.schema.TableSchema;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvTransaction;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the rows of one physical table inside the caller's transactions, as TiDB does.
 *
 * <p>A row is a list of Java values, one per column of the table; null is NULL. For a partition
 * give {@link TableSchema#forPartition}. Used by one thread.
 */
public final class TableWriter {
    private final TableSchema table;
    private final RowIds rowIds;
    private final RowEncoder encoder;
    private final IndexEntries indexes;

    /**
     * Keeps a buffer for one row.
     *
     * @param databaseId only used by tables without a clustered key, whose row ids are counted
     *     there
     */
    public TableWriter(KvClient kv, long databaseId, TableSchema table) {
        this.table = table;
        this.rowIds = new RowIds(kv, databaseId, table.logicalId());
        this.encoder = new RowEncoder(table);
        this.indexes = new IndexEntries(table, encoder);
    }

    /**
     * A new row. If one with its key exists, the commit fails with {@link
     * io.garrick.kv.KeyExistsException}.
     *
     * @return the row id if the table has no clustered key, else zero
     */
    public long insert(KvTransaction txn, List<? extends @Nullable Object> row) {
        long rowId = table.hasHiddenHandle() ? rowIds.next() : 0;
        RowEncoder.Encoded encoded = encoder.encode(row, rowId);
        txn.insert(encoded.rawKey(), encoded.value().unsafeBytes());
        for (IndexEntries.Entry entry : indexes.of(row, encoded.rawKey())) {
            if (entry.distinct()) {
                txn.insert(entry.key(), entry.value().unsafeBytes());
            } else {
                txn.put(entry.key(), entry.value().unsafeBytes());
            }
        }
        return rowId;
    }

    /** A new row, or in place of the one with the same key. Not for tables with row ids. */
    public void put(KvTransaction txn, List<? extends @Nullable Object> row) {
        put(txn, clustered(), row);
    }

    /** For tables without a clustered key. */
    public void put(KvTransaction txn, long rowId, List<? extends @Nullable Object> row) {
        requireNoIndex();
        RowEncoder.Encoded encoded = encoder.encode(row, rowId);
        txn.put(encoded.rawKey(), encoded.value().unsafeBytes());
    }

    /** {@code before} by {@code after}, whose key may differ. Not for tables with row ids. */
    public void update(
            KvTransaction txn,
            List<? extends @Nullable Object> before,
            List<? extends @Nullable Object> after) {
        long none = clustered();
        requireNoIndex();
        RowEncoder.Encoded old = encoder.encode(before, none);
        RowEncoder.Encoded fresh = encoder.encode(after, none);
        if (old.rawKey().equals(fresh.rawKey())) {
            txn.put(fresh.rawKey(), fresh.value().unsafeBytes());
        } else {
            txn.delete(old.rawKey());
            txn.insert(fresh.rawKey(), fresh.value().unsafeBytes());
        }
    }

    /** The row with this row's key. Not for tables with row ids. */
    public void delete(KvTransaction txn, List<? extends @Nullable Object> row) {
        delete(txn, clustered(), row);
    }

    /** For tables without a clustered key. */
    public void delete(KvTransaction txn, long rowId, List<? extends @Nullable Object> row) {
        RowEncoder.Encoded encoded = encoder.encode(row, rowId);
        txn.delete(encoded.rawKey());
        for (IndexEntries.Entry entry : indexes.of(row, encoded.rawKey())) {
            txn.delete(entry.key());
        }
    }

    /** What a row replaces is not known here, so neither are its old index entries. */
    private void requireNoIndex() {
        if (!indexes.isEmpty()) {
            throw new IllegalArgumentException(
                    table.name() + " has indexes: change its rows by TableChanges");
        }
    }

    private long clustered() {
        if (table.hasHiddenHandle()) {
            throw new IllegalArgumentException(table.name() + " has row ids: name one");
        }
        return 0;
    }
}
