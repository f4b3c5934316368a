package io.garrick.flashkv.pd;

import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.OrderedStore.Durability;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What PD must not forget, in one ordered store.
 *
 * <p>Keys: {@code n/<name>} → u64; {@code s/<be64 id>} → metapb.Store; {@code r/<be64 id>} →
 * metapb.Region; {@code p/<group>/<id>} → rule JSON; {@code g/<group>} → rule group JSON; {@code
 * c/<service>} → service safe point; {@code e/<hex key>} → hex value of the etcd role. Everything
 * is synced, except regions: their leaders report them again.
 */
final class PdMeta implements AutoCloseable {
    private static final String FAMILY = "default";

    private final OrderedStore store;

    PdMeta(OrderedStore store) {
        this.store = store;
    }

    /** 0 when it was never saved. */
    long number(String name) {
        return io(() ->
                store.get(FAMILY, text("n/" + name))
                        .map(bytes -> ByteBuffer.wrap(bytes).getLong())
                        .orElse(0L));
    }

    void saveNumber(String name, long value) {
        put(text("n/" + name), be64(value), Durability.SYNCED);
    }

    List<Store> stores() {
        List<Store> stores = new ArrayList<>();
        for (byte[] value : values("s/")) {
            stores.add(parsed(() -> Store.parseFrom(value)));
        }
        return stores;
    }

    void saveStore(Store value) {
        put(idKey("s/", value.getId()), value.toByteArray(), Durability.SYNCED);
    }

    List<Region> regions() {
        List<Region> regions = new ArrayList<>();
        for (byte[] value : values("r/")) {
            regions.add(parsed(() -> Region.parseFrom(value)));
        }
        return regions;
    }

    void saveRegion(Region region, List<Long> removed) {
        try (OrderedStore.Batch batch = store.newBatch()) {
            batch.put(FAMILY, idKey("r/", region.getId()), region.toByteArray());
            for (long id : removed) {
                batch.delete(FAMILY, idKey("r/", id));
            }
            write(batch, Durability.UNSYNCED);
        }
    }

    /** Bootstrap is one moment: the first store and the first region, or neither. */
    void saveBootstrap(Store first, Region region) {
        try (OrderedStore.Batch batch = store.newBatch()) {
            batch.put(FAMILY, idKey("s/", first.getId()), first.toByteArray());
            batch.put(FAMILY, idKey("r/", region.getId()), region.toByteArray());
            batch.put(FAMILY, text("n/bootstrapped"), be64(1));
            write(batch, Durability.SYNCED);
        }
    }

    /** By key without its prefix. */
    Map<String, String> texts(char kind) {
        Map<String, String> found = new TreeMap<>();
        for (Map.Entry<String, byte[]> entry : scan(kind + "/").entrySet()) {
            found.put(
                    entry.getKey().substring(2),
                    new String(entry.getValue(), StandardCharsets.UTF_8));
        }
        return found;
    }

    /** All puts and deletes at once. */
    void saveTexts(char kind, Map<String, String> puts, List<String> deletes) {
        try (OrderedStore.Batch batch = store.newBatch()) {
            puts.forEach((key, value) -> batch.put(FAMILY, text(kind + "/" + key), text(value)));
            deletes.forEach(key -> batch.delete(FAMILY, text(kind + "/" + key)));
            write(batch, Durability.SYNCED);
        }
    }

    @Override
    public void close() throws IOException {
        store.close();
    }

    private void put(byte[] key, byte[] value, Durability durability) {
        try (OrderedStore.Batch batch = store.newBatch()) {
            batch.put(FAMILY, key, value);
            write(batch, durability);
        }
    }

    private void write(OrderedStore.Batch batch, Durability durability) {
        io(() -> {
            store.write(batch, durability);
            return true;
        });
    }

    private List<byte[]> values(String prefix) {
        return new ArrayList<>(scan(prefix).values());
    }

    private Map<String, byte[]> scan(String prefix) {
        Key start = Key.wrap(text(prefix));
        return io(() -> {
            Map<String, byte[]> found = new TreeMap<>();
            try (OrderedStore.Cursor cursor =
                    store.scan(FAMILY, new KeyRange(start, start.prefixEnd()))) {
                while (cursor.next()) {
                    // Ids are binary: latin-1 keeps every byte, names in use are ASCII.
                    found.put(
                            new String(cursor.key(), StandardCharsets.ISO_8859_1), cursor.value());
                }
            }
            return found;
        });
    }

    private static byte[] text(String value) {
        return value.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] be64(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }

    private static byte[] idKey(String prefix, long id) {
        byte[] head = text(prefix);
        return ByteBuffer.allocate(head.length + Long.BYTES).put(head).putLong(id).array();
    }

    private interface Io<T> {
        T run() throws IOException;
    }

    private static <T> T io(Io<T> action) {
        try {
            return action.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Parse<T> {
        T run() throws InvalidProtocolBufferException;
    }

    private static <T> T parsed(Parse<T> action) {
        return io(action::run);
    }
}
