package io.garrick.codec.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Jazzer in a process of its own, for it ends the process it runs in. It measures which branches an
 * input takes and prefers inputs that take new ones.
 *
 * <p>Closing waits for the process to end and removes its folder.
 */
final class JazzerRun implements AutoCloseable {
    /** Starting and instrumenting takes some ten seconds. */
    static final int SHORTEST_SECONDS = 20;

    private static final int START_SECONDS = 10;
    private static final int PATIENCE_SECONDS = 60;

    private final @Nullable Process process;
    private final @Nullable Path folder;

    private JazzerRun(@Nullable Process process, @Nullable Path folder) {
        this.process = process;
        this.folder = folder;
    }

    static JazzerRun start(int seconds, long seed, List<Fuzzer> fuzzers) throws IOException {
        if (seconds < SHORTEST_SECONDS) {
            return new JazzerRun(null, null);
        }
        Path folder = Files.createTempDirectory("garrick-fuzz");
        Path corpus = Files.createDirectory(folder.resolve("corpus"));
        writeSeeds(corpus, fuzzers);
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--"))
                .forEach(command::add);
        command.addAll(
                List.of(
                        "-Xmx1g",
                        "-Xss2m",
                        "-XX:+EnableDynamicAgentLoading",
                        "-Dgarrick.fuzz.report=" + folder.resolve("report"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + JazzerTarget.class.getName(),
                        "--instrumentation_includes=io.garrick.codec.**",
                        "--instrumentation_excludes=io.garrick.codec.fuzz.**",
                        "--custom_hook_includes=io.garrick.codec.**",
                        "-max_total_time=" + (seconds - START_SECONDS),
                        "-max_len=4096",
                        "-rss_limit_mb=0",
                        "-seed=" + (seed & 0x7fff_ffff),
                        corpus.toString()));
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("output").toFile())
                        .start();
        return new JazzerRun(process, folder);
    }

    /** For each fuzzer one input for every way out. */
    private static void writeSeeds(Path corpus, List<Fuzzer> fuzzers) throws IOException {
        int number = 0;
        for (Fuzzer fuzzer : fuzzers) {
            Set<String> shapes = new HashSet<>();
            for (byte[] input : Corpus.seeds()) {
                if (shapes.add(Judge.run(fuzzer, input).shape())) {
                    byte[] seed = new byte[input.length + 1];
                    seed[0] = (byte) Fuzzers.ALL.indexOf(fuzzer);
                    System.arraycopy(input, 0, seed, 1, input.length);
                    Files.write(corpus.resolve("seed" + number++), seed);
                }
            }
        }
    }

    /** Waits for the end and adds what the process counted and found. */
    void addTo(Report report) throws IOException, InterruptedException {
        if (process == null || folder == null) {
            return;
        }
        boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        Path file = folder.resolve("report");
        boolean isComplete = false;
        for (String line :
                Files.exists(file) ? Files.readAllLines(file, UTF_8) : List.<String>of()) {
            String[] cells = line.split("\t", -1);
            switch (cells[0]) {
                case "finding" ->
                        report.finding(
                                cells[1],
                                HexFormat.of().parseHex(cells[2]),
                                cells[3].replace('\u2028', '\n'));
                case "executions" -> {
                    report.of(cells[1]).guided += Long.parseLong(cells[2]);
                    isComplete = true;
                }
                default -> throw new IllegalStateException("a report with " + line);
            }
        }
        if (!ended || !isComplete) {
            String output = Files.readString(folder.resolve("output"), UTF_8);
            throw new IllegalStateException("Jazzer ended without a report:\n" + output);
        }
    }

    @Override
    public void close() throws IOException {
        if (process != null) {
            process.destroyForcibly();
        }
        if (folder != null) {
            try (Stream<Path> tree = Files.walk(folder)) {
                tree.sorted(Comparator.reverseOrder()).forEach(JazzerRun::delete);
            }
        }
    }

    private static void delete(Path path) {
        try {
            Files.delete(path);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
