package io.garrick.raft.scripts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.garrick.raft.scripts.RaftScripts.Outcome;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class RaftScriptsTest {
    private static final PrintStream SILENT =
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);

    /** etcd's scripts are not part of this repository: beside it, or where GARRICK_SHARED says. */
    private static Path scripts() {
        String shared = System.getenv("GARRICK_SHARED");
        Path root = Path.of("").toAbsolutePath();
        if (root.endsWith("raft") && Files.exists(root.resolveSibling("pom.xml"))) {
            root = root.resolveSibling("");
        }
        Path base = shared == null ? root.resolve("../shared") : Path.of(shared);
        return base.resolve("reference/raft-testdata").normalize();
    }

    @TestFactory
    Stream<DynamicTest> etcdsScriptsPrintWhatTheyExpect() {
        Path folder = scripts();
        if (!Files.isDirectory(folder)) {
            System.out.println("SKIPPED raft-scripts: no folder " + folder);
        }
        assumeTrue(Files.isDirectory(folder), "no folder " + folder);
        Map<String, Outcome> outcomes = RaftScripts.runAll(folder);
        assertThat(outcomes).isNotEmpty();
        return outcomes.entrySet().stream()
                .map(script ->
                        DynamicTest.dynamicTest(
                                script.getKey(),
                                () ->
                                        assertThat(script.getValue())
                                                .isNotInstanceOf(Outcome.Failed.class)));
    }

    @Test
    void atMostThreeScriptsAreLeftOutEachForAReason() {
        assertThat(RaftScripts.leftOut()).hasSizeLessThanOrEqualTo(3);
        assertThat(RaftScripts.leftOut().values()).allMatch(reason -> reason.length() > 10);
    }

    @Test
    void wrongOutputAnUnknownCommandAndAnEmptyScriptFail() {
        assertThat(run("vote cfg=(1) votes=(y)", "----", "VoteLost"))
                .isInstanceOf(Outcome.Failed.class);
        assertThat(run("vote cfg=(1) votes=(y)", "----", "VoteWon"))
                .isInstanceOf(Outcome.Passed.class);
        assertThat(run("dance", "----", "ok")).isInstanceOf(Outcome.Failed.class);
        assertThat(run("# nothing here")).isInstanceOf(Outcome.Failed.class);
    }

    private static Outcome run(String... lines) {
        return RaftScripts.run(Directive.parse(List.of(lines)), new QuorumScript());
    }

    @Test
    void anEmptyFolderFails(@TempDir Path empty) throws IOException {
        assertThat(RaftScripts.runAll(empty)).isEmpty();
        assertThat(RaftScripts.report(empty, SILENT)).isFalse();
        Files.createDirectory(empty.resolve("interaction"));
        Files.writeString(empty.resolve("interaction/none.txt"), "");
        assertThat(RaftScripts.report(empty, SILENT)).isFalse();
    }
}
