package io.garrick.mergetree.part;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Blocks of {@value #BLOCK} values of {@code width} bits each, as offsets from a base.
 *
 * <p>A block is 8 lanes of 128 values; value i sits in lane {@code i & 7} at position {@code i >>>
 * 3}; the lanes' words are interleaved. Within one position all lanes shift by the same amount, so
 * the inner loops are shift, or, mask over 8 neighbouring words, which the compiler turns into
 * vector instructions; and value i alone is at most two loads. The idea of interleaved lanes is
 * that of FastLanes (Afroozeh, Boncz, VLDB 2023).
 */
final class BitPack {
    static final int BLOCK = 1024;
    static final int LANES = 8;
    static final int LANE_BYTES = LANES * Long.BYTES;

    private BitPack() {}

    static int blockWords(int width) {
        return BLOCK / Long.SIZE * width;
    }

    static int blockBytes(int width) {
        return blockWords(width) * Long.BYTES;
    }

    /** Bits needed for values from 0 to {@code unsignedMax}. */
    static int widthOf(long unsignedMax) {
        return Long.SIZE - Long.numberOfLeadingZeros(unsignedMax);
    }

    /** Packs {@code values[from, from + count)}; the rest of the block becomes the base. */
    static void pack(long[] values, int from, int count, long base, int width, long[] words) {
        Arrays.fill(words, 0, blockWords(width), 0);
        if (width == 0) {
            return;
        }
        for (int i = 0; i < count; i++) {
            long offset = values[from + i] - base;
            int bit = (i >>> 3) * width;
            int word = (bit >>> 6) * LANES + (i & 7);
            int shift = bit & 63;
            words[word] |= offset << shift;
            if (shift + width > Long.SIZE) {
                words[word + LANES] |= offset >>> (Long.SIZE - shift);
            }
        }
    }

    /** Unpacks a whole block; {@code out} has room for {@value #BLOCK} values at {@code to}. */
    static void unpack(long[] words, int width, long base, long[] out, int to) {
        if (width == 0) {
            Arrays.fill(out, to, to + BLOCK, base);
            return;
        }
        long mask = -1L >>> (Long.SIZE - width);
        for (int position = 0; position < BLOCK / LANES; position++) {
            int bit = position * width;
            int word = (bit >>> 6) * LANES;
            int shift = bit & 63;
            int at = to + position * LANES;
            if (shift + width <= Long.SIZE) {
                for (int lane = 0; lane < LANES; lane++) {
                    out[at + lane] = (words[word + lane] >>> shift & mask) + base;
                }
            } else {
                int rest = Long.SIZE - shift;
                for (int lane = 0; lane < LANES; lane++) {
                    out[at + lane] =
                            ((words[word + lane] >>> shift | words[word + LANES + lane] << rest)
                                            & mask)
                                    + base;
                }
            }
        }
    }

    /** One value out of a run of packed blocks that starts at {@code offset}. */
    static long get(
            MemorySegment bytes,
            ValueLayout.OfLong layout,
            long offset,
            int width,
            long base,
            int index) {
        if (width == 0) {
            return base;
        }
        int bit = ((index & (BLOCK - 1)) >>> 3) * width;
        int shift = bit & 63;
        long at =
                offset
                        + (long) (index / BLOCK) * blockBytes(width)
                        + (long) (bit >>> 6) * LANE_BYTES
                        + (index & 7) * (long) Long.BYTES;
        long value = bytes.get(layout, at) >>> shift;
        if (shift + width > Long.SIZE) {
            value |= bytes.get(layout, at + LANE_BYTES) << (Long.SIZE - shift);
        }
        return (value & (-1L >>> (Long.SIZE - width))) + base;
    }
}
