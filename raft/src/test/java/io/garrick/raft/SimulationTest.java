package io.garrick.raft;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * Random histories. More of them: {@code -Draft.sim.seeds=1000}; one again: {@code
 * -Draft.sim.first=SEED -Draft.sim.seeds=1}.
 */
class SimulationTest {
    private static final long FIRST = Long.getLong("raft.sim.first", 1);
    private static final long SEEDS = Long.getLong("raft.sim.seeds", 300);
    private static final int STEPS = Integer.getInteger("raft.sim.steps", 5000);

    @Test
    void noHistoryBreaksAPromise() {
        int reads = 0;
        int confChanges = 0;
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            Simulation simulation = new Simulation(seed);
            try {
                simulation.run(STEPS);
            } catch (Throwable failure) {
                throw new AssertionError("seed " + seed + ": " + failure.getMessage(), failure);
            }
            reads += simulation.readsAnswered;
            confChanges += simulation.confChanges;
        }
        System.out.println(
                "raft simulation seeds=%d..%d reads=%d confChanges=%d"
                        .formatted(FIRST, FIRST + SEEDS - 1, reads, confChanges));
        // The histories must be eventful, or they prove nothing.
        assertThat(reads).isPositive();
        assertThat(confChanges).isPositive();
    }
}
