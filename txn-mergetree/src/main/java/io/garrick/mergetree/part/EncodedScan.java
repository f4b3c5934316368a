package io.garrick.mergetree.part;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Sums and filters over pages of longs as they are encoded: a constant is multiplied, a run is
 * counted, packed blocks are added up or compared without becoming values first. One thread.
 *
 * <p>A mask has bit {@code row & 63} of word {@code row >> 6} set for the rows that are meant; bits
 * from the page's row count on are 0. It has room for whole blocks.
 */
final class EncodedScan {
    private static final int PAGE_WORDS = ColumnPage.ROWS / Long.SIZE;

    private final Kernels kernels;
    private final PageDecoder decoder;
    // Only for encodings that must be decoded first.
    private @Nullable ColumnPage decoded;
    private final long[] masked = new long[PAGE_WORDS];

    EncodedScan(Kernels kernels, PageDecoder decoder) {
        this.kernels = kernels;
        this.decoder = decoder;
    }

    /** Adds the values that are not NULL and, if there is a mask, whose bit is set. */
    void total(MemorySegment page, long @Nullable [] mask, LongTotals into) {
        int count = PageDecoder.count(page);
        long at = PageDecoder.sectionOffset(page);
        long[] wanted = valid(page, count, mask);
        long base = page.get(PageLayout.LONG, at + 8);
        switch (page.get(ValueLayout.JAVA_BYTE, at)) {
            case PageLayout.CONST ->
                    into.add(base, wanted == null ? count : ones(wanted, 0, count));
            case PageLayout.RLE -> runs(page, at + PageLayout.SECTION_HEADER_BYTES, wanted, into);
            case PageLayout.FOR -> packed(page, at, count, wanted, into);
            default -> decodeAndAdd(page, wanted, into);
        }
    }

    /** Clears the bits of NULLs and of values outside [min, max]. */
    void keepRange(MemorySegment page, long min, long max, long[] mask) {
        int count = PageDecoder.count(page);
        long at = PageDecoder.sectionOffset(page);
        valid(page, count, mask);
        if (hasNulls(page)) {
            System.arraycopy(masked, 0, mask, 0, words(count));
        }
        long base = page.get(PageLayout.LONG, at + 8);
        switch (page.get(ValueLayout.JAVA_BYTE, at)) {
            case PageLayout.CONST -> {
                if (base < min || base > max) {
                    Arrays.fill(mask, 0, words(count), 0);
                }
            }
            case PageLayout.FOR -> keepPacked(page, at, count, min, max, mask);
            default -> {
                long[] values = decode(page).low;
                for (int row = 0; row < count; row++) {
                    if (values[row] < min || values[row] > max) {
                        mask[row >> 6] &= ~(1L << row);
                    }
                }
            }
        }
    }

    private static int words(int count) {
        return (count + Long.SIZE - 1) / Long.SIZE;
    }

    private static boolean hasNulls(MemorySegment page) {
        return (page.get(ValueLayout.JAVA_BYTE, 1) & PageLayout.FLAG_NULLS) != 0;
    }

    /** The rows that are meant and not NULL; null if that is all of the page. */
    private long @Nullable [] valid(MemorySegment page, int count, long @Nullable [] mask) {
        if (!hasNulls(page)) {
            return mask;
        }
        Arrays.fill(masked, 0);
        MemorySegment.copy(page, PageLayout.LONG, PageLayout.HEADER_BYTES, masked, 0, words(count));
        if (count % Long.SIZE != 0) {
            masked[count / Long.SIZE] &= -1L >>> -count;
        }
        if (mask != null) {
            for (int word = 0; word < words(count); word++) {
                masked[word] &= mask[word];
            }
        }
        return masked;
    }

    private void packed(
            MemorySegment page, long at, int count, long @Nullable [] wanted, LongTotals into) {
        int width = page.get(ValueLayout.JAVA_BYTE, at + 1);
        if (width > Kernels.MAX_SUM_WIDTH) {
            decodeAndAdd(page, wanted, into);
            return;
        }
        long base = page.get(PageLayout.LONG, at + 8);
        long block = at + PageLayout.SECTION_HEADER_BYTES;
        for (int from = 0; from < count; from += BitPack.BLOCK) {
            int rows = Math.min(BitPack.BLOCK, count - from);
            int alive = wanted == null ? rows : ones(wanted, from, from + rows);
            if (wanted == null || alive == rows) {
                // What fills up the last block are offsets of 0.
                into.add(base, rows, kernels.sum(page, block, width));
            } else if (alive > 0) {
                into.add(base, alive, kernels.sum(page, block, width, wanted, from >> 6));
            }
            block += BitPack.blockBytes(width);
        }
    }

    private void keepPacked(
            MemorySegment page, long at, int count, long min, long max, long[] mask) {
        int width = page.get(ValueLayout.JAVA_BYTE, at + 1);
        long base = page.get(PageLayout.LONG, at + 8);
        // Offsets are unsigned; a bound below the base, or above what an offset can say, is none.
        if (max < base) {
            Arrays.fill(mask, 0, words(count), 0);
            return;
        }
        long low = min <= base ? 0 : min - base;
        long high = max - base;
        long block = at + PageLayout.SECTION_HEADER_BYTES;
        for (int from = 0; from < count; from += BitPack.BLOCK) {
            kernels.keepRange(page, block, width, low, high, mask, from >> 6);
            block += BitPack.blockBytes(width);
        }
    }

    private static void runs(
            MemorySegment page, long payload, long @Nullable [] wanted, LongTotals into) {
        int runs = page.get(PageLayout.INT, payload);
        long ends = payload + 8 + runs * 8L;
        int from = 0;
        for (int run = 0; run < runs; run++) {
            int end = page.get(PageLayout.INT, ends + run * 4L);
            into.add(
                    page.get(PageLayout.LONG, payload + 8 + run * 8L),
                    wanted == null ? end - from : ones(wanted, from, end));
            from = end;
        }
    }

    private void decodeAndAdd(MemorySegment page, long @Nullable [] wanted, LongTotals into) {
        ColumnPage values = decode(page);
        for (int row = 0; row < values.count; row++) {
            if (wanted == null || (wanted[row >> 6] >>> row & 1) != 0) {
                into.add(values.low[row], 1);
            }
        }
    }

    private ColumnPage decode(MemorySegment page) {
        ColumnPage into = decoded;
        if (into == null) {
            into = new ColumnPage();
            decoded = into;
        }
        decoder.decode(page, into);
        return into;
    }

    /** How many of the bits [from, to) are set. */
    private static int ones(long[] mask, int from, int to) {
        if (from >= to) {
            return 0;
        }
        int first = from >> 6;
        int last = (to - 1) >> 6;
        long firstBits = -1L << from;
        long lastBits = -1L >>> -to;
        if (first == last) {
            return Long.bitCount(mask[first] & firstBits & lastBits);
        }
        int ones = Long.bitCount(mask[first] & firstBits) + Long.bitCount(mask[last] & lastBits);
        for (int word = first + 1; word < last; word++) {
            ones += Long.bitCount(mask[word]);
        }
        return ones;
    }
}
