package io.garrick.mergetree;

import io.garrick.base.Disk;
import io.garrick.base.FileDisk;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.base.Timestamp;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.jspecify.annotations.Nullable;

/** A store on real files with one known table shape: id (handle), a, s, d. */
final class Rig implements AutoCloseable {
    static final long A = 2;
    static final long S = 3;
    static final long D = 4;
    static final StoreSettings SMALL =
            new StoreSettings(64, 1 << 20, Duration.ofMinutes(10), 100_000, 40, 1 << 20, 4, 0.3);

    /** What a row holds besides its handle. */
    record Image(@Nullable Long a, @Nullable String s, @Nullable BigDecimal d) {}

    final Map<Long, TableSchema> schemas = new ConcurrentHashMap<>();
    final BufferAllocator allocator = new RootAllocator();
    private final Path directory;
    private final StoreSettings settings;
    private OrderedStore manifest;
    TableStore store;

    /** Runs once, when the next part has its name but the manifest does not list it yet. */
    @Nullable Pause beforeCommit;

    @FunctionalInterface
    interface Pause {
        void run() throws IOException;
    }

    Rig(Path directory, StoreSettings settings) throws IOException {
        this.directory = directory;
        this.settings = settings;
        this.manifest = openManifest();
        this.store = openStore();
    }

    private OrderedStore openManifest() throws IOException {
        return RocksStore.open(
                directory.resolve("manifest"),
                OrderedStore.Mode.LOGGED,
                List.of(TableStore.MANIFEST_FAMILY));
    }

    private TableStore openStore() throws IOException {
        Disk disk = new PausingDisk(new FileDisk(directory.resolve("data")));
        return TableStore.open(
                disk,
                manifest,
                id -> Optional.ofNullable(schemas.get(id)),
                allocator,
                InstantSource.system(),
                settings);
    }

    /** Forgets everything in memory. */
    void restart() throws IOException {
        store.close();
        manifest.close();
        manifest = openManifest();
        store = openStore();
    }

    @Override
    public void close() throws IOException {
        store.close();
        manifest.close();
        allocator.close();
    }

    static TableSchema table(long id) {
        return TableSchema.builder(id, "test", "t" + id)
                .column(
                        1,
                        "id",
                        FieldType.of(
                                FieldType.LONGLONG,
                                FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG,
                                20,
                                0))
                .column(A, "a", FieldType.of(FieldType.LONGLONG, 0, 20, 0))
                .column(S, "s", FieldType.text(FieldType.VARCHAR, 0, 100, FieldType.UTF8MB4_BIN))
                .column(D, "d", FieldType.of(FieldType.NEW_DECIMAL, 0, 15, 2))
                .pkIsHandle()
                .build();
    }

    /** The same columns, clustered by {@code id} as a common handle. */
    static TableSchema commonTable(long id) {
        TableSchema.Builder builder = TableSchema.builder(id, "test", "c" + id);
        table(id).columns().forEach(builder::column);
        return builder.commonHandle("id").build();
    }

    /** The common handle of a bigint key: flag 3, then the number with its sign bit flipped. */
    static byte[] bytes(long handle) {
        return ByteBuffer.allocate(9).put((byte) 3).putLong(handle ^ Long.MIN_VALUE).array();
    }

    static byte[] row(Image image) {
        RowV2Writer writer = new RowV2Writer();
        if (image.a() == null) {
            writer.putNull(A);
        } else {
            writer.putInt(A, image.a());
        }
        if (image.s() == null) {
            writer.putNull(S);
        } else {
            writer.putString(S, image.s());
        }
        if (image.d() == null) {
            writer.putNull(D);
        } else {
            writer.putDecimal(D, image.d(), 15, 2);
        }
        return writer.toBytes();
    }

    /** Every visible row by handle; fails if a handle comes twice. */
    NavigableMap<Long, Image> read(TableSchema table, long ts) throws IOException {
        return read(table, ts, List.of(), List.of());
    }

    NavigableMap<Long, Image> read(
            TableSchema table, long ts, List<HandleRange> ranges, List<ZoneFilter> filters)
            throws IOException {
        try (Snapshot snapshot = store.pin(table.physicalId(), new Timestamp(ts))) {
            return read(snapshot, table, ranges, filters);
        }
    }

    NavigableMap<Long, Image> read(
            Snapshot snapshot,
            TableSchema table,
            List<HandleRange> ranges,
            List<ZoneFilter> filters)
            throws IOException {
        return read(snapshot, table, allocator, ranges, filters);
    }

    static NavigableMap<Long, Image> read(
            Snapshot snapshot,
            TableSchema table,
            BufferAllocator allocator,
            List<HandleRange> ranges,
            List<ZoneFilter> filters)
            throws IOException {
        TreeMap<Long, Image> result = new TreeMap<>();
        List<ColumnSchema> columns = table.columns();
        for (Morsel morsel : snapshot.morsels(new ScanSpec(table, columns, ranges, filters))) {
            try (MaskedBatch batch = morsel.read(allocator)) {
                int visible = 0;
                for (int row = 0; row < batch.rowCount(); row++) {
                    if (batch.visible(row)) {
                        visible++;
                        long handle = ((BigIntVector) batch.columns().get(0)).get(row);
                        Image before = result.put(handle, image(batch.columns(), row));
                        if (before != null) {
                            throw new AssertionError("handle twice: " + handle);
                        }
                    }
                }
                if (visible != batch.visibleCount()) {
                    throw new AssertionError("visible count " + batch.visibleCount());
                }
            }
        }
        return result;
    }

    private static Image image(List<FieldVector> columns, int row) {
        BigIntVector a = (BigIntVector) columns.get(1);
        VarCharVector s = (VarCharVector) columns.get(2);
        DecimalVector d = (DecimalVector) columns.get(3);
        return new Image(
                a.isNull(row) ? null : a.get(row),
                s.isNull(row) ? null : new String(s.get(row), StandardCharsets.UTF_8),
                d.isNull(row) ? null : d.getObject(row));
    }

    private final class PausingDisk implements Disk {
        private final Disk disk;

        PausingDisk(Disk disk) {
            this.disk = disk;
        }

        @Override
        public void syncDirectory(Path path) throws IOException {
            disk.syncDirectory(path);
            Pause pause = beforeCommit;
            if (pause != null) {
                beforeCommit = null;
                pause.run();
            }
        }

        @Override
        public File create(Path path) throws IOException {
            return disk.create(path);
        }

        @Override
        public MemorySegment map(Path path, Arena arena) throws IOException {
            return disk.map(path, arena);
        }

        @Override
        public byte[] readAll(Path path) throws IOException {
            return disk.readAll(path);
        }

        @Override
        public boolean exists(Path path) throws IOException {
            return disk.exists(path);
        }

        @Override
        public long sizeBytes(Path path) throws IOException {
            return disk.sizeBytes(path);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            disk.rename(from, to);
        }

        @Override
        public void deleteIfExists(Path path) throws IOException {
            disk.deleteIfExists(path);
        }

        @Override
        public void createDirectories(Path path) throws IOException {
            disk.createDirectories(path);
        }

        @Override
        public List<String> list(Path path) throws IOException {
            return disk.list(path);
        }

        @Override
        public long freeBytes() throws IOException {
            return disk.freeBytes();
        }
    }
}
