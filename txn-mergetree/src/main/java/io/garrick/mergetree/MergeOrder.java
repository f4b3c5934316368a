package io.garrick.mergetree;

import io.garrick.mergetree.mvcc.KillBuffer;
import io.garrick.mergetree.mvcc.KillSet;
import io.garrick.mergetree.part.ColumnPage;
import io.garrick.mergetree.part.HiddenColumns;
import io.garrick.mergetree.part.PartColumn;
import io.garrick.mergetree.part.PartReader;
import io.garrick.mergetree.part.PartWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;

/** Which row of which input comes next in a merge, and which rows are left out. */
final class MergeOrder {
    record Run(PartReader reader, KillSet kills) {}

    // Per output row.
    private final int[] inputOf;
    private final int[] rowOf;
    private final int rowCount;
    private final KillBuffer kills;
    // Per input, by input row: the output row, or -1.
    private final List<int[]> rowMaps;

    private MergeOrder(
            int[] inputOf, int[] rowOf, int rowCount, KillBuffer kills, List<int[]> rowMaps) {
        this.inputOf = inputOf;
        this.rowOf = rowOf;
        this.rowCount = rowCount;
        this.kills = kills;
        this.rowMaps = rowMaps;
    }

    int rowCount() {
        return rowCount;
    }

    KillBuffer kills() {
        return kills;
    }

    int[] rowMap(int input) {
        return rowMaps.get(input);
    }

    /** Position in one input; compares by handle, then from new to old. */
    private static final class Head implements Comparable<Head> {
        final int input;
        final Run run;
        final PartReader.Cursor cursor;
        final ColumnPage handles = new ColumnPage();
        final ColumnPage timestamps = new ColumnPage();
        final ColumnPage ops = new ColumnPage();
        int row = -1;
        long handle;
        byte[] common = {};
        long ts;
        boolean delete;

        Head(int input, Run run) {
            this.input = input;
            this.run = run;
            this.cursor = run.reader().cursor();
        }

        boolean advance() throws IOException {
            row++;
            if (row >= run.reader().rowCount()) {
                return false;
            }
            int inPage = row % ColumnPage.ROWS;
            if (inPage == 0) {
                int page = row / ColumnPage.ROWS;
                cursor.readHidden(HiddenColumns.HANDLE, page, handles);
                cursor.readHidden(HiddenColumns.TS, page, timestamps);
                cursor.readHidden(HiddenColumns.OP, page, ops);
            }
            if (run.reader().commonHandle()) {
                common = handles.bytesAt(inPage);
            } else {
                handle = handles.longAt(inPage);
            }
            ts = timestamps.longAt(inPage);
            delete = ops.longAt(inPage) == HiddenColumns.DELETE;
            return true;
        }

        @Override
        public int compareTo(Head other) {
            int byHandle =
                    run.reader().commonHandle()
                            ? Arrays.compareUnsigned(common, other.common)
                            : Long.compare(handle, other.handle);
            return byHandle != 0 ? byHandle : Long.compare(other.ts, ts);
        }
    }

    /**
     * Leaves out rows whose end is at most the safepoint; tombstones only if their end is at most
     * {@code tombstoneBound}.
     */
    static MergeOrder of(List<Run> runs, long safepoint, long tombstoneBound) throws IOException {
        int total = 0;
        List<int[]> rowMaps = new ArrayList<>();
        PriorityQueue<Head> heads = new PriorityQueue<>();
        for (int input = 0; input < runs.size(); input++) {
            Run run = runs.get(input);
            total += run.reader().rowCount();
            int[] map = new int[run.reader().rowCount()];
            Arrays.fill(map, -1);
            rowMaps.add(map);
            Head head = new Head(input, run);
            if (head.advance()) {
                heads.add(head);
            }
        }
        int[] inputOf = new int[total];
        int[] rowOf = new int[total];
        KillBuffer kills = new KillBuffer();
        int count = 0;
        Head head;
        while ((head = heads.poll()) != null) {
            long end = head.run.kills().end(head.row);
            boolean garbage = end <= (head.delete ? tombstoneBound : safepoint);
            if (!garbage) {
                inputOf[count] = head.input;
                rowOf[count] = head.row;
                rowMaps.get(head.input)[head.row] = count;
                if (end != KillSet.NEVER) {
                    kills.add(count, end);
                }
                count++;
            }
            if (head.advance()) {
                heads.add(head);
            }
        }
        return new MergeOrder(inputOf, rowOf, count, kills, List.copyOf(rowMaps));
    }

    /** Writes one column in merge order, page by page. */
    void gather(List<ColumnFeed> feeds, PartWriter writer, PartColumn.Kind kind)
            throws IOException {
        ColumnPage page = new ColumnPage();
        for (int from = 0; from < rowCount; from += ColumnPage.ROWS) {
            page.clear();
            for (int i = from; i < Math.min(rowCount, from + ColumnPage.ROWS); i++) {
                feeds.get(inputOf[i]).add(rowOf[i], page, kind);
            }
            writer.page(page);
        }
    }
}
