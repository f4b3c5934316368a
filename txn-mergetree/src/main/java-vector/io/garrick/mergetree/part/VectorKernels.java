package io.garrick.mergetree.part;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops on the Vector API. A row of 8 interleaved lanes is one 512-bit vector, or several
 * narrower ones.
 *
 * <p>A value that crosses into the next word takes its upper bits from there; for one that does
 * not, the same two shifts bring only bits that the mask removes, so no branch is needed. The last
 * row of words has no next one and is read twice instead.
 */
final class VectorKernels implements Kernels {
    private static final VectorSpecies<Long> SPECIES =
            LongVector.SPECIES_PREFERRED.length() > BitPack.LANES
                    ? LongVector.SPECIES_512
                    : LongVector.SPECIES_PREFERRED;
    private static final int STEP = SPECIES.length();
    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
    private static final int POSITIONS = BitPack.BLOCK / BitPack.LANES;

    @Override
    public String name() {
        return "vector " + SPECIES.vectorBitSize();
    }

    private static long mask(int width) {
        return -1L >>> (Long.SIZE - width);
    }

    // Offset of the row of words after `row`, or of the last one.
    private static long next(long at, int row, int rows) {
        return at + Math.min(row + 1, rows - 1) * (long) BitPack.LANE_BYTES;
    }

    private static LongVector load(MemorySegment page, long low, long high, int shift, int lane) {
        LongVector here = LongVector.fromMemorySegment(SPECIES, page, low + lane * 8L, ORDER);
        LongVector after = LongVector.fromMemorySegment(SPECIES, page, high + lane * 8L, ORDER);
        return here.lanewise(VectorOperators.LSHR, shift)
                .or(
                        after.lanewise(VectorOperators.LSHL, 1)
                                .lanewise(VectorOperators.LSHL, 63 - shift));
    }

    @Override
    public void unpack(MemorySegment page, long at, int width, long base, long[] out, int to) {
        if (width == 0) {
            Arrays.fill(out, to, to + BitPack.BLOCK, base);
            return;
        }
        long mask = mask(width);
        int rows = 2 * width;
        for (int position = 0; position < POSITIONS; position++) {
            int bit = position * width;
            long low = at + (bit >>> 6) * (long) BitPack.LANE_BYTES;
            long high = next(at, bit >>> 6, rows);
            for (int lane = 0; lane < BitPack.LANES; lane += STEP) {
                load(page, low, high, bit & 63, lane)
                        .and(mask)
                        .add(base)
                        .intoArray(out, to + position * BitPack.LANES + lane);
            }
        }
    }

    @Override
    public long sum(MemorySegment page, long at, int width) {
        if (width == 0) {
            return 0;
        }
        long mask = mask(width);
        int rows = 2 * width;
        LongVector sum = LongVector.zero(SPECIES);
        for (int position = 0; position < POSITIONS; position++) {
            int bit = position * width;
            long low = at + (bit >>> 6) * (long) BitPack.LANE_BYTES;
            long high = next(at, bit >>> 6, rows);
            for (int lane = 0; lane < BitPack.LANES; lane += STEP) {
                sum = sum.add(load(page, low, high, bit & 63, lane).and(mask));
            }
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    @Override
    public long sum(MemorySegment page, long at, int width, long[] alive, int word) {
        if (width == 0) {
            return 0;
        }
        long mask = mask(width);
        int rows = 2 * width;
        LongVector sum = LongVector.zero(SPECIES);
        for (int position = 0; position < POSITIONS; position++) {
            int bit = position * width;
            long low = at + (bit >>> 6) * (long) BitPack.LANE_BYTES;
            long high = next(at, bit >>> 6, rows);
            long bits = alive[word + (position >>> 3)] >>> (position << 3);
            for (int lane = 0; lane < BitPack.LANES; lane += STEP) {
                sum =
                        sum.add(
                                load(page, low, high, bit & 63, lane).and(mask),
                                VectorMask.fromLong(SPECIES, bits >>> lane));
            }
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    @Override
    public void keepRange(
            MemorySegment page, long at, int width, long min, long max, long[] alive, int word) {
        long mask = width == 0 ? 0 : mask(width);
        int rows = Math.max(1, 2 * width);
        for (int group = 0; group < MASK_WORDS; group++) {
            long keep = 0;
            for (int eighth = 0; eighth < 8 && width > 0; eighth++) {
                int bit = (group * 8 + eighth) * width;
                long low = at + (bit >>> 6) * (long) BitPack.LANE_BYTES;
                long high = next(at, bit >>> 6, rows);
                for (int lane = 0; lane < BitPack.LANES; lane += STEP) {
                    LongVector values = load(page, low, high, bit & 63, lane).and(mask);
                    long inside =
                            values.compare(VectorOperators.UGE, min).toLong()
                                    & values.compare(VectorOperators.ULE, max).toLong();
                    keep |= inside << (eighth * 8 + lane);
                }
            }
            // Offsets of width 0 are all 0.
            alive[word + group] &= width > 0 ? keep : min == 0 ? -1L : 0L;
        }
    }
}
