package io.garrick.mergetree;

import io.garrick.base.KeyRange;
import io.garrick.mergetree.memtable.Memtable;
import io.garrick.mergetree.memtable.MemtableRows;
import io.garrick.mergetree.mvcc.KillSet;
import io.garrick.mergetree.part.HandleSearch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Removes every version of one table in a range: whole parts go, rows of others are killed for all
 * times, rows in memory are never seen again. The table's lock is held from {@link #prepare} to
 * {@link #finish}; between them the caller commits the edit.
 */
final class RangePurge {
    private final Table table;
    private final KeyRange rawRange;
    private final List<LivePart> removed = new ArrayList<>();

    RangePurge(Table table, KeyRange rawRange) {
        this.table = table;
        this.rawRange = rawRange;
    }

    void prepare(Manifest.Edit edit) throws IOException {
        removeFromMemory();
        for (LivePart part : table.parts()) {
            killRows(part, edit);
        }
    }

    void removeFromMemory() throws IOException {
        table.resolve();
        for (Memtable memtable : table.memtables()) {
            killRows(memtable);
        }
    }

    private void killRows(Memtable memtable) {
        HandleRange range = HandleBounds.of(rawRange, table.tableId(), memtable.commonHandle());
        MemtableRows rows = memtable.rows();
        for (int row = 0; row < memtable.resolved(); row++) {
            boolean inside =
                    switch (range) {
                        case HandleRange.Ints(long min, long max) ->
                                min <= rows.handle(row) && rows.handle(row) <= max;
                        case HandleRange.Bytes bytes -> inside(rows.common(row), bytes);
                    };
            if (inside) {
                memtable.kill(row, KillSet.ALWAYS_DEAD);
            }
        }
    }

    private static boolean inside(
            byte @org.jspecify.annotations.Nullable [] handle, HandleRange.Bytes range) {
        return handle != null
                && Arrays.compareUnsigned(handle, range.start().unsafeBytes()) >= 0
                && (range.end().isEmpty()
                        || Arrays.compareUnsigned(handle, range.end().unsafeBytes()) < 0);
    }

    private void killRows(LivePart part, Manifest.Edit edit) throws IOException {
        HandleSearch search = part.search();
        int rowCount = part.reader().rowCount();
        int from;
        int to;
        switch (HandleBounds.of(rawRange, table.tableId(), part.reader().commonHandle())) {
            case HandleRange.Ints(long min, long max) -> {
                if (min > max) {
                    return;
                }
                from = search.lowerBound(min, null);
                to = max == Long.MAX_VALUE ? rowCount : search.lowerBound(max + 1, null);
            }
            case HandleRange.Bytes range -> {
                from = search.lowerBound(0, range.start().unsafeBytes());
                to =
                        range.end().isEmpty()
                                ? rowCount
                                : search.lowerBound(0, range.end().unsafeBytes());
            }
        }
        if (from >= to) {
            return;
        }
        if (from == 0 && to == rowCount) {
            edit.removePart(table.tableId(), part.partId());
            removed.add(part);
            return;
        }
        for (int row = from; row < to; row++) {
            if (part.kills().end(row) != KillSet.ALWAYS_DEAD) {
                part.kill(row, KillSet.ALWAYS_DEAD);
            }
        }
        part.applyPending();
        part.saveDirty(edit);
    }

    /** After the commit. */
    void finish() {
        for (LivePart part : removed) {
            table.remove(part);
            part.drop();
        }
    }
}
