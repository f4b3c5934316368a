package io.garrick.learner.peer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How much may wait for a worker. */
final class AppendBudgetTest {
    private final AppendBudget budget = new AppendBudget(100);

    @Test
    void anAppendBeyondTheBudgetIsNotTakenAndTakesNothing() {
        assertThat(budget.take(60, true)).isTrue();
        assertThat(budget.take(60, true)).isFalse();
        assertThat(budget.usedBytes()).isEqualTo(60);
        assertThat(budget.take(40, true)).isTrue();
        budget.giveBack(60);
        assertThat(budget.take(60, true)).isTrue();
        assertThat(budget.usedBytes()).isEqualTo(100);
    }

    @Test
    void heartbeatsAlwaysPass() {
        assertThat(budget.take(100, true)).isTrue();
        assertThat(budget.take(10, false)).isTrue();
        assertThat(budget.usedBytes()).isEqualTo(110);
    }

    @Test
    void anAppendLargerThanTheBudgetPassesWhenNothingElseWaits() {
        assertThat(budget.take(1, true)).isTrue();
        assertThat(budget.take(500, true)).isFalse();
        budget.giveBack(1);
        assertThat(budget.take(500, true)).isTrue();
    }
}
