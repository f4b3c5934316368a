package io.garrick.learner.peer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Up to which ts a region may be read without its leader. */
final class SafeTsTest {
    private final SafeTs safe = new SafeTs();

    @Test
    void aPromiseCountsOnceItsIndexIsApplied() {
        safe.promise(10, 100, 9);
        assertThat(safe.at(9)).isZero();
        assertThat(safe.at(10)).isEqualTo(100);
        assertThat(safe.ofLeader()).isEqualTo(100);
    }

    @Test
    void promisesOfAppliedIndexesCountAtOnceAndNeverGoBack() {
        safe.promise(10, 100, 12);
        safe.promise(9, 90, 12);
        assertThat(safe.at(12)).isEqualTo(100);
    }

    @Test
    void severalPromisesComeTrueOneAfterTheOther() {
        safe.promise(10, 100, 5);
        safe.promise(20, 200, 5);
        safe.promise(30, 300, 5);
        assertThat(safe.at(19)).isEqualTo(100);
        assertThat(safe.at(20)).isEqualTo(200);
        assertThat(safe.ofLeader()).isEqualTo(300);
    }

    @Test
    void aFloodOfPromisesKeepsTheNewest() {
        for (int i = 1; i <= 1000; i++) {
            safe.promise(10 + i, 100 + i, 5);
        }
        assertThat(safe.at(1010)).isEqualTo(1100);
    }

    @Test
    void afterAMergeOnlyNewPromisesCount() {
        safe.promise(10, 100, 10);
        safe.restartAt(20);
        assertThat(safe.at(20)).isZero();
        safe.promise(15, 150, 20);
        assertThat(safe.at(20)).isZero();
        safe.promise(20, 200, 20);
        assertThat(safe.at(20)).isEqualTo(200);
    }
}
