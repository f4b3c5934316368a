package io.garrick.regioncache;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.OrderedStore.Durability;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.record.LockRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All regions' pending state and its durable form.
 *
 * <p>Locking: {@link #apply} and {@link #blockingLock} take only the region's monitor. Everything
 * that writes the {@code cache} store holds the structure lock (this object's monitor), then region
 * monitors one at a time; so batches reach the store in an order that fits the in-memory state, and
 * what a crash leaves is a prefix.
 *
 * <p>Deletes reach the store only together with the applied index that justifies them. A delete
 * alone could become durable under an older applied index, and replay would meet a commit without
 * its value.
 */
public final class RegionCache {
    /** The column families that {@link #open} needs. */
    public static final List<String> FAMILIES = CacheFormat.FAMILIES;

    private static final Logger log = LoggerFactory.getLogger(RegionCache.class);
    private static final int RECOVERY_BATCH_ROWS = 4096;

    private final OrderedStore cache;
    private final CommittedRows rows;
    private final Map<Long, PendingRegion> regions = new ConcurrentHashMap<>();
    private final Map<Long, Long> durableApplied = new ConcurrentHashMap<>();
    private final Leftovers leftovers = new Leftovers();

    /** A split, merge, or conf change was written but not flushed. */
    private boolean structureUnflushed;

    private RegionCache(OrderedStore cache, CommittedRows rows) {
        this.cache = cache;
        this.rows = rows;
    }

    /**
     * Loads what the last run left: regions, pending writes, and rows that no part holds, which go
     * to {@code rows} in log order.
     */
    public static RegionCache open(OrderedStore cache, CommittedRows rows) throws IOException {
        RegionCache opened = new RegionCache(cache, rows);
        opened.recover();
        return opened;
    }

    private synchronized void recover() throws IOException {
        TreeMap<Key, PendingRegion> byStart = new TreeMap<>();
        try (OrderedStore.Cursor cursor = cache.scan(CacheFormat.APPLY, KeyRange.ALL)) {
            while (cursor.next()) {
                RegionState state = CacheFormat.applyState(cursor.key(), cursor.value());
                PendingRegion region = new PendingRegion(state);
                regions.put(state.regionId(), region);
                durableApplied.put(state.regionId(), state.appliedIndex());
                byStart.put(state.range().start(), region);
            }
        }
        int values = loadPending(byStart);
        Map<CommittedRows.OpId, KeyRange> unfinished = unfinishedOperations();
        int loaded = loadLeftovers(List.copyOf(unfinished.values()));
        regions.values().forEach(PendingRegion::drain);
        log.info(
                "region cache recovered regions={} pending={} leftovers={} unfinishedOperations={}",
                regions.size(),
                values,
                loaded,
                unfinished.size());
    }

    private int loadPending(NavigableMap<Key, PendingRegion> byStart) throws IOException {
        int count = 0;
        try (OrderedStore.Cursor cursor = cache.scan(CacheFormat.VALUES, KeyRange.ALL)) {
            while (cursor.next()) {
                Key key = Key.wrap(cursor.key());
                PendingRegion region = owner(byStart, key);
                if (region != null) {
                    region.values.put(key, new PendingRegion.Value(cursor.value(), true));
                    count++;
                }
            }
        }
        try (OrderedStore.Cursor cursor = cache.scan(CacheFormat.LOCKS, KeyRange.ALL)) {
            while (cursor.next()) {
                Key key = Key.wrap(cursor.key());
                PendingRegion region = owner(byStart, key);
                if (region != null) {
                    byte[] bytes = cursor.value();
                    region.locks.put(
                            key, new LockTable.Entry(LockRecord.parse(bytes), bytes, true));
                    count++;
                }
            }
        }
        try (OrderedStore.Cursor cursor = cache.scan(CacheFormat.ORPHANS, KeyRange.ALL)) {
            while (cursor.next()) {
                Key key = Key.wrap(cursor.key());
                PendingRegion region = owner(byStart, key);
                if (region != null) {
                    byte[] value = cursor.value();
                    region.orphans.put(
                            key,
                            new PendingRegion.Orphan(
                                    ByteBuffer.wrap(value).getLong(),
                                    CacheFormat.isKnownOrphan(value),
                                    true));
                    count++;
                }
            }
        }
        return count;
    }

    private static @Nullable PendingRegion owner(
            NavigableMap<Key, PendingRegion> byStart, Key key) {
        Map.Entry<Key, PendingRegion> entry = byStart.floorEntry(key);
        return entry != null && entry.getValue().state().range().contains(key)
                ? entry.getValue()
                : null;
    }

    /**
     * Operations that the column store has done and this store has not: their caller repeats them.
     * Those that both have done are closed here.
     */
    private Map<CommittedRows.OpId, KeyRange> unfinishedOperations() {
        Map<CommittedRows.OpId, KeyRange> unfinished = new TreeMap<>(OP_ORDER);
        rows.openOperations()
                .forEach((op, range) -> {
                    PendingRegion region = regions.get(op.regionId());
                    if (region != null && region.state().opSequence() >= op.sequence()) {
                        rows.closeOperation(op);
                    } else {
                        unfinished.put(op, range);
                    }
                });
        return unfinished;
    }

    private static final Comparator<CommittedRows.OpId> OP_ORDER =
            Comparator.comparingLong(CommittedRows.OpId::regionId)
                    .thenComparingLong(CommittedRows.OpId::sequence)
                    .thenComparingLong(CommittedRows.OpId::index);

    /**
     * In log order, because fences are prefixes of it. Rows in the range of an unfinished operation
     * are replaced by it.
     */
    private int loadLeftovers(List<KeyRange> replaced) throws IOException {
        int count = 0;
        List<CommittedRow> batch = new ArrayList<>();
        try (OrderedStore.Cursor cursor = cache.scan(CacheFormat.LEFTOVERS, KeyRange.ALL)) {
            while (cursor.next()) {
                CommittedRow row = CacheFormat.leftover(cursor.key(), cursor.value());
                leftovers.remember(row);
                Key encodedKey = Memcomparable.encode(row.rawKey());
                if (replaced.stream().noneMatch(range -> range.contains(encodedKey))) {
                    batch.add(row);
                    count++;
                }
                if (batch.size() == RECOVERY_BATCH_ROWS) {
                    rows.append(batch);
                    batch = new ArrayList<>();
                }
            }
        }
        if (!batch.isEmpty()) {
            rows.append(batch);
        }
        return count;
    }

    /** The regions as they are now. */
    public List<RegionState> regions() {
        return regions.values().stream().map(PendingRegion::state).toList();
    }

    /**
     * Applies one committed command; its rows are visible on return. A command at or below the
     * applied index is a replay and changes nothing.
     *
     * @throws io.garrick.codec.CodecException if a record is malformed: the region cannot go on
     */
    public void apply(long regionId, long index, long term, List<CfWrite> writes) {
        region(regionId).apply(index, term, writes, rows);
    }

    private PendingRegion region(long regionId) {
        PendingRegion region = regions.get(regionId);
        if (region == null) {
            throw new IllegalStateException("no region " + regionId + " in the region cache");
        }
        return region;
    }

    /**
     * Takes over new region metas after a split, a merge or a conf change, all of them in one
     * batch. The calling thread owns every region named.
     *
     * @param removed regions that a merge has swallowed
     */
    public synchronized void regionsChanged(List<RegionState> after, List<Long> removed)
            throws IOException {
        PendingRegion moved = new PendingRegion(after.getFirst());
        try (OrderedStore.Batch batch = cache.newBatch()) {
            for (long regionId : removed) {
                PendingRegion gone = regions.remove(regionId);
                if (gone != null) {
                    save(batch, gone, _ -> false);
                    gone.reshape(withRange(gone.state(), EMPTY_RANGE), moved);
                    gone.markRemoved();
                }
                batch.delete(CacheFormat.APPLY, CacheFormat.u64(regionId));
            }
            for (RegionState state : after) {
                regions.computeIfAbsent(state.regionId(), _ -> new PendingRegion(state))
                        .reshape(state, moved);
            }
            for (RegionState state : after) {
                region(state.regionId()).adopt(moved);
            }
            for (RegionState state : after) {
                save(batch, region(state.regionId()), _ -> false);
            }
            cache.write(batch, Durability.UNSYNCED);
        }
        structureUnflushed = true;
    }

    private static final KeyRange EMPTY_RANGE =
            new KeyRange(Key.wrap(new byte[] {0}), Key.wrap(new byte[] {0}));

    private static RegionState withRange(RegionState state, KeyRange range) {
        return new RegionState(
                state.regionId(),
                range,
                state.meta(),
                state.appliedIndex(),
                state.appliedTerm(),
                state.opSequence());
    }

    /**
     * Makes earlier splits and merges durable. To be called before a snapshot or a removal is
     * recorded as begun: after a crash no former owner may replay into the range.
     */
    public synchronized void settle() throws IOException {
        if (structureUnflushed) {
            cache.flush();
            structureUnflushed = false;
        }
    }

    /**
     * Replaces a region's range by a snapshot; durable on return.
     *
     * @param state the region as of the snapshot; {@code opSequence} names this installation
     * @param safepoint the cluster's, read after the snapshot was made: versions that no reader at
     *     or above it needs may be incomplete
     */
    public void installSnapshot(RegionState state, SnapshotSource source, long safepoint)
            throws IOException {
        CommittedRows.OpId op =
                new CommittedRows.OpId(state.regionId(), state.appliedIndex(), state.opSequence());
        PendingRegion installed = new PendingRegion(state);
        try (SnapshotSource.Entries writes = source.open(CfWrite.Family.WRITE);
                SnapshotSource.Entries defaults = source.open(CfWrite.Family.DEFAULT);
                SnapshotSource.Entries locks = source.open(CfWrite.Family.LOCK)) {
            SnapshotMerge merge = new SnapshotMerge(state, writes, defaults, safepoint);
            rows.replaceRange(op, state.range(), merge);
            // A repeated operation adds no rows, so the receiver may not have read them: the
            // pending part needs it.
            while (merge.hasNext()) {
                merge.next();
            }
            merge.values.forEach((key, value) ->
                    installed.values.put(key, new PendingRegion.Value(value, false)));
            merge.orphans.forEach((key, commitTs) ->
                    installed.orphans.put(key, new PendingRegion.Orphan(commitTs, false, false)));
            merge.collectedOrphans.forEach((key, commitTs) ->
                    installed.orphans.put(key, new PendingRegion.Orphan(commitTs, true, false)));
            while (locks.next()) {
                byte[] bytes = locks.value();
                installed.locks.put(
                        Key.wrap(locks.key()),
                        new LockTable.Entry(LockRecord.parse(bytes), bytes, false));
            }
        }
        synchronized (this) {
            try (OrderedStore.Batch batch = cache.newBatch()) {
                clearRange(batch, state.range());
                save(batch, installed, _ -> false);
                regions.put(state.regionId(), installed);
                cache.write(batch, Durability.UNSYNCED);
            }
            cache.flush();
            structureUnflushed = false;
            durableApplied.put(state.regionId(), state.appliedIndex());
        }
        rows.closeOperation(op);
        log.info(
                "region snapshot installed regionId={} index={} pendingValues={} locks={}",
                state.regionId(),
                state.appliedIndex(),
                installed.values.size(),
                installed.locks.count());
    }

    /**
     * Removes a region and the data of its range; durable on return. A region that was never
     * installed has nothing to remove. A removal that a crash has interrupted is repeated with its
     * sequence number, and ends even if the region is no longer known.
     */
    public void remove(long regionId, long opSequence) throws IOException {
        PendingRegion gone = regions.get(regionId);
        boolean covered = false;
        for (Map.Entry<CommittedRows.OpId, KeyRange> open : rows.openOperations().entrySet()) {
            CommittedRows.OpId op = open.getKey();
            // The applied index may have been another one before the crash.
            if (op.regionId() == regionId && op.sequence() == opSequence) {
                remove(op, open.getValue());
                covered |= gone != null && open.getValue().contains(gone.state().range());
            }
        }
        if (gone != null && !covered) {
            RegionState state = gone.state();
            remove(
                    new CommittedRows.OpId(regionId, state.appliedIndex(), opSequence),
                    state.range());
        }
    }

    private void remove(CommittedRows.OpId op, KeyRange range) throws IOException {
        long regionId = op.regionId();
        rows.purgeRange(op, range);
        synchronized (this) {
            PendingRegion gone = regions.remove(regionId);
            if (gone != null) {
                gone.markRemoved();
            }
            try (OrderedStore.Batch batch = cache.newBatch()) {
                clearRange(batch, range);
                batch.delete(CacheFormat.APPLY, CacheFormat.u64(regionId));
                cache.write(batch, Durability.UNSYNCED);
            }
            cache.flush();
            structureUnflushed = false;
            durableApplied.remove(regionId);
        }
        rows.closeOperation(op);
        log.info("region removed regionId={} index={}", regionId, op.index());
    }

    private void clearRange(OrderedStore.Batch batch, KeyRange range) {
        batch.deleteRange(CacheFormat.VALUES, range);
        batch.deleteRange(CacheFormat.LOCKS, range);
        batch.deleteRange(CacheFormat.ORPHANS, range);
        leftovers.deleteRange(batch, range);
        regions.values().forEach(region -> region.dropUnsaved(range));
    }

    /** The lock that a read of the range at {@code ts} must not pass, if there is one. */
    public Optional<BlockingLock> blockingLock(
            long regionId, KeyRange encodedRange, long ts, Set<Long> bypass) {
        return region(regionId).blockingLock(encodedRange, ts, bypass);
    }

    /** Reads at or above this commit ts are not ready: the row's value is still on its way. */
    public Optional<Long> firstOrphanCommitTs(long regionId) {
        return region(regionId).firstOrphanCommitTs();
    }

    /**
     * Saves every region's state as of now and flushes it.
     *
     * @param fences what the column store has on disk; rows it does not cover are kept here
     */
    public void checkpoint(CommittedRows.Fences fences) throws IOException {
        Map<Long, Long> reached = new TreeMap<>();
        synchronized (this) {
            try (OrderedStore.Batch batch = cache.newBatch()) {
                leftovers.deleteCovered(batch, fences);
                for (PendingRegion region : regions.values()) {
                    if (region.dirty()) {
                        RegionState saved = save(batch, region, fences);
                        reached.put(saved.regionId(), saved.appliedIndex());
                    }
                }
                cache.write(batch, Durability.UNSYNCED);
            }
            cache.flush();
            structureUnflushed = false;
            durableApplied.putAll(reached);
        }
    }

    private RegionState save(
            OrderedStore.Batch batch, PendingRegion region, CommittedRows.Fences fences) {
        synchronized (region) {
            saveDifference(batch, region);
            PendingRegion.Drained drained = region.drain();
            for (CommittedRow row : drained.rows()) {
                if (!fences.covers(row)) {
                    leftovers.save(batch, row);
                }
            }
            batch.put(
                    CacheFormat.APPLY,
                    CacheFormat.u64(drained.state().regionId()),
                    CacheFormat.applyValue(drained.state()));
            return drained.state();
        }
    }

    private static void saveDifference(OrderedStore.Batch batch, PendingRegion region) {
        // Deletes first: a key may have come back since.
        region.staleValues.forEach(key -> batch.delete(CacheFormat.VALUES, key.unsafeBytes()));
        region.staleLocks.forEach(key -> batch.delete(CacheFormat.LOCKS, key.unsafeBytes()));
        region.staleOrphans.forEach(key -> batch.delete(CacheFormat.ORPHANS, key.unsafeBytes()));
        region.staleValues.clear();
        region.staleLocks.clear();
        region.staleOrphans.clear();
        region.values.forEach((key, value) -> {
            if (!value.saved) {
                batch.put(CacheFormat.VALUES, key.unsafeBytes(), value.bytes);
                value.saved = true;
            }
        });
        region.locks
                .all()
                .forEach((key, lock) -> {
                    if (!lock.saved) {
                        batch.put(CacheFormat.LOCKS, key.unsafeBytes(), lock.bytes);
                        lock.saved = true;
                    }
                });
        region.orphans.forEach((key, orphan) -> {
            if (!orphan.saved) {
                batch.put(
                        CacheFormat.ORPHANS,
                        key.unsafeBytes(),
                        CacheFormat.orphanValue(orphan.commitTs, orphan.known));
                orphan.saved = true;
            }
        });
    }

    /** Up to here the raft log of the region is no longer needed; 0 if nothing is durable. */
    public long durableApplied(long regionId) {
        return durableApplied.getOrDefault(regionId, 0L);
    }

    public Stats stats() {
        long pendingBytes = 0;
        long locks = 0;
        long orphans = 0;
        for (PendingRegion region : regions.values()) {
            synchronized (region) {
                pendingBytes += region.pendingBytes();
                locks += region.locks.count();
                orphans += region.orphans.size();
            }
        }
        return new Stats(regions.size(), pendingBytes, locks, orphans, leftoverCount());
    }

    private synchronized int leftoverCount() {
        return leftovers.count();
    }

    /** Counts as of about now. */
    public record Stats(int regions, long pendingBytes, long locks, long orphans, int leftovers) {}
}
