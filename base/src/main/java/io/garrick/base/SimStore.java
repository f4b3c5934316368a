package io.garrick.base;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * {@link OrderedStore} in memory that loses on a {@link #crash} what its mode allows: batches after
 * the last synced one ({@code LOGGED}) or after the last flush ({@code ATOMIC_FLUSH}), always
 * leaving a prefix of the batches.
 */
public final class SimStore implements OrderedStore {
    private record Change(String family, Kind kind, Key key, Key value, KeyRange range) {
        enum Kind {
            PUT,
            DELETE,
            DELETE_RANGE
        }
    }

    private final Mode mode;
    private final List<String> families;

    /** What a crash cannot take. */
    private final Map<String, NavigableMap<Key, byte[]>> durable;

    private final Map<String, NavigableMap<Key, byte[]>> current;

    /** Batches written since the durable state, oldest first. */
    private final List<List<Change>> volatileBatches = new ArrayList<>();

    private final SimPower power;
    private long writes;
    private long failAfterWrites = Long.MAX_VALUE;

    public SimStore(Mode mode, List<String> families) {
        this(mode, families, new SimPower());
    }

    /** A store on a machine whose other disks share the power. */
    public SimStore(Mode mode, List<String> families, SimPower power) {
        this(mode, families, new TreeMap<>(), power);
    }

    private SimStore(
            Mode mode,
            List<String> families,
            Map<String, NavigableMap<Key, byte[]>> contents,
            SimPower power) {
        this.mode = mode;
        this.power = power;
        this.families = List.copyOf(families);
        this.durable = contents;
        this.current = new TreeMap<>();
        for (String family : families) {
            durable.computeIfAbsent(family, _ -> new TreeMap<>());
        }
        durable.computeIfAbsent("default", _ -> new TreeMap<>());
        durable.forEach((family, entries) -> current.put(family, new TreeMap<>(entries)));
    }

    /**
     * What a process that starts after a power cut finds: everything durable, and some prefix of
     * what was not.
     *
     * @param chance chooses the prefix
     */
    public SimStore crash(RandomGenerator chance) {
        return crash(chance, new SimPower());
    }

    /** The same, for the next machine with its own power. */
    public synchronized SimStore crash(RandomGenerator chance, SimPower nextPower) {
        int kept = chance.nextInt(volatileBatches.size() + 1);
        for (List<Change> batch : volatileBatches.subList(0, kept)) {
            apply(durable, batch);
        }
        volatileBatches.clear();
        return new SimStore(mode, families, durable, nextPower);
    }

    /** Every write from the n-th on fails, as if the disk were full; n = 0 fails the next one. */
    public synchronized void failAfterWrites(long count) {
        failAfterWrites = writes + count;
    }

    private NavigableMap<Key, byte[]> family(String name) {
        NavigableMap<Key, byte[]> entries = current.get(name);
        if (entries == null) {
            throw new IllegalArgumentException("unknown column family " + name);
        }
        return entries;
    }

    @Override
    public synchronized Optional<byte[]> get(String family, byte[] key) {
        return Optional.ofNullable(family(family).get(Key.wrap(key))).map(byte[]::clone);
    }

    @Override
    public List<Optional<byte[]>> multiGet(String family, List<byte[]> keys) {
        return keys.stream().map(key -> get(family, key)).toList();
    }

    @Override
    public synchronized Cursor scan(String family, KeyRange range) {
        NavigableMap<Key, byte[]> entries = family(family);
        if (range.isEmpty()) {
            return new SimCursor(new TreeMap<Key, byte[]>().entrySet().iterator());
        }
        Map<Key, byte[]> within =
                range.end().isEmpty()
                        ? entries.tailMap(range.start(), true)
                        : entries.subMap(range.start(), true, range.end(), false);
        return new SimCursor(new TreeMap<>(within).entrySet().iterator());
    }

    @Override
    public synchronized void write(Batch batch, Durability durability) throws IOException {
        if (writes >= failAfterWrites) {
            throw new IOException("no space left on simulated disk");
        }
        power.step("write");
        writes++;
        List<Change> changes = List.copyOf(((SimBatch) batch).changes);
        apply(current, changes);
        volatileBatches.add(changes);
        if (durability == Durability.SYNCED) {
            flush();
        }
    }

    private static void apply(Map<String, NavigableMap<Key, byte[]>> to, List<Change> changes) {
        for (Change change : changes) {
            NavigableMap<Key, byte[]> entries = to.get(change.family);
            if (entries == null) {
                throw new IllegalArgumentException("unknown column family " + change.family);
            }
            switch (change.kind) {
                case PUT -> entries.put(change.key, change.value.unsafeBytes());
                case DELETE -> entries.remove(change.key);
                case DELETE_RANGE -> entries.keySet().removeIf(change.range::contains);
            }
        }
    }

    @Override
    public synchronized void flush() throws IOException {
        power.step("flush");
        volatileBatches.forEach(batch -> apply(durable, batch));
        volatileBatches.clear();
    }

    @Override
    public Batch newBatch() {
        return new SimBatch();
    }

    /** Keeps nothing more than a crash would: a test that wants a clean stop flushes before. */
    @Override
    public void close() {}

    private static final class SimBatch implements Batch {
        private final List<Change> changes = new ArrayList<>();
        private long sizeBytes;

        @Override
        public Batch put(String family, byte[] key, byte[] value) {
            changes.add(
                    new Change(family, Change.Kind.PUT, Key.of(key), Key.of(value), KeyRange.ALL));
            sizeBytes += key.length + value.length;
            return this;
        }

        @Override
        public Batch delete(String family, byte[] key) {
            changes.add(
                    new Change(family, Change.Kind.DELETE, Key.of(key), Key.EMPTY, KeyRange.ALL));
            sizeBytes += key.length;
            return this;
        }

        @Override
        public Batch deleteRange(String family, KeyRange range) {
            changes.add(new Change(family, Change.Kind.DELETE_RANGE, Key.EMPTY, Key.EMPTY, range));
            return this;
        }

        @Override
        public int count() {
            return changes.size();
        }

        @Override
        public long sizeBytes() {
            return sizeBytes;
        }

        @Override
        public void close() {}
    }

    private static final class SimCursor implements Cursor {
        private final Iterator<Map.Entry<Key, byte[]>> entries;
        private Map.@Nullable Entry<Key, byte[]> current;

        SimCursor(Iterator<Map.Entry<Key, byte[]>> entries) {
            this.entries = entries;
        }

        @Override
        public boolean next() {
            current = entries.hasNext() ? entries.next() : null;
            return current != null;
        }

        private Map.Entry<Key, byte[]> current() {
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
            return current().getValue().clone();
        }

        @Override
        public void close() {}
    }
}
