package io.garrick.server.wiring;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.record.LockRecord;
import io.garrick.learner.ApplySink;
import io.garrick.learner.Cf;
import io.garrick.learner.SnapshotCursor;
import io.garrick.learner.SnapshotFiles;
import io.garrick.mergetree.TableStore;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftserver.RegionLocalState;
import io.garrick.regioncache.BlockingLock;
import io.garrick.regioncache.CfWrite;
import io.garrick.regioncache.RegionCache;
import io.garrick.regioncache.SnapshotSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The storage as the learner sees it: committed commands go to the region cache, and from there to
 * columns.
 */
final class StorageSink implements ApplySink {
    private static final Logger log = LoggerFactory.getLogger(StorageSink.class);

    /** The store's oldest readable timestamp. */
    interface Safepoint {
        /** Returns once reads of what the cluster may have collected are refused. */
        void follow() throws IOException;
    }

    private final RegionCache cache;
    private final TableStore store;
    private final Safepoint safepoint;
    private final Pressure pressure;
    private final LongSupplier usedBytes;

    StorageSink(
            RegionCache cache,
            TableStore store,
            Safepoint safepoint,
            Pressure pressure,
            LongSupplier usedBytes) {
        this.cache = cache;
        this.store = store;
        this.safepoint = safepoint;
        this.pressure = pressure;
        this.usedBytes = usedBytes;
    }

    @Override
    public boolean busy() {
        return pressure.busy();
    }

    @Override
    public long usedBytes() {
        return usedBytes.getAsLong();
    }

    @Override
    public List<RegionState> recover() throws IOException {
        List<RegionState> states = new ArrayList<>();
        for (io.garrick.regioncache.RegionState state : cache.regions()) {
            try {
                RegionLocalState local = RegionLocalState.parseFrom(state.meta().unsafeBytes());
                states.add(new RegionState(local, state.appliedIndex(), state.appliedTerm()));
            } catch (InvalidProtocolBufferException e) {
                // As if the region's data were lost: the learner asks for a snapshot.
                log.error("malformed meta of a region regionId={}", state.regionId(), e);
            }
        }
        return states;
    }

    @Override
    public void write(long regionId, long index, long term, List<Write> writes) {
        List<CfWrite> mapped = new ArrayList<>(writes.size());
        for (Write write : writes) {
            // A deleted range is a dropped table or collected history: the schema and the safepoint
            // decide here when its rows go.
            if (write.kind() != Kind.DELETE_RANGE) {
                mapped.add(
                        new CfWrite(
                                family(write.cf()),
                                write.kind() == Kind.PUT ? CfWrite.Op.PUT : CfWrite.Op.DELETE,
                                key(write.key()),
                                key(write.value())));
            }
        }
        cache.apply(regionId, index, term, mapped);
    }

    private static CfWrite.Family family(Cf cf) {
        return switch (cf) {
            case DEFAULT -> CfWrite.Family.DEFAULT;
            case LOCK -> CfWrite.Family.LOCK;
            case WRITE -> CfWrite.Family.WRITE;
        };
    }

    private static Key key(ByteString bytes) {
        return Key.wrap(bytes.toByteArray());
    }

    @Override
    public void regionsChanged(
            long regionId, long index, long term, List<RegionState> after, List<Long> removed)
            throws IOException {
        Map<Long, Long> sequences = new HashMap<>();
        cache.regions().forEach(state -> sequences.put(state.regionId(), state.opSequence()));
        List<io.garrick.regioncache.RegionState> states = new ArrayList<>();
        for (RegionState state : after) {
            states.add(mapped(state, sequences.getOrDefault(state.regionId(), 0L)));
        }
        cache.regionsChanged(states, removed);
        if (after.size() > 1 || !removed.isEmpty()) {
            // Ranges have moved. Durable now, so that no former owner can replay into a range that
            // a
            // snapshot or a removal takes over later.
            cache.settle();
        }
    }

    private static io.garrick.regioncache.RegionState mapped(RegionState state, long sequence) {
        return new io.garrick.regioncache.RegionState(
                state.regionId(),
                rangeOf(state.local().getRegion()),
                Key.wrap(state.local().toByteArray()),
                state.appliedIndex(),
                state.appliedTerm(),
                sequence);
    }

    private static KeyRange rangeOf(Region region) {
        return new KeyRange(key(region.getStartKey()), key(region.getEndKey()));
    }

    @Override
    public void installSnapshot(RegionState state, long opSequence, SnapshotFiles files)
            throws IOException {
        try {
            // Before the region serves, reads of what the sender has collected must be refused.
            safepoint.follow();
            cache.installSnapshot(
                    mapped(state, opSequence), new Files(files), store.safepoint().value());
        } catch (UncheckedIOException e) {
            throw e.getCause() == null ? new IOException(e) : e.getCause();
        }
    }

    @Override
    public void remove(RegionLocalState tombstone, long opSequence) throws IOException {
        try {
            cache.remove(tombstone.getRegion().getId(), opSequence);
        } catch (UncheckedIOException e) {
            throw e.getCause() == null ? new IOException(e) : e.getCause();
        }
    }

    @Override
    public long durableApplied(long regionId) {
        return cache.durableApplied(regionId);
    }

    @Override
    public Optional<LockInfo> blockingLock(
            long regionId, KeyRange encodedRange, long ts, Set<Long> bypass) {
        return cache.blockingLock(regionId, encodedRange, ts, bypass).map(StorageSink::lockInfo);
    }

    private static LockInfo lockInfo(BlockingLock blocking) {
        LockRecord.Single lock = blocking.lock();
        LockInfo.Builder info =
                LockInfo.newBuilder()
                        .setKey(bytes(blocking.rawKey()))
                        .setPrimaryLock(bytes(lock.primary()))
                        .setLockVersion(lock.startTs())
                        .setLockTtl(lock.ttlMillis())
                        .setTxnSize(lock.txnSize())
                        .setLockForUpdateTs(lock.forUpdateTs())
                        .setMinCommitTs(lock.minCommitTs())
                        .setUseAsyncCommit(lock.usesAsyncCommit())
                        .setLockType(
                                switch (lock.kind()) {
                                    case PUT -> Op.Put;
                                    case DELETE -> Op.Del;
                                    case LOCK -> Op.Lock;
                                    case PESSIMISTIC -> Op.PessimisticLock;
                                });
        List<Key> secondaries = lock.secondaries();
        if (secondaries != null) {
            secondaries.forEach(key -> info.addSecondaries(bytes(key)));
        }
        return info.build();
    }

    private static ByteString bytes(Key key) {
        return ByteString.copyFrom(key.unsafeBytes());
    }

    /** Snapshot files in the words of the region cache. */
    private record Files(SnapshotFiles files) implements SnapshotSource {
        @Override
        public Entries open(CfWrite.Family family) throws IOException {
            return new CursorEntries(
                    files.open(
                            switch (family) {
                                case DEFAULT -> Cf.DEFAULT;
                                case LOCK -> Cf.LOCK;
                                case WRITE -> Cf.WRITE;
                            }));
        }
    }

    private record CursorEntries(SnapshotCursor cursor) implements SnapshotSource.Entries {
        @Override
        public boolean next() throws IOException {
            return cursor.next();
        }

        @Override
        public byte[] key() {
            return cursor.key();
        }

        @Override
        public byte[] value() {
            return cursor.value();
        }

        @Override
        public void close() {
            cursor.close();
        }
    }
}
