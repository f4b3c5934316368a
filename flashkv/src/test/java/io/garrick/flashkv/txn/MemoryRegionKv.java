package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.flashkv.kv.Access;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.Modify;
import io.garrick.flashkv.kv.Proposal;
import io.garrick.flashkv.kv.RegionKv;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.meta.Region;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One region over everything, always leading, in maps. */
final class MemoryRegionKv implements RegionKv {
    private final Region region;
    private final KeyRange range;
    private final Map<Cf, NavigableMap<Key, byte[]>> families = new EnumMap<>(Cf.class);

    MemoryRegionKv(KeyRange encodedRange) {
        this.range = encodedRange;
        this.region =
                Region.newBuilder()
                        .setId(1)
                        .setStartKey(Changes.bytes(encodedRange.start()))
                        .setEndKey(Changes.bytes(encodedRange.end()))
                        .build();
        for (Cf cf : Cf.values()) {
            families.put(cf, new TreeMap<>());
        }
    }

    synchronized NavigableMap<Key, byte[]> family(Cf cf) {
        return new TreeMap<>(of(families, cf));
    }

    private static NavigableMap<Key, byte[]> of(
            Map<Cf, NavigableMap<Key, byte[]>> families, Cf cf) {
        return Objects.requireNonNull(families.get(cf));
    }

    @Override
    public synchronized CompletableFuture<Access> snapshot(Context context) {
        Map<Cf, NavigableMap<Key, byte[]>> copy = new EnumMap<>(Cf.class);
        families.forEach((cf, entries) -> copy.put(cf, new TreeMap<>(entries)));
        return CompletableFuture.completedFuture(new Access.Granted(new Snapshot(copy)));
    }

    @Override
    public synchronized CompletableFuture<Proposal> propose(
            Context context, List<Modify> modifies) {
        for (Modify modify : modifies) {
            NavigableMap<Key, byte[]> family = of(families, modify.cf());
            Key key = Key.wrap(modify.key().toByteArray());
            switch (modify) {
                case Modify.Put put -> family.put(key, put.value().toByteArray());
                case Modify.Delete _ -> family.remove(key);
                case Modify.DeleteRange delete ->
                        (delete.end().isEmpty()
                                        ? family.tailMap(key, true)
                                        : family.subMap(key, Key.wrap(delete.end().toByteArray())))
                                .clear();
            }
        }
        return CompletableFuture.completedFuture(new Proposal.Applied());
    }

    @Override
    public List<Context> led() {
        return List.of(Context.newBuilder().setRegionId(region.getId()).build());
    }

    private final class Snapshot implements RegionSnapshot {
        private final Map<Cf, NavigableMap<Key, byte[]>> entries;
        private int open;

        Snapshot(Map<Cf, NavigableMap<Key, byte[]>> entries) {
            this.entries = entries;
        }

        @Override
        public Region region() {
            return region;
        }

        @Override
        public KeyRange range() {
            return range;
        }

        @Override
        public long term() {
            return 5;
        }

        @Override
        public byte @Nullable [] get(Cf cf, byte[] key) {
            return of(entries, cf).get(Key.of(key));
        }

        @Override
        public Cursor cursor(Cf cf, KeyRange wanted) {
            open++;
            KeyRange clipped = wanted.intersect(range);
            NavigableMap<Key, byte[]> all = of(entries, cf);
            NavigableMap<Key, byte[]> part =
                    clipped.end().isEmpty()
                            ? all.tailMap(clipped.start(), true)
                            : all.subMap(clipped.start(), true, clipped.end(), false);
            return new MapCursor(part, () -> open--);
        }

        @Override
        public void close() {
            if (open != 0) {
                throw new IllegalStateException(open + " cursors outlive their snapshot");
            }
        }
    }

    private static final class MapCursor implements RegionSnapshot.Cursor {
        private final NavigableMap<Key, byte[]> entries;
        private final Runnable onClose;
        private Map.@Nullable Entry<Key, byte[]> at;

        MapCursor(NavigableMap<Key, byte[]> entries, Runnable onClose) {
            this.entries = entries;
            this.onClose = onClose;
        }

        private boolean to(Map.@Nullable Entry<Key, byte[]> entry) {
            at = entry;
            return entry != null;
        }

        private Map.Entry<Key, byte[]> here() {
            Map.Entry<Key, byte[]> entry = at;
            if (entry == null) {
                throw new IllegalStateException("the cursor is not on an entry");
            }
            return entry;
        }

        @Override
        public boolean seek(byte[] key) {
            return to(entries.ceilingEntry(Key.of(key)));
        }

        @Override
        public boolean seekForPrev(byte[] key) {
            return to(entries.floorEntry(Key.of(key)));
        }

        @Override
        public boolean seekToFirst() {
            return to(entries.firstEntry());
        }

        @Override
        public boolean seekToLast() {
            return to(entries.lastEntry());
        }

        @Override
        public boolean next() {
            return to(entries.higherEntry(here().getKey()));
        }

        @Override
        public boolean prev() {
            return to(entries.lowerEntry(here().getKey()));
        }

        @Override
        public boolean valid() {
            return at != null;
        }

        @Override
        public byte[] key() {
            return here().getKey().toBytes();
        }

        @Override
        public byte[] value() {
            return here().getValue();
        }

        @Override
        public void close() {
            onClose.run();
        }
    }
}
