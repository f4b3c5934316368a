package io.garrick.server.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Timestamp;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When PD is asked to keep old versions. */
final class LongReadsTest {
    private static final long SECOND = 1_000_000_000L;

    private final List<String> asked = new ArrayList<>();
    private long now;
    private final LongReads reads =
            new LongReads(
                    new LongReads.Hold() {
                        @Override
                        public boolean from(Timestamp ts) {
                            asked.add("from " + ts.value());
                            return true;
                        }

                        @Override
                        public void end() {
                            asked.add("end");
                        }
                    },
                    () -> now);

    private void lookAfter(long seconds) {
        now += seconds * SECOND;
        reads.look();
    }

    @Test
    void shortReadsAskForNothing() {
        Runnable ended = reads.open(new Timestamp(100));
        lookAfter(10);
        ended.run();
        lookAfter(60);
        assertThat(asked).isEmpty();
    }

    @Test
    void theOldestLongReadIsHeldAndRenewedUntilItEnds() {
        Runnable first = reads.open(new Timestamp(100));
        Runnable second = reads.open(new Timestamp(200));
        lookAfter(30);
        lookAfter(10);
        first.run();
        first.run();
        lookAfter(10);
        second.run();
        lookAfter(10);
        lookAfter(10);
        assertThat(asked).containsExactly("from 100", "from 100", "from 200", "end");
    }
}
