package io.garrick.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A few seeds of {@code ./dev sim}; the whole run is a word of the toolbox. */
class SimTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private int sim(String... args) {
        return Sim.run(List.of(args), new PrintStream(bytes, true, StandardCharsets.UTF_8));
    }

    private String output() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aHundredHistoriesHold() {
        assertThat(sim("--seeds", "100")).as(output()).isZero();
        assertThat(output()).endsWith("seeds 100 failed 0\n");
    }

    @Test
    void aSeedRepeatsStepByStep() {
        sim("--seed", "7");
        String first = output();
        bytes.reset();
        sim("--seed", "7");
        assertThat(output()).isEqualTo(first).contains("leader: ", "apply ", "recovered ");
    }

    @Test
    void everyPlantedBugIsFound() {
        assertThat(sim("--plant", "all")).as(output()).isZero();
    }

    @Test
    void anUnknownOptionIsRefused() {
        assertThat(sim("--plant", "nothing")).isEqualTo(2);
        assertThat(output()).contains("no planted bug nothing");
    }
}
