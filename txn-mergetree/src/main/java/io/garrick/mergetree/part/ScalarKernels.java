package io.garrick.mergetree.part;

import java.lang.foreign.MemorySegment;

/** The loops in plain Java, for JVMs without the Vector API. */
final class ScalarKernels implements Kernels {
    private final long[] words = new long[BitPack.BLOCK];
    private final long[] values = new long[BitPack.BLOCK];

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public void unpack(MemorySegment page, long at, int width, long base, long[] out, int to) {
        MemorySegment.copy(page, PageLayout.LONG, at, words, 0, BitPack.blockWords(width));
        BitPack.unpack(words, width, base, out, to);
    }

    @Override
    public long sum(MemorySegment page, long at, int width) {
        unpack(page, at, width, 0, values, 0);
        long sum = 0;
        for (int i = 0; i < BitPack.BLOCK; i++) {
            sum += values[i];
        }
        return sum;
    }

    @Override
    public long sum(MemorySegment page, long at, int width, long[] mask, int word) {
        unpack(page, at, width, 0, values, 0);
        long sum = 0;
        for (int i = 0; i < BitPack.BLOCK; i++) {
            sum += values[i] & -(mask[word + (i >> 6)] >>> i & 1);
        }
        return sum;
    }

    @Override
    public void keepRange(
            MemorySegment page, long at, int width, long min, long max, long[] mask, int word) {
        unpack(page, at, width, 0, values, 0);
        long low = min + Long.MIN_VALUE;
        long high = max + Long.MIN_VALUE;
        for (int group = 0; group < MASK_WORDS; group++) {
            long keep = 0;
            for (int i = 0; i < Long.SIZE; i++) {
                long value = values[group * Long.SIZE + i] + Long.MIN_VALUE;
                keep |= (value >= low && value <= high ? 1L : 0L) << i;
            }
            mask[word + group] &= keep;
        }
    }
}
