package io.garrick.codec.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What the fuzzers once found stays repaired; a few inputs of a fixed seed run every time. */
final class FuzzRegressionTest {
    private static final int INPUTS = 400;
    private static final long SEED = 20_240_229;

    @TestFactory
    Stream<DynamicTest> pastFindingsStayRepaired() {
        return Corpus.findings().stream()
                .map(finding ->
                        DynamicTest.dynamicTest(
                                finding.fuzzer() + " " + HexFormat.of().formatHex(finding.input()),
                                () -> run(Fuzzers.named(finding.fuzzer()), finding.input())));
    }

    @TestFactory
    Stream<DynamicTest> everyFuzzerRunsAFewInputs() {
        List<byte[]> seeds = Corpus.seeds();
        return Fuzzers.ALL.stream()
                .map(fuzzer ->
                        DynamicTest.dynamicTest(
                                fuzzer.name(),
                                () -> {
                                    Mutator mutator = new Mutator(SEED, seeds);
                                    for (int i = 0; i < INPUTS; i++) {
                                        byte[] input = mutator.next();
                                        mutator.learn(input, run(fuzzer, input));
                                    }
                                }));
    }

    private static String run(Fuzzer fuzzer, byte[] input) {
        Judge.Verdict verdict = Judge.run(fuzzer, input);
        assertThat(verdict.finding())
                .describedAs("%s input %s", fuzzer.name(), HexFormat.of().formatHex(input))
                .isEmpty();
        return verdict.shape();
    }
}
