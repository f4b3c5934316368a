package io.garrick.schemasync;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.Timestamp;
import io.garrick.codec.schema.DbInfoJson;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.SharedParts;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The last view on disk, in one family of an ordered store.
 *
 * <p>Keys are a letter and big-endian ids: {@code v} version and timestamp; {@code d}id DBInfo;
 * {@code t}databaseId,tableId TableInfo; {@code x}physicalId a tombstone: drop timestamp, length of
 * the database's name, the name, TableInfo; {@code o} stands there, empty, if strings in keys are
 * not sort keys, which TableInfo does not tell. A save writes only what changed.
 */
final class SchemaFile {
    private static final byte[] VERSION = {'v'};
    private static final byte[] OLD_COLLATION = {'o'};

    private final OrderedStore store;
    private final String family;

    SchemaFile(OrderedStore store, String family) {
        this.store = store;
        this.family = family;
    }

    /** The empty view if none was saved. */
    SchemaView load() throws IOException {
        byte[] head = store.get(family, VERSION).orElse(null);
        if (head == null) {
            return SchemaView.EMPTY;
        }
        Map<Long, DbSchema> databases = new HashMap<>();
        Map<Long, SchemaView.Entry> tables = new HashMap<>();
        Map<Long, SchemaView.Tombstone> tombstones = new HashMap<>();
        SharedParts shared = new SharedParts();
        boolean newCollation = store.get(family, OLD_COLLATION).isEmpty();
        try (OrderedStore.Cursor cursor = store.scan(family, KeyRange.ALL)) {
            while (cursor.next()) {
                ByteBuffer key = ByteBuffer.wrap(cursor.key());
                byte[] value = cursor.value();
                switch (key.get()) {
                    case 'd' -> databases.put(key.getLong(), DbInfoJson.parse(value));
                    case 't' -> {
                        long databaseId = key.getLong();
                        DbSchema db = databases.get(databaseId);
                        String dbName = db == null ? "" : db.name();
                        TableSchema table =
                                TableInfoJson.parse(dbName, value, shared)
                                        .withNewCollation(newCollation);
                        tables.put(table.logicalId(), new SchemaView.Entry(databaseId, table));
                    }
                    case 'x' -> {
                        long id = key.getLong();
                        tombstones.put(id, tombstone(id, value, newCollation));
                    }
                    default -> {}
                }
            }
        }
        ByteBuffer in = ByteBuffer.wrap(head);
        return new SchemaView(
                in.getLong(), new Timestamp(in.getLong()), databases, tables, tombstones);
    }

    void save(SchemaView before, SchemaView after) throws IOException {
        try (OrderedStore.Batch batch = store.newBatch()) {
            batch.put(
                    family,
                    VERSION,
                    ByteBuffer.allocate(16)
                            .putLong(after.version())
                            .putLong(after.ts().value())
                            .array());
            if (!after.newCollation()) {
                batch.put(family, OLD_COLLATION, new byte[0]);
            }
            difference(
                    batch,
                    before.databasesById(),
                    after.databasesById(),
                    (id, _) -> key('d', id),
                    DbInfoJson::emit);
            difference(
                    batch,
                    before.tablesById(),
                    after.tablesById(),
                    (id, entry) -> key('t', entry.databaseId(), id),
                    entry -> TableInfoJson.emit(entry.table()));
            difference(
                    batch,
                    before.tombstonesById(),
                    after.tombstonesById(),
                    (id, _) -> key('x', id),
                    SchemaFile::bytes);
            store.write(batch, OrderedStore.Durability.SYNCED);
        }
    }

    private interface KeyOf<V> {
        byte[] of(long id, V value);
    }

    private interface BytesOf<V> {
        byte[] of(V value);
    }

    private <V> void difference(
            OrderedStore.Batch batch,
            Map<Long, V> before,
            Map<Long, V> after,
            KeyOf<V> keyOf,
            BytesOf<V> bytesOf) {
        Set<Key> written = new HashSet<>();
        after.forEach((id, value) -> {
            byte[] key = keyOf.of(id, value);
            written.add(Key.of(key));
            if (!same(before.get(id), value)) {
                batch.put(family, key, bytesOf.of(value));
            }
        });
        before.forEach((id, value) -> {
            byte[] key = keyOf.of(id, value);
            if (!written.contains(Key.of(key))) {
                batch.delete(family, key);
            }
        });
    }

    private static boolean same(@Nullable Object a, @Nullable Object b) {
        return Objects.equals(a, b);
    }

    private static byte[] key(char kind, long... ids) {
        ByteBuffer key = ByteBuffer.allocate(1 + Long.BYTES * ids.length).put((byte) kind);
        for (long id : ids) {
            key.putLong(id);
        }
        return key.array();
    }

    private static byte[] bytes(SchemaView.Tombstone tombstone) {
        byte[] name = tombstone.table().dbName().getBytes(UTF_8);
        byte[] json = TableInfoJson.emit(tombstone.table());
        return ByteBuffer.allocate(Long.BYTES + Short.BYTES + name.length + json.length)
                .putLong(tombstone.droppedAt().value())
                .putShort((short) name.length)
                .put(name)
                .put(json)
                .array();
    }

    private static SchemaView.Tombstone tombstone(
            long physicalId, byte[] value, boolean newCollation) {
        ByteBuffer in = ByteBuffer.wrap(value);
        Timestamp droppedAt = new Timestamp(in.getLong());
        byte[] name = new byte[in.getShort()];
        in.get(name);
        byte[] json = new byte[in.remaining()];
        in.get(json);
        TableSchema table =
                TableInfoJson.parse(new String(name, UTF_8), json)
                        .withNewCollation(newCollation)
                        .forPartition(physicalId);
        return new SchemaView.Tombstone(table, droppedAt);
    }
}
