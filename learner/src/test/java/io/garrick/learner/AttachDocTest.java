package io.garrick.learner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of difficult cases in docs/attach.md promises tests. */
final class AttachDocTest {
    private static final int CASES = 50;
    private static final Pattern TEST = Pattern.compile("`(\\w+Test)\\.(\\w+)`");
    private static final Pattern NUMBERED = Pattern.compile("^\\| (\\d+) \\|.*");

    private static Path root() {
        Path here = Path.of("").toAbsolutePath();
        while (!Files.exists(here.resolve("docs/attach.md"))) {
            here = here.getParent();
            if (here == null) {
                throw new IllegalStateException("docs/attach.md is not above this directory");
            }
        }
        return here;
    }

    private static Map<String, String> testSources(Path root) throws IOException {
        Map<String, String> sources = new TreeMap<>();
        List<Path> modules;
        try (Stream<Path> entries = Files.list(root)) {
            modules = entries.map(module -> module.resolve("src/test/java")).toList();
        }
        for (Path module : modules) {
            if (!Files.isDirectory(module)) {
                continue;
            }
            try (Stream<Path> files = Files.walk(module)) {
                for (Path file : files.filter(f -> f.toString().endsWith("Test.java")).toList()) {
                    String name = String.valueOf(file.getFileName()).replace(".java", "");
                    sources.merge(name, Files.readString(file), String::concat);
                }
            }
        }
        return sources;
    }

    @Test
    void everyCaseHasARowAndEveryRowATestThatExists() throws IOException {
        Path root = root();
        Map<String, String> sources = testSources(root);
        List<Integer> cases = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (String line : Files.readAllLines(root.resolve("docs/attach.md"))) {
            Matcher numbered = NUMBERED.matcher(line);
            boolean isCase = numbered.matches();
            if (isCase) {
                cases.add(Integer.parseInt(numbered.group(1)));
            }
            Matcher test = TEST.matcher(line);
            boolean named = false;
            while (test.find()) {
                named = true;
                String source = sources.getOrDefault(test.group(1), "");
                if (!source.contains("void " + test.group(2) + "(")) {
                    missing.add(test.group());
                }
            }
            if (isCase && !named) {
                missing.add(line);
            }
        }
        assertThat(missing).isEmpty();
        assertThat(cases).isEqualTo(IntStream.rangeClosed(1, CASES).boxed().toList());
    }
}
