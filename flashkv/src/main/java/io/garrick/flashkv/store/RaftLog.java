package io.garrick.flashkv.store;

import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.raftserver.RaftLocalState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.CompressionType;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** The raft logs of all regions of a store, in a RocksDB apart. Owned by the store's thread. */
final class RaftLog implements AutoCloseable {
    private final Options options =
            new Options()
                    .setCreateIfMissing(true)
                    .setWriteBufferSize(32L << 20)
                    .setMaxBackgroundJobs(2)
                    .setKeepLogFileNum(2)
                    .setCompressionType(CompressionType.LZ4_COMPRESSION);
    private final WriteOptions synced = new WriteOptions().setSync(true);
    private final WriteOptions unsynced = new WriteOptions();
    private final boolean sync;
    private final RocksDB db;
    private WriteBatch batch = new WriteBatch();
    private boolean batchMustSync;
    private final WalTail tail;

    /**
     * @param sync whether {@link #commit} waits for the disk where a promise depends on it
     */
    RaftLog(Path directory, boolean sync) throws IOException {
        RocksDB.loadLibrary();
        this.sync = sync;
        Files.createDirectories(directory);
        tail = new WalTail(directory);
        try {
            db = RocksDB.open(options, directory.toString());
        } catch (RocksDBException e) {
            throw new IOException("cannot open " + directory + ": " + e.getMessage(), e);
        }
    }

    // ---- reads: what was committed

    @Nullable RaftLocalState state(long regionId) {
        try {
            byte[] bytes = db.get(LocalKeys.raftState(regionId));
            return bytes == null ? null : RaftLocalState.parseFrom(bytes);
        } catch (RocksDBException | InvalidProtocolBufferException e) {
            throw new EngineFailure(e);
        }
    }

    @Nullable Entry entry(long regionId, long index) {
        try {
            byte[] bytes = db.get(LocalKeys.log(regionId, index));
            return bytes == null ? null : Entry.parseFrom(bytes);
        } catch (RocksDBException | InvalidProtocolBufferException e) {
            throw new EngineFailure(e);
        }
    }

    /** Entries {@code [low, high)}, at most {@code maxBytes} but at least one. */
    List<Entry> entries(long regionId, long low, long high, long maxBytes) {
        List<Entry> entries = new ArrayList<>();
        long bytes = 0;
        try (Slice upper = new Slice(LocalKeys.log(regionId, high));
                ReadOptions read = new ReadOptions().setIterateUpperBound(upper);
                RocksIterator iterator = db.newIterator(read)) {
            for (iterator.seek(LocalKeys.log(regionId, low)); iterator.isValid(); iterator.next()) {
                byte[] value = iterator.value();
                bytes += value.length;
                if (!entries.isEmpty() && bytes > maxBytes) {
                    break;
                }
                entries.add(Entry.parseFrom(value));
            }
            iterator.status();
        } catch (RocksDBException | InvalidProtocolBufferException e) {
            throw new EngineFailure(e);
        }
        return entries;
    }

    // ---- writes: into the batch of this round

    void putState(long regionId, RaftLocalState state, boolean mustSync) {
        try {
            batch.put(LocalKeys.raftState(regionId), state.toByteArray());
            batchMustSync |= mustSync;
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
    }

    void append(long regionId, List<Entry> entries) {
        try {
            for (Entry entry : entries) {
                batch.put(LocalKeys.log(regionId, entry.getIndex()), entry.toByteArray());
            }
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
    }

    /** Deletes entries {@code [low, high)}. */
    void delete(long regionId, long low, long high) {
        if (low >= high) {
            return;
        }
        try {
            batch.deleteRange(LocalKeys.log(regionId, low), LocalKeys.log(regionId, high));
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
    }

    /** Forgets a region's log and state. */
    void clear(long regionId) {
        try {
            batch.deleteRange(LocalKeys.log(regionId, 0), LocalKeys.log(regionId, -1L));
            batch.delete(LocalKeys.raftState(regionId));
            batchMustSync = true;
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
    }

    /** Writes the batch of this round, for all regions at once. */
    void commit() {
        if (batch.count() == 0) {
            return;
        }
        try {
            boolean synchronous = sync && batchMustSync;
            db.write(synchronous ? synced : unsynced, batch);
            if (synchronous) {
                tail.syncDone();
            }
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
        batch.close();
        batch = new WriteBatch();
        batchMustSync = false;
    }

    /** Whether {@link #commit} has something to write. */
    boolean hasWrites() {
        return batch.count() > 0;
    }

    /** From here on it is known what a machine failure could take. */
    void watchSyncs() {
        try {
            db.syncWal();
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
        tail.watch();
    }

    WalTail tail() {
        return tail;
    }

    @Override
    public void close() {
        batch.close();
        db.close();
        synced.close();
        unsynced.close();
        options.close();
    }
}
