package io.garrick.mergetree.mvcc;

import java.util.Arrays;

/**
 * All kills against the rows of one part. Immutable; adding gives a new set.
 *
 * <p>Most kills sit in {@code base}, with a bitmap of the dead rows, so that a read at a timestamp
 * past all ends copies bits and looks at nothing else. New ones sit in a short sorted list, so that
 * adding few costs little; the list is folded into the base when it has grown. A row may be in
 * both; the smaller end counts.
 */
public final class KillSet {
    /** The end of a version that nothing has killed. */
    public static final long NEVER = Long.MAX_VALUE;

    /** The end of a row that must not be seen at any time: purged, or a second copy. */
    public static final long ALWAYS_DEAD = 0;

    private static final int RECENT_LIMIT = 4096;

    private final int rowCount;
    private final int[] baseRows;
    private final long[] baseEnds;
    private final long[] baseWords;
    private final long baseMaxEnd;
    private final int[] recentRows;
    private final long[] recentEnds;

    private KillSet(
            int rowCount,
            int[] baseRows,
            long[] baseEnds,
            long[] baseWords,
            long baseMaxEnd,
            int[] recentRows,
            long[] recentEnds) {
        this.rowCount = rowCount;
        this.baseRows = baseRows;
        this.baseEnds = baseEnds;
        this.baseWords = baseWords;
        this.baseMaxEnd = baseMaxEnd;
        this.recentRows = recentRows;
        this.recentEnds = recentEnds;
    }

    public static KillSet none(int rowCount) {
        return new KillSet(
                rowCount, new int[0], new long[0], new long[0], 0, new int[0], new long[0]);
    }

    public int rowCount() {
        return rowCount;
    }

    /** Upper bound of the killed rows; exact after {@link #folded}. */
    public int count() {
        return baseRows.length + recentRows.length;
    }

    /**
     * From this timestamp on no row at all is alive; {@link #NEVER} if some row has no end. A later
     * kill can only bring it forward.
     */
    public long deadFrom() {
        return baseRows.length == rowCount ? baseMaxEnd : NEVER;
    }

    /** {@link #NEVER} if nothing has killed the row. */
    public long end(int row) {
        int base = Arrays.binarySearch(baseRows, row);
        int recent = Arrays.binarySearch(recentRows, row);
        return Math.min(base < 0 ? NEVER : baseEnds[base], recent < 0 ? NEVER : recentEnds[recent]);
    }

    public KillSet with(KillBuffer additions) {
        if (additions.isEmpty()) {
            return this;
        }
        KillBuffer fresh = additions.normalized();
        KillBuffer merged = merge(recentRows, recentEnds, rows(fresh), ends(fresh));
        KillSet result =
                new KillSet(
                        rowCount,
                        baseRows,
                        baseEnds,
                        baseWords,
                        baseMaxEnd,
                        rows(merged),
                        ends(merged));
        int limit = Math.max(RECENT_LIMIT, baseRows.length / 8);
        return merged.count() > limit ? result.folded() : result;
    }

    /** The same kills in one list. */
    public KillSet folded() {
        if (recentRows.length == 0) {
            return this;
        }
        KillBuffer merged = merge(baseRows, baseEnds, recentRows, recentEnds);
        int[] rows = rows(merged);
        long[] ends = ends(merged);
        long[] words = new long[(rowCount + 63) / 64];
        long maxEnd = 0;
        for (int i = 0; i < rows.length; i++) {
            words[rows[i] >> 6] |= 1L << rows[i];
            maxEnd = Math.max(maxEnd, ends[i]);
        }
        return new KillSet(rowCount, rows, ends, words, maxEnd, new int[0], new long[0]);
    }

    /** All kills, sorted by row. */
    public KillBuffer toBuffer() {
        KillSet all = folded();
        return buffer(all.baseRows, all.baseEnds);
    }

    /**
     * Sets bit {@code row - from} of {@code words} for every row in [from, to) that is alive at
     * {@code ts}, and clears the others. {@code from} is a multiple of 64.
     */
    public void alive(long ts, int from, int to, long[] words, int wordsFrom) {
        int wordCount = (to - from + 63) / 64;
        if (baseWords.length == 0) {
            Arrays.fill(words, wordsFrom, wordsFrom + wordCount, -1L);
        } else {
            for (int i = 0; i < wordCount; i++) {
                words[wordsFrom + i] = ~baseWords[from / 64 + i];
            }
        }
        if (ts < baseMaxEnd) {
            revive(ts, from, words, wordsFrom, wordCount);
        }
        for (int i = lowerBound(recentRows, from);
                i < recentRows.length && recentRows[i] < to;
                i++) {
            if (ts >= recentEnds[i]) {
                int bit = recentRows[i] - from;
                words[wordsFrom + (bit >> 6)] &= ~(1L << bit);
            }
        }
        if ((to - from) % 64 != 0) {
            words[wordsFrom + wordCount - 1] &= -1L >>> -(to - from);
        }
    }

    /** Sets the bits of dead rows whose end is after {@code ts}; no branch depends on an end. */
    private void revive(long ts, int from, long[] words, int wordsFrom, int wordCount) {
        int next = lowerBound(baseRows, from);
        for (int i = 0; i < wordCount; i++) {
            long dead = baseWords[from / 64 + i];
            int count = Long.bitCount(dead);
            long later = 0;
            for (int j = 0; j < count; j++) {
                // The sign of the difference: ends and timestamps are not negative.
                later |= (ts - baseEnds[next + j]) >>> 63 << j;
            }
            next += count;
            words[wordsFrom + i] |= Long.expand(later, dead);
        }
    }

    /** How many rows nobody reading at or after {@code safepoint} can see. */
    public int reclaimable(long safepoint) {
        KillSet all = folded();
        int count = 0;
        for (long end : all.baseEnds) {
            count += end <= safepoint ? 1 : 0;
        }
        return count;
    }

    private static int lowerBound(int[] sorted, int value) {
        int index = Arrays.binarySearch(sorted, value);
        return index < 0 ? -index - 1 : index;
    }

    private static KillBuffer merge(
            int[] leftRows, long[] leftEnds, int[] rightRows, long[] rightEnds) {
        KillBuffer result = new KillBuffer();
        int left = 0;
        int right = 0;
        while (left < leftRows.length || right < rightRows.length) {
            if (right == rightRows.length
                    || (left < leftRows.length && leftRows[left] < rightRows[right])) {
                result.add(leftRows[left], leftEnds[left++]);
            } else if (left == leftRows.length || rightRows[right] < leftRows[left]) {
                result.add(rightRows[right], rightEnds[right++]);
            } else {
                result.add(leftRows[left], Math.min(leftEnds[left++], rightEnds[right++]));
            }
        }
        return result;
    }

    private static KillBuffer buffer(int[] rows, long[] ends) {
        KillBuffer result = new KillBuffer();
        for (int i = 0; i < rows.length; i++) {
            result.add(rows[i], ends[i]);
        }
        return result;
    }

    private static int[] rows(KillBuffer kills) {
        int[] rows = new int[kills.count()];
        Arrays.setAll(rows, kills::row);
        return rows;
    }

    private static long[] ends(KillBuffer kills) {
        long[] ends = new long[kills.count()];
        Arrays.setAll(ends, kills::end);
        return ends;
    }
}
