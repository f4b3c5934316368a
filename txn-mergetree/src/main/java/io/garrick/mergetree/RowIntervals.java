package io.garrick.mergetree;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Rows of a part that a scan wants; the intervals may overlap. */
final class RowIntervals {
    private record Interval(int from, int to) {}

    private final List<Interval> intervals = new ArrayList<>();

    static RowIntervals all(int rowCount) {
        RowIntervals all = new RowIntervals();
        all.add(0, rowCount);
        return all;
    }

    void add(int from, int to) {
        if (from < to) {
            intervals.add(new Interval(from, to));
        }
    }

    boolean overlaps(int from, int to) {
        for (Interval interval : intervals) {
            if (interval.from < to && from < interval.to) {
                return true;
            }
        }
        return false;
    }

    /** Clears the bits of rows [from, to) that no interval holds; bit 0 stands for row from. */
    void keepInside(int from, int to, long[] words, int wordsFrom) {
        for (Interval interval : intervals) {
            if (interval.from <= from && to <= interval.to) {
                return;
            }
        }
        BitSet inside = new BitSet(to - from);
        for (Interval interval : intervals) {
            int first = Math.max(interval.from, from);
            int end = Math.min(interval.to, to);
            if (first < end) {
                inside.set(first - from, end - from);
            }
        }
        long[] mask = inside.toLongArray();
        for (int word = 0; word < (to - from + 63) / 64; word++) {
            words[wordsFrom + word] &= word < mask.length ? mask[word] : 0;
        }
    }
}
