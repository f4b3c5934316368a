package io.garrick.mergetree.compaction;

import static io.garrick.mergetree.compaction.CompactionPolicy.Effort.BUSY;
import static io.garrick.mergetree.compaction.CompactionPolicy.Effort.IDLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.mergetree.compaction.CompactionPolicy.Candidate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CompactionPolicyTest {
    private static final int BIG = 1_000_000;
    private final CompactionPolicy policy = new CompactionPolicy(4, 4_000_000, 0.3);

    private static List<Candidate> alike(int count, int rows, int dead) {
        List<Candidate> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            parts.add(new Candidate(100 + i, rows, 0, dead));
        }
        return parts;
    }

    @Test
    void aTierIsMergedOnceItIsFull() {
        assertThat(policy.choose(alike(3, 10_000, 0), BUSY)).isEmpty();
        assertThat(policy.choose(alike(4, 10_000, 0), BUSY)).hasSize(4);
    }

    @Test
    void historyIsNotMergedWithWhatIsAlive() {
        List<Candidate> mixed = alike(3, 10_000, 0);
        mixed.add(new Candidate(7, 10_000, 0, 10_000));
        assertThat(policy.choose(mixed, BUSY)).isEmpty();
        assertThat(policy.choose(alike(4, 10_000, 10_000), BUSY)).hasSize(4);
    }

    @Test
    void aLargePartWithManyDeadRowsIsRewrittenToPutThemApart() {
        assertThat(policy.choose(List.of(new Candidate(1, BIG, 0, 310_000)), BUSY))
                .containsExactly(1L);
        assertThat(policy.choose(List.of(new Candidate(1, BIG, 0, 150_000)), BUSY)).isEmpty();
        assertThat(policy.choose(List.of(new Candidate(1, BIG, 0, 150_000)), IDLE))
                .containsExactly(1L);
        // Once apart, they stay where they are.
        assertThat(policy.choose(List.of(new Candidate(1, BIG, 0, BIG)), IDLE)).isEmpty();
    }

    @Test
    void garbageIsDroppedFirst() {
        List<Candidate> parts = alike(4, 10_000, 0);
        parts.add(new Candidate(1, BIG, 300_000, 300_000));
        assertThat(policy.choose(parts, BUSY)).containsExactly(1L);
    }
}
