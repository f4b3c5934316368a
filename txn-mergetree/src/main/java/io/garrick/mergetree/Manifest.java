package io.garrick.mergetree;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.mergetree.mvcc.KillBuffer;
import io.garrick.mergetree.mvcc.KillCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What exists, in one column family. One synced batch commits one operation, over any number of
 * tables.
 *
 * <pre>
 * p table segment part      -> row count       a part file
 * k table segment part n    -> kills           against that part, besides those in its file
 * f table segment region    -> index, ordinal  fence
 * d table                   -> drop ts         dropped, files still there
 * o region index sequence   -> start length u32, start, end: an ingest or purge that was committed
 * g                         -> safepoint
 * n                         -> part ids below are never given out again
 * </pre>
 *
 * Numbers are big-endian. A table has one segment, number 0.
 */
final class Manifest {
    private static final String FAMILY = TableStore.MANIFEST_FAMILY;
    private static final int SEGMENT = 0;
    private static final int ID_BLOCK = 1024;

    private final OrderedStore store;
    private final AtomicLong killSequence = new AtomicLong();
    private long nextPartId;
    private long reservedPartId;

    /** Undoes an edit whose write failed, so that nobody knows whether it took effect. */
    private final List<Undo> doubtful = new ArrayList<>();

    /** What a key held before an edit. */
    private record Undo(Key key, Optional<byte[]> before) {}

    /** A part the manifest lists, with all kill blobs against it. */
    record PartEntry(long tableId, long partId, KillBuffer kills, int killEntries) {}

    record DropEntry(long tableId, long dropTs) {}

    Manifest(OrderedStore store) throws IOException {
        this.store = store;
        this.nextPartId =
                store.get(FAMILY, new byte[] {'n'})
                        .map(b -> ByteBuffer.wrap(b).getLong())
                        .orElse(1L);
        this.reservedPartId = nextPartId;
    }

    /** A part id that was never given out before. */
    synchronized long newPartId() throws IOException {
        if (nextPartId == reservedPartId) {
            try (OrderedStore.Batch batch = store.newBatch()) {
                batch.put(FAMILY, new byte[] {'n'}, longs(nextPartId + ID_BLOCK));
                write(batch, List.of());
            }
            reservedPartId = nextPartId + ID_BLOCK;
        }
        return nextPartId++;
    }

    synchronized long nextPartId() {
        return nextPartId;
    }

    long safepoint() throws IOException {
        return store.get(FAMILY, new byte[] {'g'})
                .map(b -> ByteBuffer.wrap(b).getLong())
                .orElse(0L);
    }

    List<PartEntry> parts() throws IOException {
        List<PartEntry> parts = new ArrayList<>();
        try (OrderedStore.Cursor cursor = scan('p')) {
            while (cursor.next()) {
                ByteBuffer key = ByteBuffer.wrap(cursor.key());
                long tableId = key.getLong(1);
                long partId = key.getLong(13);
                KillBuffer kills = new KillBuffer();
                int entries = 0;
                try (OrderedStore.Cursor killCursor =
                        store.scan(FAMILY, prefix(partKey('k', tableId, partId)))) {
                    while (killCursor.next()) {
                        kills.addAll(KillCodec.decode(killCursor.value()));
                        entries++;
                        long sequence = ByteBuffer.wrap(killCursor.key()).getLong(21);
                        killSequence.accumulateAndGet(sequence + 1, Math::max);
                    }
                }
                parts.add(new PartEntry(tableId, partId, kills, entries));
            }
        }
        return parts;
    }

    List<Fence> fences() throws IOException {
        List<Fence> fences = new ArrayList<>();
        try (OrderedStore.Cursor cursor = scan('f')) {
            while (cursor.next()) {
                ByteBuffer key = ByteBuffer.wrap(cursor.key());
                ByteBuffer value = ByteBuffer.wrap(cursor.value());
                fences.add(
                        new Fence(
                                key.getLong(1), key.getLong(13), value.getLong(), value.getInt()));
            }
        }
        return fences;
    }

    List<DropEntry> drops() throws IOException {
        List<DropEntry> drops = new ArrayList<>();
        try (OrderedStore.Cursor cursor = scan('d')) {
            while (cursor.next()) {
                drops.add(
                        new DropEntry(
                                ByteBuffer.wrap(cursor.key()).getLong(1),
                                ByteBuffer.wrap(cursor.value()).getLong()));
            }
        }
        return drops;
    }

    Map<OpId, KeyRange> openOps() throws IOException {
        Map<OpId, KeyRange> open = new HashMap<>();
        try (OrderedStore.Cursor cursor = scan('o')) {
            while (cursor.next()) {
                ByteBuffer key = ByteBuffer.wrap(cursor.key());
                ByteBuffer value = ByteBuffer.wrap(cursor.value());
                byte[] start = new byte[value.getInt()];
                value.get(start);
                byte[] end = new byte[value.remaining()];
                value.get(end);
                open.put(
                        new OpId(key.getLong(1), key.getLong(9), key.getLong(17)),
                        new KeyRange(Key.wrap(start), Key.wrap(end)));
            }
        }
        return open;
    }

    synchronized boolean knows(OpId opId) throws IOException {
        settle();
        return store.get(FAMILY, opKey(opId)).isPresent();
    }

    /**
     * A write that fails may have reached the log of the store all the same; so nothing else is
     * read or written before its undoing.
     */
    private void settle() throws IOException {
        if (doubtful.isEmpty()) {
            return;
        }
        try (OrderedStore.Batch undoing = store.newBatch()) {
            for (Undo entry : doubtful) {
                entry.before()
                        .ifPresentOrElse(
                                value -> undoing.put(FAMILY, entry.key().unsafeBytes(), value),
                                () -> undoing.delete(FAMILY, entry.key().unsafeBytes()));
            }
            store.write(undoing, OrderedStore.Durability.SYNCED);
        }
        doubtful.clear();
    }

    /** Writes the batch, or throws and leaves what was before. */
    private synchronized void write(OrderedStore.Batch batch, List<Undo> undo) throws IOException {
        settle();
        try {
            store.write(batch, OrderedStore.Durability.SYNCED);
        } catch (IOException e) {
            doubtful.addAll(undo);
            throw e;
        }
    }

    Edit edit() {
        return new Edit();
    }

    /** One operation being put together; {@link #commit} makes it durable. */
    final class Edit implements AutoCloseable {
        private final OrderedStore.Batch batch = store.newBatch();
        private final List<Runnable> afterCommit = new ArrayList<>();
        private final List<byte[]> touchedKeys = new ArrayList<>();
        private final List<KeyRange> touchedRanges = new ArrayList<>();

        private void put(byte[] key, byte[] value) {
            touchedKeys.add(key);
            batch.put(FAMILY, key, value);
        }

        private void delete(byte[] key) {
            touchedKeys.add(key);
            batch.delete(FAMILY, key);
        }

        private void deleteRange(KeyRange range) {
            touchedRanges.add(range);
            batch.deleteRange(FAMILY, range);
        }

        /** For memory that follows the manifest. */
        void afterCommit(Runnable action) {
            afterCommit.add(action);
        }

        Edit addPart(long tableId, long partId, int rowCount) {
            put(partKey('p', tableId, partId), longs(rowCount));
            return this;
        }

        /** Removes a part and all kills against it. */
        Edit removePart(long tableId, long partId) {
            delete(partKey('p', tableId, partId));
            deleteRange(prefix(partKey('k', tableId, partId)));
            return this;
        }

        Edit addKills(long tableId, long partId, KillBuffer kills) {
            byte[] key =
                    ByteBuffer.allocate(29)
                            .put(partKey('k', tableId, partId))
                            .putLong(killSequence.getAndIncrement())
                            .array();
            put(key, KillCodec.encode(kills));
            return this;
        }

        /** All kills of a part in one entry instead of the many there are. */
        Edit replaceKills(long tableId, long partId, KillBuffer kills) {
            deleteRange(prefix(partKey('k', tableId, partId)));
            return addKills(tableId, partId, kills);
        }

        Edit fence(Fence fence) {
            put(
                    ByteBuffer.allocate(21)
                            .put((byte) 'f')
                            .putLong(fence.tableId())
                            .putInt(SEGMENT)
                            .putLong(fence.regionId())
                            .array(),
                    ByteBuffer.allocate(12).putLong(fence.index()).putInt(fence.ordinal()).array());
            return this;
        }

        Edit removeFences(long tableId) {
            deleteRange(prefix(ByteBuffer.allocate(9).put((byte) 'f').putLong(tableId).array()));
            return this;
        }

        Edit drop(long tableId, long dropTs) {
            put(dropKey(tableId), longs(dropTs));
            return this;
        }

        Edit removeDrop(long tableId) {
            delete(dropKey(tableId));
            return this;
        }

        Edit op(OpId opId, KeyRange rawRange) {
            byte[] start = rawRange.start().unsafeBytes();
            byte[] end = rawRange.end().unsafeBytes();
            put(
                    opKey(opId),
                    ByteBuffer.allocate(4 + start.length + end.length)
                            .putInt(start.length)
                            .put(start)
                            .put(end)
                            .array());
            return this;
        }

        Edit removeOp(OpId opId) {
            delete(opKey(opId));
            return this;
        }

        Edit safepoint(long safepoint) {
            put(new byte[] {'g'}, longs(safepoint));
            return this;
        }

        void commit() throws IOException {
            List<Undo> undo = new ArrayList<>();
            synchronized (Manifest.this) {
                settle();
            }
            List<Optional<byte[]>> before = store.multiGet(FAMILY, touchedKeys);
            for (int i = 0; i < before.size(); i++) {
                undo.add(new Undo(Key.wrap(touchedKeys.get(i)), before.get(i)));
            }
            for (KeyRange range : touchedRanges) {
                try (OrderedStore.Cursor cursor = store.scan(FAMILY, range)) {
                    while (cursor.next()) {
                        undo.add(new Undo(Key.wrap(cursor.key()), Optional.of(cursor.value())));
                    }
                }
            }
            write(batch, undo);
            afterCommit.forEach(Runnable::run);
        }

        @Override
        public void close() {
            batch.close();
        }
    }

    private OrderedStore.Cursor scan(char kind) throws IOException {
        return store.scan(FAMILY, prefix(new byte[] {(byte) kind}));
    }

    private static KeyRange prefix(byte[] bytes) {
        Key start = Key.wrap(bytes);
        return new KeyRange(start, start.prefixEnd());
    }

    private static byte[] partKey(char kind, long tableId, long partId) {
        return ByteBuffer.allocate(21)
                .put((byte) kind)
                .putLong(tableId)
                .putInt(SEGMENT)
                .putLong(partId)
                .array();
    }

    private static byte[] dropKey(long tableId) {
        return ByteBuffer.allocate(9).put((byte) 'd').putLong(tableId).array();
    }

    private static byte[] opKey(OpId opId) {
        return ByteBuffer.allocate(25)
                .put((byte) 'o')
                .putLong(opId.regionId())
                .putLong(opId.index())
                .putLong(opId.sequence())
                .array();
    }

    private static byte[] longs(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }
}
