package io.garrick.codec.vectors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VectorRunnerTest {
    private static final String HEADER = "id\top\thex\texpected\torigin\tsource\tnote\n";

    @TempDir Path directory;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @Test
    void theProjectsOwnCasesHold() throws IOException {
        Path cases = Path.of("src/test/resources/cases");
        VectorRunner.Sum sum = run(cases, false);
        assertThat(sum.failed()).describedAs(text()).isZero();
        assertThat(sum.passed()).isGreaterThan(100);
    }

    /** No registry package has their weights, so these refuse to compare instead of guessing. */
    private static final String REFUSED =
            ".*UnsupportedCollationException: unsupported collation for comparison: "
                    + "((gbk|gb18030)_chinese_ci|utf8mb4_unicode_ci)";

    @Test
    void everyVectorOfTheReferenceHoldsOrItsCollationRefuses() throws IOException {
        String shared = System.getenv("GARRICK_SHARED");
        Path root = shared == null ? Path.of("../../shared") : Path.of(shared);
        Path vectors = root.resolve("reference/vectors");
        if (!Files.isDirectory(vectors)) {
            System.out.println("SKIPPED vectors: no directory " + vectors);
        }
        assumeTrue(Files.isDirectory(vectors), "SKIPPED vectors: no directory " + vectors);
        VectorRunner.Sum sum = run(vectors, false);
        assertThat(text().lines().filter(line -> line.startsWith("FAILED")))
                .allMatch(line -> line.matches(REFUSED));
        assertThat(sum.passed()).isPositive();
    }

    @Test
    void anEmptyDirectoryIsAFailure() throws IOException {
        assertThat(run(directory, false)).isEqualTo(new VectorRunner.Sum(0, 1));
    }

    @Test
    void whatIsNotKnownOrNotReadableIsAFailure() throws IOException {
        Files.writeString(
                directory.resolve("a.tsv"),
                HEADER
                        + "a-1\tint_cmp\t8000000000000001\t1\tx\tx\t\n"
                        + "a-2\tint_cmp\t8000000000000001\t2\tx\tx\t\n"
                        + "a-3\tno_such_op\t80\t1\tx\tx\t\n"
                        + "a-4\tint_cmp\n"
                        + "a-5\tint_cmp\tzz\t1\tx\tx\t\n");
        Files.writeString(directory.resolve("b.tsv"), HEADER);
        Files.writeString(directory.resolve("c.tsv"), "nothing here\n");
        assertThat(run(directory, false)).isEqualTo(new VectorRunner.Sum(1, 6));
        assertThat(text()).contains("a passed 1 failed 4\n", "vectors passed 1 failed 6\n");
    }

    @Test
    void vectorsThatExpectNothingAreAnsweredOnRequest() throws IOException {
        Files.writeString(
                directory.resolve("a.tsv"),
                """
                id\top\thex\torigin\tsource\tnote
                a-1\tint_cmp\t8000000000000001\tx\tx\t
                a-2\tdatums_key\t05c009333333333333\tx\tx\t
                a-3\tjson_double\t0b0080e03779c34143\tx\tx\t
                """);
        run(directory, true);
        assertThat(text()).contains("a-1\t1\n", "a-2\t[[\"float\",3.15]]\n", "a-3\t1e+16\n");
    }

    @Test
    void anAnswerThatNeedsMoreThanBytesTakesItFromAColumnOfInputs() throws IOException {
        Files.writeString(
                directory.resolve("a.tsv"),
                """
                id\top\thex\tinputs
                a-1\tenum_row_v2\t02\t{"elems":["y","n"]}
                a-2\tsort_key\t61\t{"collation":"utf8mb4_bin","input":"a "}
                a-3\tsort_key\t\t
                """);
        assertThat(run(directory, true).failed()).isEqualTo(1);
        assertThat(text()).contains("a-1\t{\"elems\":[\"y\",\"n\"],\"value\":\"n\"}\n");
        assertThat(text()).contains("FAILED a-3: no answer");
    }

    private VectorRunner.Sum run(Path from, boolean emit) throws IOException {
        return new VectorRunner(new PrintStream(printed, true, UTF_8), emit).run(from);
    }

    private String text() {
        return printed.toString(UTF_8);
    }
}
