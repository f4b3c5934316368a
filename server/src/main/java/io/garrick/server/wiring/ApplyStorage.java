package io.garrick.server.wiring;

import io.garrick.base.FileDisk;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.learner.ApplySink;
import io.garrick.learner.Learner;
import io.garrick.mergetree.SchemaProvider;
import io.garrick.mergetree.StoreSettings;
import io.garrick.mergetree.TableStore;
import io.garrick.regioncache.RegionCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * The half of a node that a learner applies into, wired as in {@link GarrickServer} but without PD,
 * schema or queries: what benchmarks of the log's way into columns need. Opened on an empty
 * directory.
 */
public final class ApplyStorage implements AutoCloseable {
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final OrderedStore durable;
    private final TableStore store;
    private final ApplySink sink;

    private ApplyStorage(Path directory, SchemaProvider schemas, Duration checkpoint)
            throws IOException {
        try {
            List<String> families = new ArrayList<>(Learner.FAMILIES);
            families.add(TableStore.MANIFEST_FAMILY);
            this.durable =
                    keep(
                            RocksStore.open(
                                    directory.resolve("durable"),
                                    OrderedStore.Mode.LOGGED,
                                    families));
            OrderedStore pending =
                    keep(
                            RocksStore.open(
                                    directory.resolve("cache"),
                                    OrderedStore.Mode.ATOMIC_FLUSH,
                                    RegionCache.FAMILIES));
            BufferAllocator allocator = keep(new RootAllocator());
            this.store =
                    keep(
                            TableStore.open(
                                    new FileDisk(directory),
                                    durable,
                                    schemas,
                                    allocator,
                                    InstantSource.system(),
                                    StoreSettings.defaults()));
            RowSink rows = new RowSink(store);
            RegionCache cache = RegionCache.open(pending, rows);
            Pressure pressure =
                    Pressure.of(
                            Files.getFileStore(directory),
                            () -> store.stats().memtableBytes() + cache.stats().pendingBytes());
            this.sink = new StorageSink(cache, store, () -> {}, pressure, () -> 0);
            keep(new Checkpointer(store, cache, rows, checkpoint)).start();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Opens it, with a checkpoint again and again.
     *
     * @param checkpoint between two checkpoints
     */
    public static ApplyStorage open(Path directory, SchemaProvider schemas, Duration checkpoint)
            throws IOException {
        return new ApplyStorage(directory, schemas, checkpoint);
    }

    private <T extends AutoCloseable> T keep(T resource) {
        resources.push(resource);
        return resource;
    }

    /** For the learner's own state. */
    public OrderedStore durable() {
        return durable;
    }

    public ApplySink sink() {
        return sink;
    }

    /** Rows in parts and memtables. */
    public long rowCount() {
        return store.stats().partRows() + store.stats().memtableRows();
    }

    @Override
    public void close() {
        while (!resources.isEmpty()) {
            try {
                resources.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException("storage does not close: " + e.getMessage(), e);
            }
        }
    }
}
