package io.garrick.query.vector;

import java.util.List;
import org.apache.arrow.vector.FieldVector;

/** Lists of row numbers. */
final class Selection {
    /** Rows per chunk: the columns of an expression then stay in the cache. */
    static final int CHUNK_ROWS = 4096;

    private Selection() {}

    /** Keeps the rows for which all conditions hold, in place; answers how many they are. */
    static int filter(
            LeafProgram.Filters filters, List<FieldVector> vectors, int[] rows, int count) {
        int kept = 0;
        for (int start = 0; start < count; start += CHUNK_ROWS) {
            int[] chunk = chunk(rows, start, count);
            int left = chunk.length;
            for (LeafProgram.Condition condition : filters.conditions()) {
                if (left > 0) {
                    left = filter(condition.expr(), vectors, chunk, left);
                }
            }
            System.arraycopy(chunk, 0, rows, kept, left);
            kept += left;
        }
        return kept;
    }

    static int[] chunk(int[] rows, int start, int count) {
        int size = Math.min(CHUNK_ROWS, count - start);
        int[] chunk = new int[size];
        System.arraycopy(rows, start, chunk, 0, size);
        return chunk;
    }

    private static int filter(Expr condition, List<FieldVector> vectors, int[] rows, int count) {
        Column.Longs holds = (Column.Longs) condition.eval(new Rows(vectors, rows, count));
        long[] values = holds.values();
        boolean[] nulls = holds.nulls();
        int kept = 0;
        for (int i = 0; i < count; i++) {
            rows[kept] = rows[i];
            kept += values[i] == 1 && (nulls == null || !nulls[i]) ? 1 : 0;
        }
        return kept;
    }
}
