package io.garrick.mergetree.memtable;

import java.util.Arrays;

/** Sorts row numbers of a memtable by handle, then from new to old, without boxing. */
public final class RowOrder {
    private RowOrder() {}

    /** The first {@code count} entries of {@code order} in place; often they are sorted already. */
    public static int[] sort(MemtableRows rows, int[] order, int count) {
        int[] from = Arrays.copyOf(order, count);
        if (sorted(rows, from)) {
            return from;
        }
        int[] to = new int[count];
        for (int width = 1; width < count; width *= 2) {
            for (int start = 0; start < count; start += 2 * width) {
                int middle = Math.min(start + width, count);
                merge(rows, from, start, middle, Math.min(start + 2 * width, count), to);
            }
            int[] swap = from;
            from = to;
            to = swap;
        }
        return from;
    }

    private static boolean sorted(MemtableRows rows, int[] order) {
        for (int i = 1; i < order.length; i++) {
            if (rows.compare(order[i - 1], order[i]) > 0) {
                return false;
            }
        }
        return true;
    }

    private static void merge(
            MemtableRows rows, int[] from, int start, int middle, int end, int[] to) {
        int left = start;
        int right = middle;
        for (int i = start; i < end; i++) {
            boolean takeLeft =
                    left < middle && (right == end || rows.compare(from[left], from[right]) <= 0);
            to[i] = takeLeft ? from[left++] : from[right++];
        }
    }
}
