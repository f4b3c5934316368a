package io.garrick.flashkv.writer;

import io.garrick.base.Key;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.row.RowEncoder;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.IndexSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.codec.value.Datum;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a row in the table's secondary indexes (TiDB, pkg/tablecodec, GenIndexKey and
 * GenIndexValuePortal). The primary key of a table that is not clustered is one of them.
 */
final class IndexEntries {
    /** Short values get this long, so that their length tells them from the old form. */
    private static final int SHORTEST_TAGGED = 10;

    private static final int VERSION_FLAG = 0x7d;
    private static final int COMMON_HANDLE_FLAG = 0x7f;

    private final TableSchema table;
    private final RowEncoder encoder;
    private final List<IndexSchema> indexes;

    /**
     * One entry.
     *
     * @param distinct no other row may have the same key
     */
    record Entry(IndexSchema index, Key key, Key value, boolean distinct) {}

    IndexEntries(TableSchema table, RowEncoder encoder) {
        this.table = table;
        this.encoder = encoder;
        this.indexes =
                table.indexes().stream()
                        .filter(index -> index.kind() < 5)
                        .filter(index -> !(index.primary() && table.isCommonHandle()))
                        .toList();
    }

    boolean isEmpty() {
        return indexes.isEmpty();
    }

    List<Entry> of(List<? extends @Nullable Object> row, Key recordKey) {
        RecordKey record = RecordKey.parse(recordKey);
        List<Entry> entries = new ArrayList<>();
        for (IndexSchema index : indexes) {
            entries.add(entry(index, row, record));
        }
        return entries;
    }

    private Entry entry(IndexSchema index, List<? extends @Nullable Object> row, RecordKey record) {
        ByteWriter key =
                new ByteWriter(64)
                        .bytes(TableKeys.indexPrefix(table.physicalId(), index.id()).unsafeBytes());
        boolean distinct = index.unique();
        for (IndexSchema.IndexColumn part : index.columns()) {
            Object value = row.get(part.offset());
            if (value == null) {
                new Datum.Null().writeKey(key);
                distinct = false;
            } else {
                ColumnSchema column = table.columns().get(part.offset());
                encoder.keyDatum(new TableSchema.KeyColumn(column, part.length()), value)
                        .writeKey(key);
            }
        }
        if (!distinct) {
            if (record.hasIntHandle()) {
                new Datum.Int(record.intHandle()).writeKey(key);
            } else {
                key.bytes(record.handle().unsafeBytes());
            }
        }
        return new Entry(
                index,
                Key.wrap(key.toBytes()),
                Key.wrap(value(index, row, record, distinct)),
                distinct);
    }

    private byte[] value(
            IndexSchema index,
            List<? extends @Nullable Object> row,
            RecordKey record,
            boolean distinct) {
        byte[] restored = restored(index, row);
        ByteWriter out = new ByteWriter(32);
        if (!record.hasIntHandle()) {
            out.u8(0).u8(VERSION_FLAG).u8(1);
            if (distinct) {
                byte[] handle = record.handle().unsafeBytes();
                out.u8(COMMON_HANDLE_FLAG)
                        .u8(handle.length >>> Byte.SIZE)
                        .u8(handle.length & 0xff)
                        .bytes(handle);
            }
            return out.bytes(restored).toBytes();
        }
        if (restored.length == 0) {
            return distinct ? out.longBe(record.intHandle()).toBytes() : new byte[] {'0'};
        }
        int handleBytes = distinct ? Long.BYTES : 0;
        int padding = Math.max(0, SHORTEST_TAGGED - 1 - restored.length - handleBytes);
        out.u8(padding + handleBytes).bytes(restored).bytes(new byte[padding]);
        if (distinct) {
            out.longBe(record.intHandle());
        }
        return out.toBytes();
    }

    /** The texts behind sort keys, as a row; empty if the key gives them all back. */
    private byte[] restored(IndexSchema index, List<? extends @Nullable Object> row) {
        boolean clustered = table.isCommonHandle();
        boolean needed =
                index.columns().stream()
                        .anyMatch(part -> needsRestoring(table.columns().get(part.offset())));
        if (!needed) {
            return new byte[0];
        }
        List<ColumnSchema> columns = new ArrayList<>();
        for (IndexSchema.IndexColumn part : index.columns()) {
            ColumnSchema column = table.columns().get(part.offset());
            if (!clustered || needsRestoring(column)) {
                columns.add(column);
            }
        }
        return encoder.encodeColumns(columns, row, clustered);
    }

    private boolean needsRestoring(ColumnSchema column) {
        FieldType type = column.type();
        return type.needsRestoredData(table.newCollation());
    }
}
