package io.garrick.mergetree;

import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.mergetree.memtable.Memtable;
import io.garrick.mergetree.memtable.MemtableRows;
import io.garrick.mergetree.mvcc.KillSet;
import io.garrick.mergetree.part.ColumnPage;
import io.garrick.mergetree.part.HandleSearch;
import io.garrick.mergetree.part.PartReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Parts with their kills, memtables with their masks, as they were when the table was pinned. */
final class TableSnapshot implements Snapshot {
    private static final int PAGES_PER_MORSEL = Morsel.MAX_ROWS / ColumnPage.ROWS;

    record PinnedPart(LivePart part, KillSet kills) {}

    /** The first {@code count} rows of a memtable. */
    static final class PinnedMemtable {
        final Memtable memtable;
        final int count;
        final long[] visible;

        PinnedMemtable(Memtable memtable, int count, long[] visible) {
            this.memtable = memtable;
            this.count = count;
            this.visible = visible;
        }
    }

    private final long tableId;
    private final Timestamp ts;
    private final List<PinnedPart> parts;
    private final List<PinnedMemtable> memtables;
    private final AtomicBoolean closed = new AtomicBoolean();

    TableSnapshot(
            long tableId, Timestamp ts, List<PinnedPart> parts, List<PinnedMemtable> memtables) {
        this.tableId = tableId;
        this.ts = ts;
        this.parts = List.copyOf(parts);
        this.memtables = List.copyOf(memtables);
    }

    @Override
    public long tableId() {
        return tableId;
    }

    @Override
    public Timestamp ts() {
        return ts;
    }

    @Override
    public long maxRowCount() {
        long rows = 0;
        for (PinnedPart pinned : parts) {
            rows += pinned.part().reader().rowCount();
        }
        for (PinnedMemtable pinned : memtables) {
            for (long word : pinned.visible) {
                rows += Long.bitCount(word);
            }
        }
        return rows;
    }

    @Override
    public List<Morsel> morsels(ScanSpec spec) throws IOException {
        if (closed.get()) {
            throw new IllegalStateException("snapshot is closed tableId=" + tableId);
        }
        List<Morsel> morsels = new ArrayList<>();
        for (PinnedPart pinned : parts) {
            addPart(pinned, spec, morsels);
        }
        for (PinnedMemtable pinned : memtables) {
            addMemtable(pinned, spec, morsels);
        }
        return morsels;
    }

    private void addPart(PinnedPart pinned, ScanSpec spec, List<Morsel> morsels)
            throws IOException {
        PartReader reader = pinned.part().reader();
        RowIntervals intervals = intervals(reader, spec.ranges());
        ZonePruner pruner = new ZonePruner(reader, spec);
        int[] pages = new int[PAGES_PER_MORSEL];
        int count = 0;
        for (int page = 0; page < reader.pageCount(); page++) {
            int from = page * ColumnPage.ROWS;
            if (!intervals.overlaps(from, from + reader.pageRows(page)) || !pruner.mayMatch(page)) {
                continue;
            }
            pages[count++] = page;
            if (count == PAGES_PER_MORSEL) {
                morsels.add(partMorsel(pinned, spec, intervals, pages, count));
                count = 0;
            }
        }
        if (count > 0) {
            morsels.add(partMorsel(pinned, spec, intervals, pages, count));
        }
    }

    private PartMorsel partMorsel(
            PinnedPart pinned, ScanSpec spec, RowIntervals intervals, int[] pages, int count) {
        return new PartMorsel(
                pinned.part().reader(),
                pinned.kills(),
                ts.value(),
                spec,
                intervals,
                Arrays.copyOf(pages, count));
    }

    private static RowIntervals intervals(PartReader reader, List<HandleRange> ranges)
            throws IOException {
        if (ranges.isEmpty()) {
            return RowIntervals.all(reader.rowCount());
        }
        HandleSearch search = new HandleSearch(reader);
        RowIntervals intervals = new RowIntervals();
        for (HandleRange range : ranges) {
            switch (range) {
                case HandleRange.Ints(long min, long max) -> {
                    if (min <= max) {
                        int from = search.lowerBound(min, null);
                        int to =
                                max == Long.MAX_VALUE
                                        ? reader.rowCount()
                                        : search.lowerBound(max + 1, null);
                        intervals.add(from, to);
                    }
                }
                case HandleRange.Bytes(Key start, Key end) -> {
                    int from = search.lowerBound(0, start.unsafeBytes());
                    int to =
                            end.isEmpty()
                                    ? reader.rowCount()
                                    : search.lowerBound(0, end.unsafeBytes());
                    intervals.add(from, to);
                }
            }
        }
        return intervals;
    }

    private void addMemtable(PinnedMemtable pinned, ScanSpec spec, List<Morsel> morsels) {
        long[] visible = pinned.visible;
        if (!spec.ranges().isEmpty()) {
            visible = visible.clone();
            BitSet bits = BitSet.valueOf(visible);
            MemtableRows rows = pinned.memtable.rows();
            for (int row = bits.nextSetBit(0); row >= 0; row = bits.nextSetBit(row + 1)) {
                if (!inside(rows, row, spec.ranges())) {
                    visible[row >> 6] &= ~(1L << row);
                }
            }
        }
        for (int from = 0; from < pinned.count; from += Morsel.MAX_ROWS) {
            int to = Math.min(pinned.count, from + Morsel.MAX_ROWS);
            long[] words = Arrays.copyOfRange(visible, from / 64, (to + 63) / 64);
            if (Arrays.stream(words).anyMatch(word -> word != 0)) {
                morsels.add(new MemtableMorsel(pinned.memtable, spec, from, to, words));
            }
        }
    }

    private static boolean inside(MemtableRows rows, int row, List<HandleRange> ranges) {
        for (HandleRange range : ranges) {
            boolean in =
                    switch (range) {
                        case HandleRange.Ints(long min, long max) ->
                                min <= rows.handle(row) && rows.handle(row) <= max;
                        case HandleRange.Bytes(Key start, Key end) -> {
                            byte[] common = rows.common(row);
                            yield common != null
                                    && Arrays.compareUnsigned(common, start.unsafeBytes()) >= 0
                                    && (end.isEmpty()
                                            || Arrays.compareUnsigned(common, end.unsafeBytes())
                                                    < 0);
                        }
                    };
            if (in) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            parts.forEach(pinned -> pinned.part().unpin());
            memtables.forEach(pinned -> pinned.memtable.unpin());
        }
    }
}
