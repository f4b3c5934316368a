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
import org.jspecify.annotations.Nullable;

/** Which row of which input comes next in a merge, and which rows are left out. */
final class MergeOrder {
    record Run(PartReader reader, KillSet kills) {}

    // History is put apart if it is at least this share of the rows.
    private static final int LEAST_HISTORY = 32;
    // A row map holds, above the row's number, which output it went to.
    private static final int OUTPUT_SHIFT = 30;
    private static final int ROW_BITS = (1 << OUTPUT_SHIFT) - 1;

    /** The rows of one output part. */
    static final class Output {
        private int[] inputOf;
        private int[] rowOf;
        private int rowCount;
        private final KillBuffer kills = new KillBuffer();
        private final boolean history;

        private Output(boolean history, int capacity) {
            this.history = history;
            this.inputOf = new int[capacity];
            this.rowOf = new int[capacity];
        }

        int rowCount() {
            return rowCount;
        }

        /** Ends that the rows have. */
        KillBuffer kills() {
            return kills;
        }

        /** No row is among the newest versions. */
        boolean history() {
            return history;
        }

        private int add(int input, int row, long end) {
            if (rowCount == rowOf.length) {
                int capacity = Math.max(1024, rowCount * 2);
                inputOf = Arrays.copyOf(inputOf, capacity);
                rowOf = Arrays.copyOf(rowOf, capacity);
            }
            inputOf[rowCount] = input;
            rowOf[rowCount] = row;
            if (end != KillSet.NEVER) {
                kills.add(rowCount, end);
            }
            return rowCount++;
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

    private final List<Output> outputs;
    // Per input, by input row: output and row, or -1.
    private final List<int[]> rowMaps;

    private MergeOrder(List<Output> outputs, List<int[]> rowMaps) {
        this.outputs = outputs;
        this.rowMaps = rowMaps;
    }

    /** One or two parts to write; those without rows are left out. */
    List<Output> outputs() {
        return outputs.stream().filter(output -> output.rowCount > 0).toList();
    }

    int rowCount() {
        return outputs.stream().mapToInt(Output::rowCount).sum();
    }

    /** Which output a row went to; null if it was left out. */
    @Nullable Output outputOf(int input, int row) {
        int target = rowMaps.get(input)[row];
        return target < 0 ? null : outputs.get(target >>> OUTPUT_SHIFT);
    }

    /** The row's number in its output. */
    int rowOf(int input, int row) {
        return rowMaps.get(input)[row] & ROW_BITS;
    }

    /** Position in one input; compares by handle, then from new to old. */
    private static final class Head implements Comparable<Head> {
        final int input;
        final Run run;
        final KillBuffer kills;
        final PartReader.Cursor cursor;
        final ColumnPage handles = new ColumnPage();
        final ColumnPage timestamps = new ColumnPage();
        final ColumnPage ops = new ColumnPage();
        int row = -1;
        long handle;
        byte[] common = {};
        long ts;
        boolean delete;
        private int nextKill;

        Head(int input, Run run) {
            this.input = input;
            this.run = run;
            this.kills = run.kills().toBuffer();
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

        /** Of the current row; asked for in ascending order. */
        long end() {
            while (nextKill < kills.count() && kills.row(nextKill) < row) {
                nextKill++;
            }
            return nextKill < kills.count() && kills.row(nextKill) == row
                    ? kills.end(nextKill)
                    : KillSet.NEVER;
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
     * {@code tombstoneBound}. Rows that have an end go to an output of their own, so that reads of
     * the newest versions need not step over them, unless they are few.
     */
    static MergeOrder of(List<Run> runs, long safepoint, long tombstoneBound) throws IOException {
        long total = 0;
        long ended = 0;
        List<int[]> rowMaps = new ArrayList<>();
        PriorityQueue<Head> heads = new PriorityQueue<>();
        for (int input = 0; input < runs.size(); input++) {
            Run run = runs.get(input);
            total += run.reader().rowCount();
            ended += run.kills().count() - run.kills().reclaimable(tombstoneBound);
            int[] map = new int[run.reader().rowCount()];
            Arrays.fill(map, -1);
            rowMaps.add(map);
            Head head = new Head(input, run);
            if (head.advance()) {
                heads.add(head);
            }
        }
        boolean apart = ended * LEAST_HISTORY >= total;
        Output newest = new Output(false, Math.toIntExact(total - (apart ? ended : 0)));
        Output history = new Output(true, 0);
        Head head;
        while ((head = heads.poll()) != null) {
            do {
                long end = head.end();
                if (end > (head.delete ? tombstoneBound : safepoint)) {
                    boolean old = apart && end != KillSet.NEVER;
                    int row = (old ? history : newest).add(head.input, head.row, end);
                    rowMaps.get(head.input)[head.row] = (old ? 1 : 0) << OUTPUT_SHIFT | row;
                }
                if (!head.advance()) {
                    head = null;
                }
                // Neighbours often come from the same input: the heap is asked only when not.
            } while (head != null && (heads.isEmpty() || head.compareTo(heads.peek()) < 0));
            if (head != null) {
                heads.add(head);
            }
        }
        return new MergeOrder(List.of(newest, history), List.copyOf(rowMaps));
    }
}
