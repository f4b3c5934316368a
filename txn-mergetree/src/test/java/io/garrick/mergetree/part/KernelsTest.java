package io.garrick.mergetree.part;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every implementation against plain arrays, at every width and at both ends of the widths. */
final class KernelsTest {
    private static final int OFFSET = 24;

    private final Random random = new Random(11);
    private final long[] offsets = new long[BitPack.BLOCK];

    /** One packed block somewhere in a page that ends with it. */
    private MemorySegment block(int width) {
        long[] words = new long[BitPack.BLOCK];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = width == 0 ? 0 : random.nextLong() >>> (64 - width);
        }
        if (width > 0) {
            offsets[random.nextInt(BitPack.BLOCK)] = 0;
            offsets[random.nextInt(BitPack.BLOCK)] = -1L >>> (64 - width);
        }
        BitPack.pack(offsets, 0, BitPack.BLOCK, 0, width, words);
        byte[] bytes = new byte[OFFSET + BitPack.blockBytes(width)];
        MemorySegment page = MemorySegment.ofArray(bytes);
        MemorySegment.copy(words, 0, page, PageLayout.LONG, OFFSET, BitPack.blockWords(width));
        return page;
    }

    private long[] randomMask() {
        long[] mask = new long[Kernels.MASK_WORDS + 1];
        for (int word = 1; word < mask.length; word++) {
            mask[word] =
                    switch (random.nextInt(3)) {
                        case 0 -> 0;
                        case 1 -> -1L;
                        default -> random.nextLong();
                    };
        }
        return mask;
    }

    private static boolean bit(long[] mask, int i) {
        return (mask[1 + (i >> 6)] >>> i & 1) != 0;
    }

    @Test
    void blocksOfEveryWidthUnpackToWhatWasPacked() {
        for (int width = 0; width <= 64; width++) {
            MemorySegment page = block(width);
            long base = random.nextLong();
            long[] expected = Arrays.stream(offsets).map(offset -> offset + base).toArray();
            for (Kernels kernels : Kernels.available()) {
                long[] out = new long[BitPack.BLOCK + 3];
                kernels.unpack(page, OFFSET, width, base, out, 3);
                assertThat(Arrays.copyOfRange(out, 3, out.length))
                        .as("%s, width %d", kernels.name(), width)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void sumsOfEveryWidthAreExactWithAndWithoutAMask() {
        for (int width = 0; width <= Kernels.MAX_SUM_WIDTH; width++) {
            MemorySegment page = block(width);
            long[] mask = randomMask();
            long all = 0;
            long some = 0;
            for (int i = 0; i < BitPack.BLOCK; i++) {
                all = Math.addExact(all, offsets[i]);
                some += bit(mask, i) ? offsets[i] : 0;
            }
            for (Kernels kernels : Kernels.available()) {
                assertThat(kernels.sum(page, OFFSET, width))
                        .as("%s, width %d", kernels.name(), width)
                        .isEqualTo(all);
                assertThat(kernels.sum(page, OFFSET, width, mask, 1))
                        .as("%s, width %d, masked", kernels.name(), width)
                        .isEqualTo(some);
            }
        }
    }

    @Test
    void rangesOfEveryWidthKeepExactlyTheirValues() {
        for (int width = 0; width <= 64; width++) {
            for (int round = 0; round < 8; round++) {
                MemorySegment page = block(width);
                long min = round == 0 ? 0 : offsets[random.nextInt(BitPack.BLOCK)];
                long max = round == 1 ? -1L : offsets[random.nextInt(BitPack.BLOCK)];
                long[] mask = randomMask();
                long[] expected = mask.clone();
                for (int i = 0; i < BitPack.BLOCK; i++) {
                    if (Long.compareUnsigned(offsets[i], min) < 0
                            || Long.compareUnsigned(offsets[i], max) > 0) {
                        expected[1 + (i >> 6)] &= ~(1L << i);
                    }
                }
                for (Kernels kernels : Kernels.available()) {
                    long[] found = mask.clone();
                    kernels.keepRange(page, OFFSET, width, min, max, found, 1);
                    assertThat(found)
                            .as("%s, width %d, [%d, %d]", kernels.name(), width, min, max)
                            .isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void theVectorApiIsUsedWhereTheJvmHasIt() {
        boolean present = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        assertThat(Kernels.create().name()).startsWith(present ? "vector" : "scalar");
        assertThat(Kernels.available()).hasSize(present ? 2 : 1);
    }
}
