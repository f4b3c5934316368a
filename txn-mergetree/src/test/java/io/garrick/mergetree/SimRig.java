package io.garrick.mergetree;

import io.garrick.base.OrderedStore;
import io.garrick.base.SimDisk;
import io.garrick.base.SimPower;
import io.garrick.base.SimStore;
import io.garrick.base.Timestamp;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/** A store on a simulated machine, with the table shape of {@link Rig}. */
final class SimRig implements AutoCloseable {
    final Map<Long, TableSchema> schemas = new ConcurrentHashMap<>();
    final BufferAllocator allocator = new RootAllocator();
    private final StoreSettings settings;
    SimPower power = new SimPower();
    SimDisk disk = new SimDisk(power);
    SimStore manifest =
            new SimStore(OrderedStore.Mode.LOGGED, List.of(TableStore.MANIFEST_FAMILY), power);
    TableStore store;

    SimRig(StoreSettings settings, TableSchema... tables) throws IOException {
        this.settings = settings;
        for (TableSchema table : tables) {
            schemas.put(table.physicalId(), table);
        }
        this.store = open();
    }

    private TableStore open() throws IOException {
        return TableStore.open(
                disk,
                manifest,
                id -> Optional.ofNullable(schemas.get(id)),
                allocator,
                InstantSource.system(),
                settings);
    }

    /** The power goes; the next machine has what survives, but nothing runs on it yet. */
    void crash(RandomGenerator chance) {
        store.close();
        power = new SimPower();
        disk = disk.crash(chance, power);
        manifest = manifest.crash(chance, power);
    }

    /** Starts the store on what the disk has. */
    void start() throws IOException {
        store = open();
    }

    NavigableMap<Long, Rig.Image> read(TableSchema table, long ts) throws IOException {
        try (Snapshot snapshot = store.pin(table.physicalId(), new Timestamp(ts))) {
            return Rig.read(snapshot, table, allocator, List.of(), List.of());
        }
    }

    @Override
    public void close() {
        store.close();
        allocator.close();
    }
}
