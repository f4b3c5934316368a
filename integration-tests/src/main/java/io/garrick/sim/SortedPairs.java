package io.garrick.sim;

import io.garrick.base.Key;
import io.garrick.regioncache.CfWrite;
import io.garrick.regioncache.SnapshotSource;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/** A region snapshot in memory, as its leader made it. */
record SortedPairs(
        int from,
        int to,
        long index,
        Map<CfWrite.Family, NavigableMap<Key, Key>> pairs,
        List<Model.Slot> model)
        implements SnapshotSource {
    @Override
    public Entries open(CfWrite.Family family) {
        return new MapEntries(
                pairs.getOrDefault(family, java.util.Collections.emptyNavigableMap()));
    }

    private static final class MapEntries implements Entries {
        private final Iterator<Map.Entry<Key, Key>> entries;
        private Map.@Nullable Entry<Key, Key> current;

        MapEntries(NavigableMap<Key, Key> pairs) {
            entries = pairs.entrySet().iterator();
        }

        @Override
        public boolean next() {
            current = entries.hasNext() ? entries.next() : null;
            return current != null;
        }

        private Map.Entry<Key, Key> current() {
            if (current == null) {
                throw new IllegalStateException("not on an entry");
            }
            return current;
        }

        @Override
        public byte[] key() {
            return current().getKey().toBytes();
        }

        @Override
        public byte[] value() {
            return current().getValue().toBytes();
        }

        @Override
        public void close() {}
    }
}
