package io.garrick.mergetree.part;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class BitPackTest {
    @Test
    void blocksOfEveryWidthComeBackWholeAndOneByOne() {
        Random random = new Random(3);
        long[] words = new long[BitPack.BLOCK];
        long[] out = new long[BitPack.BLOCK];
        for (int width = 0; width <= 64; width++) {
            long base = random.nextLong();
            long[] values = new long[BitPack.BLOCK];
            for (int i = 0; i < values.length; i++) {
                values[i] = base + (width == 0 ? 0 : random.nextLong() >>> (64 - width));
            }
            BitPack.pack(values, 0, values.length, base, width, words);
            BitPack.unpack(words, width, base, out, 0);
            assertThat(out).as("width %d", width).isEqualTo(values);
            MemorySegment bytes = MemorySegment.ofArray(new byte[BitPack.blockBytes(64)]);
            MemorySegment.copy(words, 0, bytes, PageLayout.LONG, 0, BitPack.blockWords(width));
            for (int i = 0; i < values.length; i++) {
                assertThat(BitPack.get(bytes, PageLayout.LONG, 0, width, base, i))
                        .as("width %d value %d", width, i)
                        .isEqualTo(values[i]);
            }
        }
    }
}
