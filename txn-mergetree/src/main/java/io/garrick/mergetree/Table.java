package io.garrick.mergetree;

import io.garrick.base.Timestamp;
import io.garrick.mergetree.memtable.Memtable;
import io.garrick.mergetree.memtable.MemtableRows;
import io.garrick.mergetree.mvcc.KillSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The versions of one physical table: memtables and parts.
 *
 * <p>Three locks, taken in this order. {@code structure}: held by a flush or bulk load for its
 * whole length, so that memtables reach parts in the order of rotation. {@code state}: guards the
 * lists, ends and kills; held for resolving, pinning and committing. The monitor of {@code this}:
 * held while rows are appended or the memtable that takes them changes. Appends take only the last.
 */
final class Table {
    /** Order of the region's log. */
    record Position(long index, int ordinal) implements Comparable<Position> {
        @Override
        public int compareTo(Position other) {
            int byIndex = Long.compare(index, other.index);
            return byIndex != 0 ? byIndex : Integer.compare(ordinal, other.ordinal);
        }
    }

    private final long tableId;
    private final Function<Boolean, Memtable> newMemtable;
    private final Set<PlantedBug> planted;
    private final Map<Long, Position> fences = new ConcurrentHashMap<>();

    final ReentrantLock structure = new ReentrantLock();
    final ReentrantLock state = new ReentrantLock();

    // Guarded by the monitor; set under `state` and the monitor.
    private @Nullable Memtable active;

    // Guarded by `state`. Frozen memtables in order of rotation.
    private final List<Memtable> frozen = new ArrayList<>();
    private final TreeMap<Long, LivePart> parts = new TreeMap<>();

    Table(long tableId, Function<Boolean, Memtable> newMemtable, Set<PlantedBug> planted) {
        this.planted = planted;
        this.tableId = tableId;
        this.newMemtable = newMemtable;
    }

    long tableId() {
        return tableId;
    }

    // ---- appending ----

    /** False if a fence says that the row is in a part already. */
    boolean append(CommittedRow row) {
        Position fence = fences.get(row.regionId());
        if (fence != null
                && !planted.contains(PlantedBug.NO_FENCE)
                && new Position(row.index(), row.ordinal()).compareTo(fence) <= 0) {
            return false;
        }
        synchronized (this) {
            Memtable memtable = active;
            if (memtable == null) {
                memtable = newMemtable.apply(row.commonHandle() != null);
                active = memtable;
            }
            memtable.append(
                    row.handle(),
                    row.commonHandle(),
                    row.commitTs(),
                    row.delete(),
                    row.rowBytes(),
                    row.regionId(),
                    row.index(),
                    row.ordinal());
        }
        return true;
    }

    void fence(Fence fence) {
        fences.put(fence.regionId(), new Position(fence.index(), fence.ordinal()));
    }

    @Nullable Position fence(long regionId) {
        return fences.get(regionId);
    }

    synchronized @Nullable Memtable active() {
        return active;
    }

    // ---- state; the caller holds the lock ----

    /** From here the active memtable takes no more rows. */
    void rotate() {
        checkState();
        synchronized (this) {
            Memtable memtable = active;
            if (memtable != null && memtable.count() > 0) {
                frozen.add(memtable);
                active = null;
            }
        }
    }

    List<Memtable> frozen() {
        checkState();
        return List.copyOf(frozen);
    }

    boolean hasFrozen() {
        state.lock();
        try {
            return !frozen.isEmpty();
        } finally {
            state.unlock();
        }
    }

    /** Frozen ones, then the active one. */
    List<Memtable> memtables() {
        checkState();
        List<Memtable> all = new ArrayList<>(frozen);
        Memtable newest = active();
        if (newest != null) {
            all.add(newest);
        }
        return all;
    }

    Collection<LivePart> parts() {
        checkState();
        return parts.values();
    }

    boolean has(LivePart part) {
        checkState();
        return parts.get(part.partId()) == part;
    }

    void add(LivePart part) {
        checkState();
        parts.put(part.partId(), part);
    }

    void remove(LivePart part) {
        checkState();
        parts.remove(part.partId());
    }

    void remove(Memtable memtable) {
        checkState();
        frozen.remove(memtable);
    }

    void resolve() throws IOException {
        checkState();
        new Resolver(memtables(), parts.values(), planted).resolveAll();
    }

    /** Whether exactly this version is there, in memory or in a part. */
    boolean holds(long handle, byte @Nullable [] common, long ts) throws IOException {
        state.lock();
        try {
            Resolver resolver = new Resolver(memtables(), parts.values(), planted);
            resolver.resolveAll();
            return resolver.holds(handle, common, ts);
        } finally {
            state.unlock();
        }
    }

    private void checkState() {
        if (!state.isHeldByCurrentThread()) {
            throw new IllegalStateException("table state without its lock tableId=" + tableId);
        }
    }

    // ---- reading ----

    /** Everything a read at {@code ts} needs, held until the snapshot closes. */
    TableSnapshot pin(long ts) throws IOException {
        state.lock();
        try {
            resolve();
            List<TableSnapshot.PinnedPart> pinnedParts = new ArrayList<>();
            List<TableSnapshot.PinnedMemtable> pinnedMemtables = new ArrayList<>();
            for (Memtable memtable : memtables()) {
                int count = memtable.resolved();
                if (count > 0) {
                    memtable.pin();
                    pinnedMemtables.add(
                            new TableSnapshot.PinnedMemtable(
                                    memtable, count, visible(memtable, count, ts)));
                }
            }
            for (LivePart part : parts.values()) {
                if (part.reader().minTs() <= ts && ts < part.kills().deadFrom()) {
                    part.pin();
                    pinnedParts.add(new TableSnapshot.PinnedPart(part, part.kills()));
                }
            }
            return new TableSnapshot(tableId, new Timestamp(ts), pinnedParts, pinnedMemtables);
        } finally {
            state.unlock();
        }
    }

    private static long[] visible(Memtable memtable, int count, long ts) {
        long[] words = new long[(count + 63) / 64];
        MemtableRows rows = memtable.rows();
        for (int row = 0; row < count; row++) {
            // A deletion ends no later than it begins, so its operation need not be looked at.
            if (rows.commitTs(row) <= ts && ts < memtable.end(row)) {
                words[row >> 6] |= 1L << row;
            }
        }
        return words;
    }

    // ---- numbers ----

    StoreStats.Table stats() {
        state.lock();
        try {
            long rows = 0;
            long dead = 0;
            long bytes = 0;
            for (LivePart part : parts.values()) {
                rows += part.reader().rowCount();
                dead += part.kills().count();
                bytes += part.reader().sizeBytes();
            }
            long memtableRows = 0;
            long memtableBytes = 0;
            for (Memtable memtable : memtables()) {
                memtableRows += memtable.count();
                memtableBytes += memtable.sizeBytes();
            }
            return new StoreStats.Table(
                    tableId, parts.size(), rows, dead, bytes, memtableRows, memtableBytes);
        } finally {
            state.unlock();
        }
    }

    /** Rows of a region that no part has, oldest first. */
    List<CommittedRow> unflushedRows(long regionId) {
        List<CommittedRow> result = new ArrayList<>();
        state.lock();
        try {
            for (Memtable memtable : memtables()) {
                int count = memtable.count();
                MemtableRows rows = memtable.rows();
                for (int row = 0; row < count; row++) {
                    boolean dead =
                            row < memtable.resolved() && memtable.end(row) == KillSet.ALWAYS_DEAD;
                    if (rows.regionId(row) == regionId && !dead) {
                        byte[] common = rows.common(row);
                        result.add(
                                new CommittedRow(
                                        tableId,
                                        common == null ? rows.handle(row) : 0,
                                        common,
                                        rows.commitTs(row),
                                        rows.delete(row),
                                        rows.value(row),
                                        regionId,
                                        rows.index(row),
                                        rows.ordinal(row)));
                    }
                }
            }
        } finally {
            state.unlock();
        }
        return result;
    }

    /** Lets go of everything; no snapshot may be open. */
    void close() {
        state.lock();
        try {
            memtables().forEach(Memtable::unpin);
            parts.values().forEach(LivePart::unpin);
            frozen.clear();
            parts.clear();
            synchronized (this) {
                active = null;
            }
        } finally {
            state.unlock();
        }
    }
}
