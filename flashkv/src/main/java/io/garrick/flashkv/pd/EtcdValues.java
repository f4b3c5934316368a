package io.garrick.flashkv.pd;

import com.google.protobuf.ByteString;
import io.garrick.proto.etcd.KeyValue;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Small values that clients keep in PD's etcd, such as TiDB's saved safepoint. Only the newest
 * version of each is kept. Synchronized; every change is synced before it returns.
 */
final class EtcdValues {
    private static final char KIND = 'e';
    private static final ByteString ALL_FROM_KEY = ByteString.copyFrom(new byte[1]);

    private final PdMeta meta;
    private final NavigableMap<ByteString, KeyValue> values =
            new TreeMap<>(ByteString.unsignedLexicographicalComparator());
    private long revision = 1;

    EtcdValues(PdMeta meta) {
        this.meta = meta;
        HexFormat hex = HexFormat.of();
        meta.texts(KIND)
                .forEach((key, value) -> remember(bytes(hex, key), bytes(hex, value), null));
    }

    private static ByteString bytes(HexFormat hex, String text) {
        return ByteString.copyFrom(hex.parseHex(text));
    }

    synchronized long revision() {
        return revision;
    }

    /** The value before, if there was one. */
    synchronized @Nullable KeyValue put(ByteString key, ByteString value) {
        meta.saveTexts(KIND, Map.of(hex(key), hex(value)), List.of());
        KeyValue before = values.get(key);
        revision++;
        remember(key, value, before);
        return before;
    }

    private void remember(ByteString key, ByteString value, @Nullable KeyValue before) {
        values.put(
                key,
                KeyValue.newBuilder()
                        .setKey(key)
                        .setValue(value)
                        .setCreateRevision(before == null ? revision : before.getCreateRevision())
                        .setModRevision(revision)
                        .setVersion(before == null ? 1 : before.getVersion() + 1)
                        .build());
    }

    /** The values that a request's key and range end name, in key order. */
    synchronized List<KeyValue> range(ByteString key, ByteString end) {
        return List.copyOf(selected(key, end).values());
    }

    /** What was deleted, in key order. */
    synchronized List<KeyValue> delete(ByteString key, ByteString end) {
        NavigableMap<ByteString, KeyValue> selected = selected(key, end);
        List<KeyValue> deleted = List.copyOf(selected.values());
        if (!deleted.isEmpty()) {
            List<String> names = new ArrayList<>();
            deleted.forEach(entry -> names.add(hex(entry.getKey())));
            meta.saveTexts(KIND, Map.of(), names);
            selected.clear();
            revision++;
        }
        return deleted;
    }

    private NavigableMap<ByteString, KeyValue> selected(ByteString key, ByteString end) {
        if (end.isEmpty()) {
            return values.subMap(key, true, key, true);
        }
        if (end.equals(ALL_FROM_KEY)) {
            return values.tailMap(key, true);
        }
        boolean forwards = ByteString.unsignedLexicographicalComparator().compare(key, end) < 0;
        return forwards ? values.subMap(key, true, end, false) : new TreeMap<>();
    }

    private static String hex(ByteString bytes) {
        return HexFormat.of().formatHex(bytes.toByteArray());
    }
}
