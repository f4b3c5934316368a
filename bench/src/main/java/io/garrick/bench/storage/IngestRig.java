package io.garrick.bench.storage;

import io.garrick.base.FileDisk;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.FlushScope;
import io.garrick.mergetree.MaskedBatch;
import io.garrick.mergetree.Morsel;
import io.garrick.mergetree.MorselTotals;
import io.garrick.mergetree.ScanSpec;
import io.garrick.mergetree.Snapshot;
import io.garrick.mergetree.StoreSettings;
import io.garrick.mergetree.TableStore;
import io.garrick.regioncache.CfWrite;
import io.garrick.regioncache.CommittedRow;
import io.garrick.regioncache.CommittedRows;
import io.garrick.regioncache.RegionCache;
import io.garrick.regioncache.RegionState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * Region cache and table store as the server wires them, without raft: commands go in, durable
 * parts come out. One table of 157-byte rows, cut into regions of equal handles.
 */
final class IngestRig implements AutoCloseable {
    static final long TABLE_ID = 50;
    static final int ROW_BYTES = 157;
    static final TableSchema SCHEMA = schema();
    private static final long NUMBER = 2;
    private static final long NAME = 3;
    private static final long PLACE = 4;
    private static final long FILLER = 5;

    private final BufferAllocator allocator = new RootAllocator();
    private final OrderedStore durable;
    private final OrderedStore cacheStore;
    private final TableStore store;
    private final RegionCache cache;

    IngestRig(Path directory, CountingDisk disk, int regions, long handles, StoreSettings settings)
            throws IOException {
        this.durable =
                RocksStore.open(
                        directory.resolve("durable"),
                        OrderedStore.Mode.LOGGED,
                        List.of(TableStore.MANIFEST_FAMILY));
        this.cacheStore =
                RocksStore.open(
                        directory.resolve("cache"),
                        OrderedStore.Mode.ATOMIC_FLUSH,
                        RegionCache.FAMILIES);
        this.store =
                TableStore.open(
                        disk,
                        durable,
                        id -> id == TABLE_ID ? Optional.of(SCHEMA) : Optional.empty(),
                        allocator,
                        InstantSource.system(),
                        settings);
        this.cache = RegionCache.open(cacheStore, new Rows(store));
        List<RegionState> states = new ArrayList<>();
        for (int region = 0; region < regions; region++) {
            KeyRange range =
                    new KeyRange(
                            encoded(handles * region / regions),
                            encoded(handles * (region + 1) / regions));
            states.add(new RegionState(region + 1, range, Key.EMPTY, 0, 1, 0));
        }
        cache.regionsChanged(states, List.of());
        cache.settle();
    }

    static CountingDisk disk(Path directory) throws IOException {
        return new CountingDisk(new FileDisk(directory.resolve("data")));
    }

    private static TableSchema schema() {
        FieldType text = FieldType.text(FieldType.VARCHAR, 0, 200, FieldType.UTF8MB4_BIN);
        return TableSchema.builder(TABLE_ID, "bench", "rows")
                .column(
                        1,
                        "id",
                        FieldType.of(
                                FieldType.LONGLONG,
                                FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG,
                                20,
                                0))
                .column(NUMBER, "number", FieldType.of(FieldType.LONGLONG, 0, 20, 0))
                .column(NAME, "name", text)
                .column(PLACE, "place", text)
                .column(FILLER, "filler", text)
                .pkIsHandle()
                .build();
    }

    static Key raw(long handle) {
        return TableKeys.recordKey(TABLE_ID, handle);
    }

    static Key encoded(long handle) {
        return Memcomparable.encode(raw(handle));
    }

    /** A row of exactly {@link #ROW_BYTES} bytes: a number, a name, a place, and random words. */
    static byte[] row(RowV2Writer writer, long handle, long version) {
        long random = VersionedTable.mix(handle * 31 + version);
        int missing = ROW_BYTES - row(writer, random, "").length;
        StringBuilder words = new StringBuilder();
        long next = random;
        while (words.length() < missing) {
            next = VersionedTable.mix(next);
            words.append(Long.toString(next & 0xffff, 36)).append(' ');
        }
        return row(writer, random, words.substring(0, missing));
    }

    private static byte[] row(RowV2Writer writer, long random, String filler) {
        return writer.reset()
                .putInt(NUMBER, random >>> 32)
                .putString(NAME, "name-" + (random & 0xffff))
                .putString(PLACE, "place-" + (random >>> 20 & 0xff))
                .putString(FILLER, filler)
                .toBytes();
    }

    TableStore store() {
        return store;
    }

    /** One command of a region; {@code region} counts from 0. */
    void apply(int region, long index, List<CfWrite> writes) {
        cache.apply(region + 1L, index, 1, writes);
    }

    /** What the server does every now and then. */
    void checkpoint(FlushScope scope) throws IOException {
        store.flush(scope);
        cache.checkpoint(this::covers);
    }

    private boolean covers(CommittedRow row) {
        return store.fence(TABLE_ID, row.regionId())
                .filter(fence ->
                        row.index() < fence.index()
                                || (row.index() == fence.index()
                                        && row.ordinal() <= fence.ordinal()))
                .isPresent();
    }

    long visibleRows() throws IOException {
        long rows = 0;
        try (Snapshot snapshot = store.pin(TABLE_ID, new Timestamp(Long.MAX_VALUE - 1))) {
            for (Morsel morsel : snapshot.morsels(ScanSpec.of(SCHEMA, List.of()))) {
                Optional<MorselTotals> totals = morsel.totals();
                if (totals.isPresent()) {
                    rows += totals.get().rowCount();
                } else {
                    try (MaskedBatch batch = morsel.read(allocator)) {
                        rows += batch.visibleCount();
                    }
                }
            }
        }
        return rows;
    }

    @Override
    public void close() throws IOException {
        store.close();
        cacheStore.close();
        durable.close();
        allocator.close();
    }

    /** The table store as the region cache sees it; range operations do not happen here. */
    private record Rows(TableStore store) implements CommittedRows {
        @Override
        public void append(List<CommittedRow> rows) {
            List<io.garrick.mergetree.CommittedRow> mapped = new ArrayList<>(rows.size());
            for (CommittedRow row : rows) {
                RecordKey key = RecordKey.parse(row.rawKey());
                mapped.add(
                        new io.garrick.mergetree.CommittedRow(
                                key.tableId(),
                                key.intHandle(),
                                null,
                                row.commitTs(),
                                row.delete(),
                                row.value().unsafeBytes(),
                                row.regionId(),
                                row.index(),
                                row.ordinal()));
            }
            store.append(mapped);
        }

        @Override
        public boolean hasVersion(Key rawKey, long commitTs) {
            try {
                return store.hasVersion(
                        TABLE_ID, RecordKey.parse(rawKey).intHandle(), null, commitTs);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void replaceRange(OpId op, KeyRange range, Iterator<CommittedRow> rows) {
            throw new UnsupportedOperationException("no snapshot here: " + op);
        }

        @Override
        public void purgeRange(OpId op, KeyRange range) {
            throw new UnsupportedOperationException("no purge here: " + op);
        }

        @Override
        public Map<OpId, KeyRange> openOperations() {
            return Map.of();
        }

        @Override
        public void closeOperation(OpId op) {
            throw new UnsupportedOperationException("no operation here: " + op);
        }
    }
}
