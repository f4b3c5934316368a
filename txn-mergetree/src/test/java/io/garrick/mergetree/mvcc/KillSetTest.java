package io.garrick.mergetree.mvcc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KillSetTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void masksAgreeWithAMapOfSmallestEnds(long seed) {
        Random random = new Random(seed);
        int rows = 20_000 + random.nextInt(100);
        KillSet set = KillSet.none(rows);
        Map<Integer, Long> model = new HashMap<>();
        for (int round = 0; round < 30; round++) {
            KillBuffer additions = new KillBuffer();
            int count = random.nextInt(round % 5 == 0 ? 8000 : 50);
            for (int i = 0; i < count; i++) {
                int row = random.nextInt(rows);
                long end = random.nextInt(1000);
                additions.add(row, end);
                model.merge(row, end, Math::min);
            }
            set = set.with(additions);
            check(set, model, random.nextInt(1100), random.nextInt(rows / 64) * 64, rows);
            check(set, model, Long.MAX_VALUE - 1, 0, rows);
        }
        KillSet copy = KillSet.none(rows).with(KillCodec.decode(KillCodec.encode(set.toBuffer())));
        check(copy, model, 500, 0, rows);
        assertThat(copy.folded().count()).isEqualTo(model.size());
        assertThat(copy.reclaimable(300))
                .isEqualTo((int) model.values().stream().filter(end -> end <= 300).count());
    }

    private static void check(KillSet set, Map<Integer, Long> model, long ts, int from, int rows) {
        int to = Math.min(rows, from + 8192);
        long[] words = new long[(to - from + 63) / 64 + 1];
        words[words.length - 1] = 42;
        set.alive(ts, from, to, words, 0);
        for (int row = from; row < to; row++) {
            long end = model.getOrDefault(row, KillSet.NEVER);
            boolean alive = (words[(row - from) >> 6] >>> (row - from) & 1) != 0;
            assertThat(alive).as("row %d ts %d", row, ts).isEqualTo(ts < end);
            assertThat(set.end(row)).isEqualTo(end);
        }
        int tail = (to - from) % 64;
        if (tail != 0) {
            assertThat(words[words.length - 2] >>> tail).isZero();
        }
        assertThat(words[words.length - 1]).isEqualTo(42);
    }
}
