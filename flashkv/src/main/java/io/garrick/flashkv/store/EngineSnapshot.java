package io.garrick.flashkv.store;

import io.garrick.flashkv.kv.Cf;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;

/** The data of a {@link KvEngine} at one moment. Used by one thread at a time. */
final class EngineSnapshot implements AutoCloseable {
    private final KvEngine engine;
    private final RocksDB db;
    private final Map<Cf, ColumnFamilyHandle> families;
    private final Snapshot snapshot;
    private final ReadOptions options;
    private boolean closed;

    EngineSnapshot(KvEngine engine, RocksDB db, Map<Cf, ColumnFamilyHandle> families) {
        this.engine = engine;
        this.db = db;
        this.families = families;
        this.snapshot = db.getSnapshot();
        this.options = new ReadOptions().setSnapshot(snapshot);
    }

    private ColumnFamilyHandle family(Cf cf) {
        ColumnFamilyHandle handle = families.get(cf);
        if (handle == null || closed) {
            throw new IllegalStateException("snapshot closed, or no family " + cf);
        }
        return handle;
    }

    byte @Nullable [] get(Cf cf, byte[] dataKey) {
        try {
            return db.get(family(cf), options, dataKey);
        } catch (RocksDBException e) {
            throw new EngineFailure(e);
        }
    }

    /** Over data keys {@code [start, end)}. Close it before the snapshot. */
    Scan scan(Cf cf, byte[] start, byte[] end) {
        return new Scan(db, family(cf), snapshot, start, end);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        options.close();
        db.releaseSnapshot(snapshot);
        snapshot.close();
        engine.snapshotClosed();
    }

    /** A RocksDB iterator with both bounds. */
    static final class Scan implements AutoCloseable {
        private final Slice lower;
        private final Slice upper;
        private final ReadOptions options;
        private final RocksIterator iterator;

        private Scan(
                RocksDB db,
                ColumnFamilyHandle family,
                Snapshot snapshot,
                byte[] start,
                byte[] end) {
            lower = new Slice(start);
            upper = new Slice(end);
            options =
                    new ReadOptions()
                            .setSnapshot(snapshot)
                            .setIterateLowerBound(lower)
                            .setIterateUpperBound(upper);
            iterator = db.newIterator(family, options);
        }

        boolean seekToFirst() {
            iterator.seekToFirst();
            return valid();
        }

        boolean seekToLast() {
            iterator.seekToLast();
            return valid();
        }

        boolean seek(byte[] dataKey) {
            iterator.seek(dataKey);
            return valid();
        }

        boolean seekForPrev(byte[] dataKey) {
            iterator.seekForPrev(dataKey);
            return valid();
        }

        boolean next() {
            iterator.next();
            return valid();
        }

        boolean prev() {
            iterator.prev();
            return valid();
        }

        boolean valid() {
            if (iterator.isValid()) {
                return true;
            }
            try {
                iterator.status();
            } catch (RocksDBException e) {
                throw new EngineFailure(e);
            }
            return false;
        }

        byte[] key() {
            return iterator.key();
        }

        byte[] value() {
            return iterator.value();
        }

        @Override
        public void close() {
            iterator.close();
            options.close();
            lower.close();
            upper.close();
        }
    }
}
