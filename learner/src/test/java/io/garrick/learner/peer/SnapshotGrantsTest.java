package io.garrick.learner.peer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How many snapshots may be on their way here. */
final class SnapshotGrantsTest {
    private final SnapshotGrants grants = new SnapshotGrants();

    @Test
    void thereIsALimitThatFinishedAndLapsedSnapshotsMakeRoomIn() {
        for (int region = 0; region < 32; region++) {
            assertThat(grants.take(region, 0)).isTrue();
        }
        assertThat(grants.take(100, 0)).isFalse();
        assertThat(grants.take(31, 50)).as("one that is granted already").isTrue();
        grants.giveBack(0);
        assertThat(grants.take(100, 50)).isTrue();
        assertThat(grants.take(101, 60)).isFalse();
        // 61 ticks after they were granted, those of tick 0 have lapsed; the two later ones live.
        assertThat(grants.take(101, 61)).isTrue();
        assertThat(grants.count()).isEqualTo(3);
    }
}
