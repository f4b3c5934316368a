package io.garrick.mergetree;

import io.garrick.mergetree.memtable.Memtable;
import io.garrick.mergetree.memtable.MemtableRows;
import io.garrick.mergetree.memtable.RowOrder;
import io.garrick.mergetree.mvcc.KillSet;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gives new rows their place among the versions of their handle: the next older version gets an
 * end, the row itself gets one if a newer version is there already, and a second copy of a version
 * is never seen. Each row is resolved once, under the table's lock; the order among them does not
 * matter.
 *
 * <p>Rows whose end is {@link KillSet#ALWAYS_DEAD} do not exist here: otherwise a row that is
 * loaded again after a purge would be a duplicate of its purged copy.
 */
final class Resolver {
    private static final int BATCH_ROWS = 512;

    private final List<Memtable> memtables;
    private final Collection<LivePart> parts;
    private final boolean deadRowsCount;
    private final boolean duplicatesShow;

    // Neighbours of the row in work, by commit ts.
    private boolean duplicate;
    private long olderTs;
    private long newerTs;
    private @Nullable Memtable olderMemtable;
    private @Nullable LivePart olderPart;
    private int olderRow;

    /** Memtables in order of rotation, the newest last. */
    Resolver(List<Memtable> memtables, Collection<LivePart> parts, Set<PlantedBug> planted) {
        this.deadRowsCount = planted.contains(PlantedBug.DEAD_ROWS_ARE_VERSIONS);
        this.duplicatesShow = planted.contains(PlantedBug.NO_DUPLICATE_CHECK);
        this.memtables = memtables;
        this.parts = parts;
    }

    void resolveAll() throws IOException {
        boolean any = false;
        for (Memtable memtable : memtables) {
            int from = memtable.resolved();
            int to = memtable.count();
            if (from < to) {
                memtable.beginResolve(to);
                resolve(memtable, from, to);
                memtable.endResolve(to);
                any = true;
            }
        }
        if (any) {
            parts.forEach(LivePart::applyPending);
        }
    }

    /** Many rows in the order of their handles, so that each page of handles is unpacked once. */
    private void resolve(Memtable memtable, int from, int to) throws IOException {
        if (to - from < BATCH_ROWS || parts.isEmpty()) {
            for (int row = from; row < to; row++) {
                resolve(memtable, row);
            }
            return;
        }
        int[] order = new int[to - from];
        Arrays.setAll(order, i -> from + i);
        parts.forEach(part -> part.search().unpackPages(true));
        for (int row : RowOrder.sort(memtable.rows(), order, order.length)) {
            resolve(memtable, row);
        }
        parts.forEach(part -> part.search().unpackPages(false));
    }

    /** Whether exactly this version is there. Call after {@link #resolveAll}. */
    boolean holds(long handle, byte @Nullable [] common, long ts) throws IOException {
        duplicate = false;
        olderTs = -1;
        newerTs = KillSet.NEVER;
        for (Memtable memtable : memtables) {
            searchMemtable(memtable, Memtable.stored(handle, common), common, ts);
        }
        for (LivePart part : parts) {
            searchPart(part, handle, common, ts);
        }
        return duplicate;
    }

    private void resolve(Memtable memtable, int row) throws IOException {
        MemtableRows rows = memtable.rows();
        long ts = rows.commitTs(row);
        duplicate = false;
        olderTs = -1;
        newerTs = KillSet.NEVER;
        olderMemtable = null;
        olderPart = null;
        int newerInMemtable = -1;
        for (Memtable other : memtables) {
            int newer = searchMemtable(other, rows.handle(row), rows.common(row), ts);
            if (other == memtable) {
                newerInMemtable = newer;
            }
        }
        if (!duplicate) {
            for (LivePart part : parts) {
                searchPart(part, rows.handle(row), rows.common(row), ts);
            }
        }
        if (duplicate && !duplicatesShow) {
            memtable.skip(row);
            return;
        }
        // A deletion is born dead: it only ends what is older.
        long end = rows.delete(row) ? Math.min(ts, newerTs) : newerTs;
        memtable.link(row, newerInMemtable, end);
        if (olderMemtable != null) {
            olderMemtable.kill(olderRow, ts);
        } else if (olderPart != null) {
            olderPart.kill(olderRow, ts);
        }
    }

    private boolean exists(long end) {
        return end != KillSet.ALWAYS_DEAD || deadRowsCount;
    }

    /** Gives the last version in the memtable that is newer than {@code ts}; -1 if none is. */
    private int searchMemtable(Memtable memtable, long handle, byte @Nullable [] common, long ts) {
        // Rows of common-handle tables already carry the hash as handle.
        int newer = -1;
        MemtableRows rows = memtable.rows();
        for (int row = memtable.newestHashed(handle, common);
                row >= 0;
                row = memtable.olderThan(row)) {
            long version = rows.commitTs(row);
            boolean exists = exists(memtable.end(row));
            if (version > ts) {
                newer = row;
                if (exists) {
                    newerTs = Math.min(newerTs, version);
                }
            } else if (exists) {
                if (version == ts) {
                    duplicate = true;
                } else if (version > olderTs) {
                    olderTs = version;
                    olderMemtable = memtable;
                    olderPart = null;
                    olderRow = row;
                }
                break;
            }
        }
        return newer;
    }

    private void searchPart(LivePart part, long handle, byte @Nullable [] common, long ts)
            throws IOException {
        if (common == null
                && (handle < part.reader().minHandle() || handle > part.reader().maxHandle())) {
            return;
        }
        KillSet kills = part.kills();
        int rowCount = part.reader().rowCount();
        for (int row = part.search().lowerBound(handle, common);
                row < rowCount && part.search().handleIs(row, handle, common);
                row++) {
            if (!exists(kills.end(row))) {
                continue;
            }
            long version = part.reader().tsAt(row);
            if (version > ts) {
                newerTs = Math.min(newerTs, version);
                continue;
            }
            if (version == ts) {
                duplicate = true;
            } else if (version > olderTs) {
                olderTs = version;
                olderMemtable = null;
                olderPart = part;
                olderRow = row;
            }
            return;
        }
    }
}
