package io.garrick.consistency;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tool itself, for a short while. */
final class ConsistencyTest {
    private static final long SEED = Long.getLong("garrick.seed", 20_260_721L);

    @TempDir private Path directory;

    @Test
    void aShortRunUnderAllFaultsShowsNoAnomaly() throws Exception {
        Path json = directory.resolve("report.json");
        int code =
                Consistency.run(
                        new String[] {
                            "--target", "flashkv",
                            "--workload", "bank,register",
                            "--faults",
                                    "kill,partition,split,merge,transfer,pause,disturb,slowdisk",
                            "--seconds", "10",
                            "--seed", Long.toString(SEED),
                            "--json", json.toString()
                        });
        JsonNode report = new ObjectMapper().readTree(json.toFile());
        assertThat(report.path("findings")).as("seed %d", SEED).isEmpty();
        assertThat(code).isZero();
        assertThat(report.path("anomalies").asInt()).isZero();
        assertThat(report.path("successful_writes").asLong()).isPositive();
        assertThat(report.path("reads").asLong()).isPositive();
        assertThat(report.path("faults").path("kill").asInt()).isPositive();
    }

    @Test
    void theSeedDecidesTheSchedule() {
        List<Options.Fault> faults = List.of(Options.Fault.KILL, Options.Fault.MERGE);
        FaultSchedule schedule = FaultSchedule.of(faults, 60, SEED);
        assertThat(FaultSchedule.of(faults, 60, SEED)).isEqualTo(schedule);
        assertThat(FaultSchedule.of(faults, 60, SEED + 1)).isNotEqualTo(schedule);
        for (Options.Fault fault : faults) {
            assertThat(schedule.events())
                    .filteredOn(event -> event.fault() == fault)
                    .hasSizeGreaterThan(10);
        }
        assertThat(FaultSchedule.of(List.of(), 60, SEED).events()).isEmpty();
    }

    @Test
    void unknownWordsAreRefused() throws Exception {
        for (String[] args :
                List.of(
                        new String[] {"--workload", "banc"},
                        new String[] {"--faults", "kill,flood"},
                        new String[] {"--target", "tikv"},
                        new String[] {"--seconds", "0"},
                        new String[] {"--seed"},
                        new String[] {"--sed", "1"})) {
            assertThat(Consistency.run(args)).isEqualTo(2);
        }
        assertThat(Consistency.run(new String[] {"--help"})).isZero();
    }
}
