package io.garrick.mergetree;

import io.garrick.base.Disk;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.Timestamp;
import io.garrick.mergetree.compaction.CompactionPolicy;
import io.garrick.mergetree.memtable.Memtable;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All tables of one store. Thread-safe.
 *
 * <p>Locks of several tables are taken in the order of their ids. What one manifest batch commits
 * becomes visible together only within a table; a reader of two tables pins them one by one.
 */
public final class TableStore implements AutoCloseable {
    /** The column family of the manifest; whoever opens the ordered store creates it. */
    public static final String MANIFEST_FAMILY = "manifest";

    private static final Logger log = LoggerFactory.getLogger(TableStore.class);

    private final SchemaProvider schemas;
    private final BufferAllocator allocator;
    private final InstantSource clock;
    private final StoreSettings settings;
    private final Manifest manifest;
    private final PartFiles files;
    private final MemtableWriter writer;
    private final Flusher flusher;
    private final Compactor compactor;
    private final Map<Long, Table> tables = new ConcurrentHashMap<>();
    private final Map<Long, Long> dropTsOfTable = new ConcurrentHashMap<>();
    // Serializes what changes the safepoint or removes tables.
    private final ReentrantLock administration = new ReentrantLock();
    private final Set<PlantedBug> planted;
    private volatile long safepoint;

    private TableStore(
            Disk disk,
            OrderedStore store,
            SchemaProvider schemas,
            BufferAllocator allocator,
            InstantSource clock,
            StoreSettings settings,
            Set<PlantedBug> planted)
            throws IOException {
        this.schemas = schemas;
        this.allocator = allocator;
        this.clock = clock;
        this.settings = settings;
        this.manifest = new Manifest(store);
        this.files = new PartFiles(disk);
        this.writer = new MemtableWriter(files, manifest);
        this.planted = planted;
        this.flusher = new Flusher(schemas, writer, manifest, files, planted);
        this.compactor = new Compactor(schemas, manifest, files, allocator, settings, planted);
    }

    /**
     * Recovers what the manifest lists and deletes files it does not list.
     *
     * @param disk root of the part files, of this store alone
     * @param manifest an ordered store with a log and the family {@link #MANIFEST_FAMILY}
     * @param allocator for columns decoded in memory; must outlive the store
     */
    public static TableStore open(
            Disk disk,
            OrderedStore manifest,
            SchemaProvider schemas,
            BufferAllocator allocator,
            InstantSource clock,
            StoreSettings settings)
            throws IOException {
        return open(disk, manifest, schemas, allocator, clock, settings, Set.of());
    }

    /** For the simulation: a store with mistakes in it. */
    public static TableStore open(
            Disk disk,
            OrderedStore manifest,
            SchemaProvider schemas,
            BufferAllocator allocator,
            InstantSource clock,
            StoreSettings settings,
            Set<PlantedBug> planted)
            throws IOException {
        TableStore store =
                new TableStore(disk, manifest, schemas, allocator, clock, settings, planted);
        try {
            store.recover();
            return store;
        } catch (IOException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    private void recover() throws IOException {
        safepoint = manifest.safepoint();
        List<Manifest.PartEntry> parts = manifest.parts();
        Set<Long> ids = new HashSet<>();
        parts.forEach(entry -> ids.add(entry.partId()));
        files.deleteAllBut(ids);
        for (Manifest.PartEntry entry : parts) {
            Table table = table(entry.tableId());
            LivePart part =
                    new LivePart(
                            files.open(entry.partId()),
                            entry.kills(),
                            entry.killEntries(),
                            files::delete);
            table.state.lock();
            try {
                table.add(part);
            } finally {
                table.state.unlock();
            }
        }
        manifest.fences().forEach(fence -> table(fence.tableId()).fence(fence));
        manifest.drops().forEach(drop -> dropTsOfTable.put(drop.tableId(), drop.dropTs()));
        removeDropped();
        log.info(
                "table store opened tables={} parts={} safepoint={}",
                tables.size(),
                parts.size(),
                safepoint);
    }

    private Table table(long tableId) {
        return tables.computeIfAbsent(
                tableId,
                id ->
                        new Table(
                                id,
                                common -> new Memtable(common, allocator, clock.millis()),
                                planted));
    }

    /**
     * Makes rows visible at once. Rows at or below their fence are dropped; a version that is there
     * already is not shown twice. Rows of one region come in (index, ordinal) order; different
     * regions may append concurrently.
     */
    public void append(List<CommittedRow> rows) {
        Table table = null;
        for (CommittedRow row : rows) {
            if (table == null || table.tableId() != row.tableId()) {
                table = table(row.tableId());
            }
            table.append(row);
        }
    }

    /**
     * What a read at {@code ts} sees of a table; an unknown table is empty. The caller closes it.
     *
     * @throws ReadTooOldException ts is below the safepoint
     */
    public Snapshot pin(long physicalTableId, Timestamp ts) throws IOException {
        // Ends reach up to NEVER, so a read stays below.
        long bound = ts.value() < 0 ? Long.MAX_VALUE - 1 : Math.min(ts.value(), Long.MAX_VALUE - 1);
        Table table = tables.get(physicalTableId);
        TableSnapshot snapshot =
                table == null
                        ? new TableSnapshot(
                                physicalTableId, new Timestamp(bound), List.of(), List.of())
                        : table.pin(bound);
        // After the pin: before it, a compaction could slip in between.
        long collected = safepoint;
        if (bound < collected) {
            snapshot.close();
            throw new ReadTooOldException(ts, new Timestamp(collected));
        }
        return snapshot;
    }

    /**
     * Writes memtables to parts and returns once they are durable. With {@link FlushScope#ALL},
     * every row appended before the call is durable afterwards if the result is complete.
     */
    public FlushResult flush(FlushScope scope) throws IOException {
        List<Fence> moved = new ArrayList<>();
        List<Long> skipped = new ArrayList<>();
        for (Table table : new TreeMap<>(tables).values()) {
            boolean wanted =
                    switch (scope) {
                        case FlushScope.All _ -> true;
                        case FlushScope.WorthAPart _ -> worthAPart(table);
                        case FlushScope.Tables(Set<Long> ids) -> ids.contains(table.tableId());
                    };
            if (wanted && !flusher.flush(table, moved)) {
                skipped.add(table.tableId());
            }
        }
        return new FlushResult(moved, skipped);
    }

    private boolean worthAPart(Table table) {
        if (table.hasFrozen()) {
            return true; // an earlier flush did not get through
        }
        Memtable active = table.active();
        return active != null
                && (active.count() >= settings.flushRows()
                        || active.sizeBytes() >= settings.flushBytes()
                        || clock.millis() - active.createdMillis()
                                >= settings.flushAge().toMillis());
    }

    /** Rows of a region that only memory holds, in (index, ordinal) order within each table. */
    public List<CommittedRow> unflushedRows(long regionId) {
        List<CommittedRow> rows = new ArrayList<>();
        for (Table table : new TreeMap<>(tables).values()) {
            rows.addAll(table.unflushedRows(regionId));
        }
        return rows;
    }

    /** How far a region's rows of a table are in parts; empty if nothing was flushed yet. */
    public java.util.Optional<Fence> fence(long physicalTableId, long regionId) {
        Table table = tables.get(physicalTableId);
        Table.@Nullable Position position = table == null ? null : table.fence(regionId);
        return position == null
                ? java.util.Optional.empty()
                : java.util.Optional.of(
                        new Fence(physicalTableId, regionId, position.index(), position.ordinal()));
    }

    /**
     * Whether exactly this version is there, in memory or in a part.
     *
     * @param commonHandle absent for integer handles
     */
    public boolean hasVersion(
            long physicalTableId, long handle, byte @Nullable [] commonHandle, long commitTs)
            throws IOException {
        Table table = tables.get(physicalTableId);
        return table != null && table.holds(handle, commonHandle, commitTs);
    }

    /** About how many rows a table has: versions stored, less those known to be dead. */
    public long estimatedRows(long physicalTableId) {
        Table table = tables.get(physicalTableId);
        if (table == null) {
            return 0;
        }
        StoreStats.Table stats = table.stats();
        return Math.max(0, stats.partRows() - stats.deadRows()) + stats.memtableRows();
    }

    /** Operations that were committed and not closed, with their raw key ranges. */
    public Map<OpId, KeyRange> openOps() throws IOException {
        return manifest.openOps();
    }

    /**
     * Replaces everything in the source's range by its rows; durable on return. If the manifest
     * knows {@code opId} already, files stay as they are, but rows in memory are removed again.
     *
     * @return number of versions read
     * @throws UnknownTableException the source has rows of a table without a schema
     */
    public long ingest(BulkSource source, OpId opId) throws IOException {
        if (manifest.knows(opId)) {
            removeFromMemory(source.range());
            return 0;
        }
        BulkLoad load = new BulkLoad(schemas, writer, files, allocator, settings);
        List<BulkLoad.Built> built = load.build(source);
        try {
            replace(source.range(), built, opId);
        } catch (IOException | RuntimeException e) {
            // The commit may have taken effect all the same: the next start sweeps up.
            load.release();
            throw e;
        }
        log.info(
                "range ingested regionId={} index={} parts={} versions={}",
                opId.regionId(),
                opId.index(),
                built.size(),
                load.total());
        return load.total();
    }

    /**
     * Removes every version in a range of raw keys; durable on return. If the manifest knows {@code
     * opId} already, files stay as they are, but rows in memory are removed again.
     */
    public void purge(KeyRange rawRange, OpId opId) throws IOException {
        if (manifest.knows(opId)) {
            removeFromMemory(rawRange);
            return;
        }
        replace(rawRange, List.of(), opId);
        log.info("range purged regionId={} index={}", opId.regionId(), opId.index());
    }

    /** For an operation that is repeated after a crash: its parts are in place already. */
    private void removeFromMemory(KeyRange rawRange) throws IOException {
        for (Table table : new TreeMap<>(tables).values()) {
            table.state.lock();
            try {
                new RangePurge(table, rawRange).removeFromMemory();
            } finally {
                table.state.unlock();
            }
        }
    }

    /** One manifest batch: what is in the range goes, the parts come. */
    private void replace(KeyRange rawRange, List<BulkLoad.Built> parts, OpId opId)
            throws IOException {
        parts.forEach(entry -> table(entry.tableId()));
        List<Table> touched = new ArrayList<>();
        for (Table table : new TreeMap<>(tables).values()) {
            if (io.garrick.codec.key.TableKeys.recordRange(table.tableId()).overlaps(rawRange)) {
                touched.add(table);
            }
        }
        touched.forEach(table -> table.state.lock());
        try (Manifest.Edit edit = manifest.edit()) {
            List<RangePurge> purges = new ArrayList<>();
            for (Table table : touched) {
                RangePurge purge = new RangePurge(table, rawRange);
                purge.prepare(edit);
                purges.add(purge);
            }
            for (BulkLoad.Built entry : parts) {
                LivePart part = entry.part();
                edit.addPart(entry.tableId(), part.partId(), part.reader().rowCount());
            }
            List<Fence> lowered = fencesAbove(opId);
            lowered.forEach(edit::fence);
            edit.op(opId, rawRange).commit();
            lowered.forEach(fence -> table(fence.tableId()).fence(fence));
            purges.forEach(RangePurge::finish);
            parts.forEach(entry -> table(entry.tableId()).add(entry.part()));
        } finally {
            touched.forEach(table -> table.state.unlock());
        }
    }

    /**
     * A crash may have left fences above the region's applied index, and a snapshot may lie between
     * the two. It has purged the rows up to those fences, so the log must bring them again.
     */
    private List<Fence> fencesAbove(OpId opId) {
        List<Fence> lowered = new ArrayList<>();
        for (Table table : new TreeMap<>(tables).values()) {
            Table.@Nullable Position fence = table.fence(opId.regionId());
            if (fence != null && fence.index() > opId.index()) {
                lowered.add(
                        new Fence(
                                table.tableId(), opId.regionId(), opId.index(), Integer.MAX_VALUE));
            }
        }
        return lowered;
    }

    /** Whether an operation was committed and not closed. */
    public boolean knows(OpId opId) throws IOException {
        return manifest.knows(opId);
    }

    /** Forgets an operation that can no longer be repeated. */
    public void closeOp(OpId opId) throws IOException {
        try (Manifest.Edit edit = manifest.edit()) {
            edit.removeOp(opId).commit();
        }
    }

    /** Removes a table once no read before {@code dropTs} is allowed any more. */
    public void dropTable(long physicalTableId, Timestamp dropTs) throws IOException {
        administration.lock();
        try (Manifest.Edit edit = manifest.edit()) {
            edit.drop(physicalTableId, dropTs.value()).commit();
            dropTsOfTable.put(physicalTableId, dropTs.value());
            removeDropped();
        } finally {
            administration.unlock();
        }
    }

    /**
     * Reads below are refused from now on; versions that only they see may go. Never moves back.
     */
    public void advanceSafepoint(Timestamp ts) throws IOException {
        administration.lock();
        try {
            if (ts.value() <= safepoint) {
                return;
            }
            try (Manifest.Edit edit = manifest.edit()) {
                edit.safepoint(ts.value()).commit();
            }
            safepoint = ts.value();
            removeDropped();
        } finally {
            administration.unlock();
        }
    }

    public Timestamp safepoint() {
        return new Timestamp(safepoint);
    }

    private void removeDropped() throws IOException {
        for (Map.Entry<Long, Long> drop : new HashMap<>(dropTsOfTable).entrySet()) {
            if (drop.getValue() <= safepoint) {
                remove(drop.getKey());
            }
        }
    }

    private void remove(long tableId) throws IOException {
        Table table = table(tableId);
        table.structure.lock();
        table.state.lock();
        try (Manifest.Edit edit = manifest.edit()) {
            List<LivePart> parts = List.copyOf(table.parts());
            parts.forEach(part -> edit.removePart(tableId, part.partId()));
            edit.removeFences(tableId).removeDrop(tableId).commit();
            tables.remove(tableId);
            dropTsOfTable.remove(tableId);
            parts.forEach(table::remove);
            parts.forEach(LivePart::drop);
            log.info("table removed tableId={} parts={}", tableId, parts.size());
        } finally {
            table.state.unlock();
            table.structure.unlock();
        }
        table.close();
    }

    /** Does the most useful piece of compaction, if any; false if there was nothing to do. */
    public boolean compactOnce() throws IOException {
        return compactOnce(CompactionPolicy.Effort.BUSY);
    }

    /** The same for a time when nobody else needs the machine: smaller gains are taken, too. */
    public boolean compactOnceIdle() throws IOException {
        return compactOnce(CompactionPolicy.Effort.IDLE);
    }

    private boolean compactOnce(CompactionPolicy.Effort effort) throws IOException {
        for (long tableId : new TreeSet<>(tables.keySet())) {
            Table table = tables.get(tableId);
            if (table != null && compactor.compact(table, safepoint, effort)) {
                return true;
            }
        }
        return false;
    }

    public StoreStats stats() {
        return new StoreStats(
                new TreeMap<>(tables).values().stream().map(Table::stats).toList(), safepoint);
    }

    /** Does not flush. Snapshots must be closed before. */
    @Override
    public void close() {
        tables.values().forEach(Table::close);
        tables.clear();
    }
}
