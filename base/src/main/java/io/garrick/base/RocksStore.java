package io.garrick.base;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** {@link OrderedStore} on RocksDB. */
public final class RocksStore implements OrderedStore {
    private static final long WRITE_BUFFER_BYTES = 32L << 20;
    private static final long BLOCK_CACHE_BYTES = 64L << 20;

    private final Mode mode;
    private final Access access;
    private final RocksDB db;
    private final Map<String, ColumnFamilyHandle> families = new LinkedHashMap<>();
    private final List<AutoCloseable> resources = new ArrayList<>();
    private final WriteOptions unsynced;
    private final WriteOptions synced;
    private boolean closed;

    private enum Access {
        READ_WRITE,
        READ_ONLY
    }

    private RocksStore(Path directory, Mode mode, List<String> familyNames, Access access)
            throws RocksDBException {
        this.mode = mode;
        this.access = access;
        LRUCache cache = keep(new LRUCache(BLOCK_CACHE_BYTES));
        BlockBasedTableConfig table =
                new BlockBasedTableConfig()
                        .setBlockCache(cache)
                        .setFilterPolicy(keep(new BloomFilter(10)));
        ColumnFamilyOptions familyOptions =
                keep(new ColumnFamilyOptions())
                        .setTableFormatConfig(table)
                        .setWriteBufferSize(WRITE_BUFFER_BYTES)
                        .setCompressionType(CompressionType.LZ4_COMPRESSION);
        DBOptions options =
                keep(new DBOptions())
                        .setCreateIfMissing(true)
                        .setCreateMissingColumnFamilies(true)
                        .setAtomicFlush(mode == Mode.ATOMIC_FLUSH)
                        .setMaxBackgroundJobs(2)
                        .setKeepLogFileNum(2)
                        .setMaxOpenFiles(256);
        List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
        descriptors.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, familyOptions));
        for (String name : familyNames) {
            if (!name.equals("default")) {
                descriptors.add(
                        new ColumnFamilyDescriptor(
                                name.getBytes(StandardCharsets.UTF_8), familyOptions));
            }
        }
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        this.db =
                access == Access.READ_ONLY
                        ? RocksDB.openReadOnly(options, directory.toString(), descriptors, handles)
                        : RocksDB.open(options, directory.toString(), descriptors, handles);
        for (int i = 0; i < handles.size(); i++) {
            families.put(
                    new String(descriptors.get(i).getName(), StandardCharsets.UTF_8),
                    handles.get(i));
        }
        boolean disableLog = mode == Mode.ATOMIC_FLUSH;
        this.unsynced = keep(new WriteOptions()).setDisableWAL(disableLog);
        this.synced = keep(new WriteOptions()).setDisableWAL(disableLog).setSync(!disableLog);
    }

    /**
     * Opens or creates the store. RocksDB locks the directory: a second process gets an {@code
     * IOException}.
     *
     * @param families every family the directory has, or shall have; "default" always exists
     */
    public static RocksStore open(Path directory, Mode mode, List<String> families)
            throws IOException {
        RocksDB.loadLibrary();
        Files.createDirectories(directory);
        return open(directory, mode, families, Access.READ_WRITE);
    }

    /**
     * Opens a store that exists, to look into it; a process that has it open is not disturbed.
     * Writes fail.
     *
     * @param families those that will be read; the directory may have more
     */
    public static RocksStore openReadOnly(Path directory, List<String> families)
            throws IOException {
        RocksDB.loadLibrary();
        return open(directory, Mode.LOGGED, families, Access.READ_ONLY);
    }

    private static RocksStore open(Path directory, Mode mode, List<String> families, Access access)
            throws IOException {
        try {
            return new RocksStore(directory, mode, families, access);
        } catch (RocksDBException e) {
            throw new IOException("cannot open " + directory + ": " + e.getMessage(), e);
        }
    }

    private <T extends AutoCloseable> T keep(T resource) {
        resources.add(resource);
        return resource;
    }

    private ColumnFamilyHandle family(String name) {
        ColumnFamilyHandle handle = families.get(name);
        if (handle == null) {
            throw new IllegalArgumentException("unknown column family " + name);
        }
        return handle;
    }

    @Override
    public Optional<byte[]> get(String family, byte[] key) throws IOException {
        try {
            return Optional.ofNullable(db.get(family(family), key));
        } catch (RocksDBException e) {
            throw new IOException(e);
        }
    }

    @Override
    public List<Optional<byte[]>> multiGet(String family, List<byte[]> keys) throws IOException {
        if (keys.isEmpty()) {
            return List.of();
        }
        ColumnFamilyHandle handle = family(family);
        List<ColumnFamilyHandle> handles = new ArrayList<>(keys.size());
        for (int i = 0; i < keys.size(); i++) {
            handles.add(handle);
        }
        try {
            List<Optional<byte[]>> values = new ArrayList<>(keys.size());
            for (byte[] value : db.multiGetAsList(handles, keys)) {
                values.add(Optional.ofNullable(value));
            }
            return values;
        } catch (RocksDBException e) {
            throw new IOException(e);
        }
    }

    @Override
    public Cursor scan(String family, KeyRange range) {
        return new RocksCursor(db, family(family), range);
    }

    @Override
    public Batch newBatch() {
        return new RocksBatch(this);
    }

    @Override
    public void write(Batch batch, Durability durability) throws IOException {
        try {
            db.write(
                    durability == Durability.SYNCED && mode == Mode.LOGGED ? synced : unsynced,
                    ((RocksBatch) batch).batch);
            if (durability == Durability.SYNCED && mode == Mode.ATOMIC_FLUSH) {
                flush();
            }
        } catch (RocksDBException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void flush() throws IOException {
        try (FlushOptions options = new FlushOptions().setWaitForFlush(true)) {
            db.flush(options, List.copyOf(families.values()));
            if (mode == Mode.LOGGED) {
                db.syncWal();
            }
        } catch (RocksDBException e) {
            throw new IOException(e);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        if (mode == Mode.LOGGED && access == Access.READ_WRITE) {
            try {
                db.syncWal();
            } catch (RocksDBException e) {
                throw new IOException(e);
            }
        }
        families.values().forEach(ColumnFamilyHandle::close);
        db.close();
        for (AutoCloseable resource : resources.reversed()) {
            try {
                resource.close();
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }

    private static final class RocksBatch implements Batch {
        private final RocksStore store;
        private final WriteBatch batch = new WriteBatch();

        RocksBatch(RocksStore store) {
            this.store = store;
        }

        @Override
        public Batch put(String family, byte[] key, byte[] value) {
            try {
                batch.put(store.family(family), key, value);
                return this;
            } catch (RocksDBException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public Batch delete(String family, byte[] key) {
            try {
                batch.delete(store.family(family), key);
                return this;
            } catch (RocksDBException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public Batch deleteRange(String family, KeyRange range) {
            try {
                if (range.end().isEmpty()) {
                    deleteTail(family, range.start());
                } else if (!range.isEmpty()) {
                    batch.deleteRange(
                            store.family(family),
                            range.start().unsafeBytes(),
                            range.end().unsafeBytes());
                }
                return this;
            } catch (RocksDBException e) {
                throw new IllegalStateException(e);
            }
        }

        // RocksDB's deleteRange needs an upper bound: take the last key there is, and that key
        // itself.
        private void deleteTail(String family, Key start) throws RocksDBException {
            ColumnFamilyHandle handle = store.family(family);
            try (RocksIterator last = store.db.newIterator(handle)) {
                last.seekToLast();
                if (last.isValid()) {
                    byte[] end = last.key();
                    if (Key.wrap(end).compareTo(start) >= 0) {
                        batch.deleteRange(handle, start.unsafeBytes(), end);
                        batch.delete(handle, end);
                    }
                }
            }
        }

        @Override
        public int count() {
            return batch.count();
        }

        @Override
        public long sizeBytes() {
            return batch.getDataSize();
        }

        @Override
        public void close() {
            batch.close();
        }
    }

    private static final class RocksCursor implements Cursor {
        private final ReadOptions options = new ReadOptions();
        private final @org.jspecify.annotations.Nullable Slice upper;
        private final RocksIterator iterator;
        private final KeyRange range;
        private boolean started;

        RocksCursor(RocksDB db, ColumnFamilyHandle handle, KeyRange range) {
            this.range = range;
            if (range.end().isEmpty()) {
                this.upper = null;
            } else {
                this.upper = new Slice(range.end().unsafeBytes());
                options.setIterateUpperBound(upper);
            }
            this.iterator = db.newIterator(handle, options);
        }

        @Override
        public boolean next() throws IOException {
            if (!started) {
                started = true;
                if (range.isEmpty()) {
                    return false;
                }
                iterator.seek(range.start().unsafeBytes());
            } else {
                iterator.next();
            }
            if (iterator.isValid()) {
                return true;
            }
            try {
                iterator.status();
            } catch (RocksDBException e) {
                throw new IOException(e);
            }
            return false;
        }

        @Override
        public byte[] key() {
            return iterator.key();
        }

        @Override
        public byte[] value() {
            return iterator.value();
        }

        @Override
        public void close() {
            iterator.close();
            options.close();
            if (upper != null) {
                upper.close();
            }
        }
    }
}
