package io.garrick.bench.storage;

import io.garrick.base.FileDisk;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.base.Timestamp;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.MaskedBatch;
import io.garrick.mergetree.Morsel;
import io.garrick.mergetree.MorselTotals;
import io.garrick.mergetree.ScanSpec;
import io.garrick.mergetree.Snapshot;
import io.garrick.mergetree.StoreSettings;
import io.garrick.mergetree.TableStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;

/** A table store on real files with its manifest in RocksDB, as the server has it. */
final class BenchStore implements AutoCloseable {
    private final Path directory;
    private final Map<Long, TableSchema> schemas;
    private final BufferAllocator allocator = new RootAllocator();
    private final OrderedStore manifest;
    private final TableStore store;

    BenchStore(Path directory, Map<Long, TableSchema> schemas, StoreSettings settings)
            throws IOException {
        this.directory = directory;
        this.schemas = Map.copyOf(schemas);
        this.manifest =
                RocksStore.open(
                        directory.resolve("manifest"),
                        OrderedStore.Mode.LOGGED,
                        List.of(TableStore.MANIFEST_FAMILY));
        this.store =
                TableStore.open(
                        new FileDisk(directory.resolve("data")),
                        manifest,
                        id -> Optional.ofNullable(this.schemas.get(id)),
                        allocator,
                        InstantSource.system(),
                        settings);
    }

    TableStore store() {
        return store;
    }

    BufferAllocator allocator() {
        return allocator;
    }

    Path directory() {
        return directory;
    }

    /** Sum of a BIGINT column at a timestamp, on this thread, as the query engine would do it. */
    long sum(TableSchema table, ColumnSchema column, long ts) throws IOException {
        long sum = 0;
        try (Snapshot snapshot = store.pin(table.physicalId(), new Timestamp(ts))) {
            for (Morsel morsel : snapshot.morsels(ScanSpec.of(table, List.of(column)))) {
                Optional<MorselTotals> totals = morsel.totals();
                sum +=
                        totals.isPresent()
                                ? totals.get().columns().getFirst().sum().longValueExact()
                                : sum(morsel);
            }
        }
        return sum;
    }

    private long sum(Morsel morsel) throws IOException {
        long sum = 0;
        try (MaskedBatch batch = morsel.read(allocator)) {
            BigIntVector values = (BigIntVector) batch.columns().getFirst();
            for (int row = 0; row < batch.rowCount(); row++) {
                sum += batch.visible(row) && !values.isNull(row) ? values.get(row) : 0;
            }
        }
        return sum;
    }

    @Override
    public void close() throws IOException {
        store.close();
        manifest.close();
        allocator.close();
    }
}
