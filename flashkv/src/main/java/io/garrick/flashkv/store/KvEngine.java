package io.garrick.flashkv.store;

import io.garrick.flashkv.kv.Cf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.IngestExternalFileOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * A store's state machine: the three replicated column families, and {@code raft} for local states.
 *
 * <p>Reads and snapshots from any thread; a snapshot holds the engine open, so {@link #close} waits
 * for them. RocksDB crashes the process when it is used after close, hence the care.
 */
final class KvEngine implements AutoCloseable {
    private static final String LOCAL_FAMILY = "raft";
    private static final long WRITE_BUFFER_BYTES = 16L << 20;
    private static final long BLOCK_CACHE_BYTES = 48L << 20;
    private static final long CLOSE_PATIENCE_NANOS = 20_000_000_000L;

    private final List<AutoCloseable> resources = new ArrayList<>();
    private final RocksDB db;
    private final Map<Cf, ColumnFamilyHandle> families = new EnumMap<>(Cf.class);
    private final ColumnFamilyHandle local;
    private final WriteOptions unsynced = keep(new WriteOptions());
    private final WriteOptions synced = keep(new WriteOptions()).setSync(true);
    private final WalTail tail;
    private int openSnapshots;
    private boolean closed;

    private KvEngine(Path directory) throws RocksDBException {
        tail = new WalTail(directory);
        ColumnFamilyOptions options =
                keep(new ColumnFamilyOptions())
                        .setTableFormatConfig(
                                new BlockBasedTableConfig()
                                        .setBlockCache(keep(new LRUCache(BLOCK_CACHE_BYTES)))
                                        .setFilterPolicy(keep(new BloomFilter(10))))
                        .setWriteBufferSize(WRITE_BUFFER_BYTES)
                        .setCompressionType(CompressionType.LZ4_COMPRESSION);
        DBOptions dbOptions =
                keep(new DBOptions())
                        .setCreateIfMissing(true)
                        .setCreateMissingColumnFamilies(true)
                        .setMaxBackgroundJobs(2)
                        .setMaxTotalWalSize(256L << 20)
                        .setKeepLogFileNum(2)
                        .setMaxOpenFiles(256);
        List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
        for (Cf cf : Cf.values()) {
            descriptors.add(new ColumnFamilyDescriptor(bytes(cf.family()), options));
        }
        descriptors.add(new ColumnFamilyDescriptor(bytes(LOCAL_FAMILY), options));
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        db = RocksDB.open(dbOptions, directory.toString(), descriptors, handles);
        Iterator<ColumnFamilyHandle> handle = handles.iterator();
        for (Cf cf : Cf.values()) {
            families.put(cf, handle.next());
        }
        local = handles.getLast();
    }

    static KvEngine open(Path directory) throws IOException {
        RocksDB.loadLibrary();
        Files.createDirectories(directory);
        try {
            return new KvEngine(directory);
        } catch (RocksDBException e) {
            throw new IOException("cannot open " + directory + ": " + e.getMessage(), e);
        }
    }

    private static byte[] bytes(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    private <T extends AutoCloseable> T keep(T resource) {
        resources.add(resource);
        return resource;
    }

    private ColumnFamilyHandle family(Cf cf) {
        ColumnFamilyHandle handle = families.get(cf);
        if (handle == null) {
            throw new IllegalStateException("no family " + cf);
        }
        return handle;
    }

    // ---- local states; the owner's thread

    byte @Nullable [] getLocal(byte[] key) {
        try {
            return db.get(local, key);
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
    }

    void scanLocal(byte[] start, byte[] end, BiConsumer<byte[], byte[]> visitor) {
        try (Slice upper = new Slice(end);
                ReadOptions options = new ReadOptions().setIterateUpperBound(upper);
                RocksIterator iterator = db.newIterator(local, options)) {
            for (iterator.seek(start); iterator.isValid(); iterator.next()) {
                visitor.accept(iterator.key(), iterator.value());
            }
            iterator.status();
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
    }

    // ---- writes; the owner's thread

    Batch newBatch() {
        return new Batch();
    }

    void write(Batch batch, boolean sync) {
        try {
            db.write(sync ? synced : unsynced, batch.batch);
            if (sync) {
                tail.syncDone();
            }
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
    }

    /** Everything written so far survives a crash of the machine. */
    void syncLog() {
        try {
            db.syncWal();
            tail.syncDone();
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
    }

    /** From here on it is known what a machine failure could take. */
    void watchSyncs() {
        syncLog();
        tail.watch();
    }

    WalTail tail() {
        return tail;
    }

    /** The file's keys must lie where the family has none. The file is copied. */
    void ingest(Cf cf, Path sst) {
        try (IngestExternalFileOptions options =
                new IngestExternalFileOptions().setMoveFiles(false)) {
            db.ingestExternalFile(family(cf), List.of(sst.toString()), options);
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
    }

    boolean isEmpty(Cf cf, byte[] start, byte[] end) {
        try (Slice upper = new Slice(end);
                ReadOptions options = new ReadOptions().setIterateUpperBound(upper);
                RocksIterator iterator = db.newIterator(family(cf), options)) {
            iterator.seek(start);
            return !iterator.isValid();
        }
    }

    /** All families' changes of one atomic write. */
    final class Batch implements AutoCloseable {
        private final WriteBatch batch = new WriteBatch();

        void put(Cf cf, byte[] dataKey, byte[] value) {
            try {
                batch.put(family(cf), dataKey, value);
            } catch (RocksDBException e) {
                throw new EngineFailure(e);
            }
        }

        void delete(Cf cf, byte[] dataKey) {
            try {
                batch.delete(family(cf), dataKey);
            } catch (RocksDBException e) {
                throw new EngineFailure(e);
            }
        }

        void deleteRange(Cf cf, byte[] start, byte[] end) {
            try {
                batch.deleteRange(family(cf), start, end);
            } catch (RocksDBException e) {
                throw new EngineFailure(e);
            }
        }

        void putLocal(byte[] key, byte[] value) {
            try {
                batch.put(local, key, value);
            } catch (RocksDBException e) {
                throw new EngineFailure(e);
            }
        }

        void deleteLocal(byte[] key) {
            try {
                batch.delete(local, key);
            } catch (RocksDBException e) {
                throw new EngineFailure(e);
            }
        }

        boolean isEmpty() {
            return batch.count() == 0;
        }

        long sizeBytes() {
            return batch.getDataSize();
        }

        @Override
        public void close() {
            batch.close();
        }
    }

    // ---- snapshots; any thread

    /** Null once the engine is closing. */
    @Nullable EngineSnapshot snapshot() {
        synchronized (this) {
            if (closed) {
                return null;
            }
            openSnapshots++;
        }
        return new EngineSnapshot(this, db, families);
    }

    synchronized void snapshotClosed() {
        openSnapshots--;
        notifyAll();
    }

    private synchronized boolean awaitSnapshots() {
        long deadline = System.nanoTime() + CLOSE_PATIENCE_NANOS;
        closed = true;
        while (openSnapshots > 0) {
            long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                return false;
            }
            try {
                wait(leftMillis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        if (!awaitSnapshots()) {
            throw new IllegalStateException(
                    "snapshots are still open; the database is left open rather than pulled away");
        }
        families.values().forEach(ColumnFamilyHandle::close);
        local.close();
        db.close();
        for (AutoCloseable resource : resources.reversed()) {
            try {
                resource.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
