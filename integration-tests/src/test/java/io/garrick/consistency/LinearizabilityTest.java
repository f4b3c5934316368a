package io.garrick.consistency;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The checker itself: recorded histories with their verdicts, and every order tried by force. */
final class LinearizabilityTest {
    private static final long SEED = Long.getLong("garrick.seed", 20_260_721L);

    @TestFactory
    Stream<DynamicTest> recordedHistories() throws IOException {
        String text;
        try (InputStream in =
                Objects.requireNonNull(
                        LinearizabilityTest.class.getResourceAsStream("histories.cases"))) {
            text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        return Splitter.on("\n\n")
                .splitToStream(text)
                .filter(block -> block.contains("----"))
                .map(block -> {
                    List<String> lines = Splitter.on('\n').omitEmptyStrings().splitToList(block);
                    String name = lines.getFirst().substring(2);
                    List<RegisterOp> history =
                            lines.stream()
                                    .takeWhile(line -> !line.equals("----"))
                                    .filter(line -> !line.startsWith("#"))
                                    .map(LinearizabilityTest::parse)
                                    .toList();
                    return DynamicTest.dynamicTest(
                            name,
                            () -> {
                                String verdict =
                                        Linearizability.holds(history) ? "linearizable" : "anomaly";
                                assertThat(verdict).isEqualTo(lines.getLast());
                                assertThat(byForce(history, new ArrayList<>(), RegisterOp.EMPTY))
                                        .isEqualTo(verdict.equals("linearizable"));
                            });
                });
    }

    private static RegisterOp parse(String line) {
        List<String> words = Splitter.on(' ').splitToList(line);
        int at = words.getFirst().equals("update") ? 3 : 2;
        long invoked = Long.parseLong(words.get(at));
        long returned =
                words.get(at + 1).equals("unknown")
                        ? RegisterOp.NEVER
                        : Long.parseLong(words.get(at + 1));
        long value = Long.parseLong(words.get(1));
        return switch (words.getFirst()) {
            case "read" -> RegisterOp.read(value, invoked, returned);
            case "write" -> RegisterOp.write(value, invoked, returned);
            case "update" ->
                    RegisterOp.update(value, Long.parseLong(words.get(2)), invoked, returned);
            default -> throw new IllegalArgumentException(line);
        };
    }

    /** Tries all orders; exponential. */
    private static boolean byForce(List<RegisterOp> left, List<RegisterOp> done, long value) {
        if (left.stream().allMatch(RegisterOp::isUnknown)) {
            return true;
        }
        for (RegisterOp op : left) {
            boolean mayBeNext = left.stream().allMatch(other -> other.returned() >= op.invoked());
            if (mayBeNext && (!op.reads() || op.expected() == value)) {
                List<RegisterOp> rest = new ArrayList<>(left);
                rest.remove(op);
                if (byForce(rest, done, op.writes() ? op.written() : value)) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void theSearchAgreesWithTryingAllOrders() {
        SplittableRandom random = new SplittableRandom(SEED);
        int holding = 0;
        int rounds = 4000;
        for (int round = 0; round < rounds; round++) {
            List<RegisterOp> history = randomHistory(random);
            boolean expected = byForce(history, new ArrayList<>(), RegisterOp.EMPTY);
            holding += expected ? 1 : 0;
            assertThat(Linearizability.holds(history))
                    .as("seed %d%n%s", SEED, Linearizability.describe(history))
                    .isEqualTo(expected);
        }
        assertThat(holding).isBetween(rounds / 10, rounds * 9 / 10);
    }

    /** Values that were written, at times that overlap: often possible, often not. */
    private static List<RegisterOp> randomHistory(SplittableRandom random) {
        int count = 2 + random.nextInt(6);
        List<RegisterOp> history = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long invoked = random.nextInt(12);
            long returned =
                    random.nextInt(5) == 0 ? RegisterOp.NEVER : invoked + 1 + random.nextInt(8);
            long read = random.nextInt(4);
            history.add(
                    switch (random.nextInt(3)) {
                        case 0 -> RegisterOp.read(read, invoked, invoked + 1 + random.nextInt(8));
                        case 1 -> RegisterOp.write(i + 1, invoked, returned);
                        default -> RegisterOp.update(read, i + 1, invoked, returned);
                    });
        }
        return history;
    }

    @Test
    void aLongHistoryWithManyClientsIsDecided() {
        SplittableRandom random = new SplittableRandom(SEED);
        List<RegisterOp> history = new ArrayList<>();
        long value = RegisterOp.EMPTY;
        for (int i = 1; i <= 20_000; i++) {
            // Each takes effect at 100 i, and may overlap with several others.
            long invoked = 100L * i - random.nextInt(800);
            long returned = 100L * i + 1 + random.nextInt(800);
            if (random.nextBoolean()) {
                history.add(RegisterOp.read(value, invoked, returned));
            } else {
                value = i;
                history.add(RegisterOp.write(value, invoked, returned));
            }
        }
        assertThat(Linearizability.holds(history)).isTrue();
        history.add(RegisterOp.read(1_000_000, 5_000, 6_000));
        assertThat(Linearizability.holds(history)).isFalse();
    }
}
