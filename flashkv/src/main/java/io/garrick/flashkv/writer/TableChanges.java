package io.garrick.flashkv.writer;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.base.Key;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.row.RowEncoder;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.IndexSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.codec.value.PackedTime;
import io.garrick.kv.KvTransaction;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one statement changes in one physical table: rows and their index entries.
 *
 * <p>Changes are collected first and written by {@link #writeTo}: all old keys go before any new
 * one comes, so rows of one statement may take each other's keys. Used by one thread.
 */
public final class TableChanges {
    private final TableSchema table;
    private final RowEncoder encoder;
    private final IndexEntries indexes;
    private final Set<Key> removed = new HashSet<>();
    private final List<Put> puts = new ArrayList<>();
    private final Map<Key, String> names = new HashMap<>();

    /** A value under its key; one that is new must not be there yet. */
    private record Put(Key key, Key value, boolean fresh) {}

    public TableChanges(TableSchema table) {
        this.table = table;
        this.encoder = new RowEncoder(table);
        this.indexes = new IndexEntries(table, encoder);
    }

    /** The raw record key of the row whose int handle is this. */
    public Key keyOf(long handle) {
        return TableKeys.recordKey(table.physicalId(), handle);
    }

    /**
     * The raw record key of a row of a clustered table.
     *
     * @param values one per column of the table; only those of the key are read
     */
    public Key keyOf(List<? extends @Nullable Object> values) {
        return encoder.clusteredKey(values);
    }

    /** The rows under these keys, as of the transaction's start. */
    public List<StoredRow> read(KvTransaction txn, Collection<Key> recordKeys) {
        List<StoredRow> rows = new ArrayList<>();
        txn.snapshot()
                .batchGet(recordKeys)
                .forEach((key, value) -> rows.add(StoredRow.read(table, key, value)));
        return rows;
    }

    /**
     * A new row.
     *
     * @param rowId the handle of tables without a clustered key; others ignore it
     */
    public void insert(List<? extends @Nullable Object> row, long rowId) {
        RowEncoder.Encoded encoded = encoder.encode(row, rowId);
        puts.add(new Put(encoded.rawKey(), encoded.value(), true));
        name(encoded.rawKey(), table.pkIsHandle() ? handleText(row) : primaryText(row));
        for (IndexEntries.Entry entry : indexes.of(row, encoded.rawKey())) {
            put(entry, row);
        }
    }

    /** {@code before} by {@code after}, whose key may differ. */
    public void update(StoredRow before, List<? extends @Nullable Object> after) {
        RowEncoder.Encoded encoded = encoder.encode(after, before.rowId());
        boolean moves = !encoded.rawKey().equals(before.recordKey());
        if (moves) {
            removed.add(before.recordKey());
            name(encoded.rawKey(), table.pkIsHandle() ? handleText(after) : primaryText(after));
        }
        puts.add(new Put(encoded.rawKey(), encoded.value(), moves));
        Map<Key, IndexEntries.Entry> old = new HashMap<>();
        for (IndexEntries.Entry entry : indexes.of(before.values(), before.recordKey())) {
            old.put(entry.key(), entry);
        }
        for (IndexEntries.Entry entry : indexes.of(after, encoded.rawKey())) {
            if (old.remove(entry.key()) != null) {
                puts.add(new Put(entry.key(), entry.value(), false));
            } else {
                put(entry, after);
            }
        }
        removed.addAll(old.keySet());
    }

    public void delete(StoredRow row) {
        removed.add(row.recordKey());
        for (IndexEntries.Entry entry : indexes.of(row.values(), row.recordKey())) {
            removed.add(entry.key());
        }
    }

    private void put(IndexEntries.Entry entry, List<? extends @Nullable Object> row) {
        puts.add(new Put(entry.key(), entry.value(), entry.distinct()));
        if (entry.distinct()) {
            name(entry.key(), text(entry.index(), row));
        }
    }

    /**
     * Gives the collected changes to the transaction.
     *
     * @return empty, or the text of a key that two rows of the statement share; nothing was given
     *     then
     */
    public Optional<String> writeTo(KvTransaction txn) {
        Map<Key, Put> last = new HashMap<>();
        for (Put put : puts) {
            Put other = last.put(put.key(), put);
            if (other != null && (put.fresh() || other.fresh())) {
                return Optional.of(nameOf(put.key()));
            }
        }
        removed.forEach(txn::delete);
        for (Put put : last.values()) {
            // What this statement removes is gone for its own inserts.
            if (put.fresh() && !removed.contains(put.key())) {
                txn.insert(put.key(), put.value().unsafeBytes());
            } else {
                txn.put(put.key(), put.value().unsafeBytes());
            }
        }
        return Optional.empty();
    }

    /** How MySQL names a key that exists: {@code '5' for key 't.PRIMARY'}. */
    public String nameOf(Key key) {
        return names.getOrDefault(key, "'?' for key '" + table.name() + ".PRIMARY'");
    }

    private void name(Key key, String text) {
        names.put(key, text);
    }

    private String handleText(List<? extends @Nullable Object> row) {
        Object value =
                table.handleColumn()
                        .<Object>map(column -> String.valueOf(row.get(column.offset())))
                        .orElse("?");
        return "'" + value + "' for key '" + table.name() + ".PRIMARY'";
    }

    private String primaryText(List<? extends @Nullable Object> row) {
        return table.primaryIndex()
                .map(index -> text(index, row))
                .orElse("'?' for key '" + table.name() + ".PRIMARY'");
    }

    private String text(IndexSchema index, List<? extends @Nullable Object> row) {
        List<String> parts = new ArrayList<>();
        for (IndexSchema.IndexColumn part : index.columns()) {
            ColumnSchema column = table.columns().get(part.offset());
            parts.add(text(column, row.get(part.offset())));
        }
        String name = index.primary() ? "PRIMARY" : index.name();
        return "'" + String.join("-", parts) + "' for key '" + table.name() + "." + name + "'";
    }

    private String text(ColumnSchema column, @Nullable Object value) {
        return switch (value) {
            case null -> "NULL";
            case Key bytes when !column.type().isBinaryString() ->
                    new String(bytes.unsafeBytes(), UTF_8);
            case Long packed when column.type().isPackedTime() ->
                    column.type().isDate()
                            ? PackedTime.of(packed).dateText()
                            : PackedTime.of(packed).text(Math.max(0, column.type().decimal()));
            default -> String.valueOf(value);
        };
    }
}
