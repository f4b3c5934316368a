package io.garrick.flashkv.pd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.Timestamp;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Timestamps against a clock that jumps and a process that dies. */
final class TsoOracleTest {
    private static final class Wall implements InstantSource {
        private long millis = 1_000_000;

        @Override
        public Instant instant() {
            return Instant.ofEpochMilli(millis);
        }
    }

    private static final class Disk implements TsoOracle.Window {
        private long saved;
        private int saves;

        @Override
        public long load() {
            return saved;
        }

        @Override
        public void save(long millis) {
            assertThat(millis).isGreaterThan(saved);
            saved = millis;
            saves++;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void timestampsStrictlyIncreaseWhateverTheClockDoes(long seed) {
        Random random = new Random(seed);
        Wall wall = new Wall();
        Disk disk = new Disk();
        TsoOracle oracle = new TsoOracle(wall, disk);
        Timestamp last = Timestamp.ZERO;
        for (int i = 0; i < 5_000; i++) {
            switch (random.nextInt(20)) {
                case 0 -> wall.millis -= random.nextInt(20_000);
                case 1 -> wall.millis += random.nextInt(20_000);
                case 2 -> oracle = new TsoOracle(wall, disk);
                default -> wall.millis += random.nextInt(2);
            }
            int count = 1 + random.nextInt(random.nextInt(10) == 0 ? 200_000 : 10);
            Timestamp end = oracle.take(count);
            Timestamp first = new Timestamp(end.value() - count + 1);
            assertThat(first).as("seed %d step %d", seed, i).isGreaterThan(last);
            assertThat(first.physicalMillis()).isEqualTo(end.physicalMillis());
            assertThat(end.physicalMillis()).isLessThan(disk.saved);
            last = end;
        }
        assertThat(disk.saves).isLessThan(5_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1 << 18})
    void aBatchThatNoMillisecondHoldsIsRefused(int count) {
        TsoOracle oracle = new TsoOracle(new Wall(), new Disk());

        assertThatThrownBy(() -> oracle.take(count)).isInstanceOf(IllegalArgumentException.class);
    }
}
