package io.garrick.mergetree.mvcc;

import java.util.Arrays;

/** Kills being collected: rows with their ends, in any order, repeats allowed. One thread. */
public final class KillBuffer {
    private int count;
    private int[] rows = {};
    private long[] ends = {};

    public void add(int row, long end) {
        if (count == rows.length) {
            int capacity = Math.max(16, count * 2);
            rows = Arrays.copyOf(rows, capacity);
            ends = Arrays.copyOf(ends, capacity);
        }
        rows[count] = row;
        ends[count++] = end;
    }

    public void addAll(KillBuffer other) {
        for (int i = 0; i < other.count; i++) {
            add(other.rows[i], other.ends[i]);
        }
    }

    public int count() {
        return count;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    public int row(int index) {
        return rows[index];
    }

    public long end(int index) {
        return ends[index];
    }

    public void clear() {
        count = 0;
        rows = new int[] {};
        ends = new long[] {};
    }

    /** Sorted by row, one entry per row with the smallest end. */
    KillBuffer normalized() {
        KillBuffer result = new KillBuffer();
        boolean sorted = true;
        for (int i = 1; i < count && sorted; i++) {
            sorted = rows[i - 1] < rows[i];
        }
        if (sorted) {
            result.addAll(this);
            return result;
        }
        // Row in the upper half, position in the lower: sorts without boxing.
        long[] order = new long[count];
        for (int i = 0; i < count; i++) {
            order[i] = (long) rows[i] << 32 | i;
        }
        Arrays.sort(order);
        for (long entry : order) {
            int row = (int) (entry >>> 32);
            long end = ends[(int) entry];
            if (result.count > 0 && result.rows[result.count - 1] == row) {
                result.ends[result.count - 1] = Math.min(result.ends[result.count - 1], end);
            } else {
                result.add(row, end);
            }
        }
        return result;
    }
}
