package io.garrick.toolchain;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Builds a peer of another language below {@code integration-tests/peers}, if its tool is here and
 * its registry can be reached.
 */
public final class PeerBuild {
    /** How it went. */
    public sealed interface Result {
        /** The program is there. */
        record Built(Path binary) implements Result {}

        /** This machine cannot build it. */
        record Impossible(String reason) implements Result {}

        /** It could, but the project does not compile. */
        record Failed(String reason) implements Result {}
    }

    /**
     * A peer.
     *
     * @param directory below {@code integration-tests/peers}
     * @param tool the program that builds it
     * @param usualPlaces where the tool is found if not on the PATH, relative to the home directory
     *     unless absolute
     * @param fetch the tool's arguments that need the registry and nothing else
     * @param compile the tool's arguments that need no registry any more
     * @param binary the program, relative to the directory
     * @param environment for both
     */
    public record Project(
            String directory,
            String tool,
            List<String> usualPlaces,
            List<String> fetch,
            List<String> compile,
            String binary,
            Map<String, String> environment) {}

    private final Project project;
    private final Path directory;
    private final Instant deadline;

    private PeerBuild(Project project, Path directory, Instant deadline) {
        this.project = project;
        this.directory = directory;
        this.deadline = deadline;
    }

    /** Builds what is not yet built. */
    public static Result build(Project project, Duration limit)
            throws IOException, InterruptedException {
        Optional<Path> tool = find(project);
        if (tool.isEmpty()) {
            return new Result.Impossible(
                    "no "
                            + project.tool()
                            + " on the PATH or in "
                            + String.join(", ", project.usualPlaces()));
        }
        return new PeerBuild(
                        project, peers().resolve(project.directory()), Instant.now().plus(limit))
                .with(tool.get().toString());
    }

    private Result with(String tool) throws IOException, InterruptedException {
        // Reaching the registry is one step, compiling another: only the first may fail innocently.
        Optional<String> fetched = run(tool, project.fetch());
        if (fetched.isPresent()) {
            return new Result.Impossible(fetched.get());
        }
        Optional<String> built = run(tool, project.compile());
        if (built.isPresent()) {
            return Instant.now().isAfter(deadline)
                    ? new Result.Impossible(built.get())
                    : new Result.Failed(built.get());
        }
        return new Result.Built(directory.resolve(project.binary()));
    }

    /** Runs it to its end or the deadline; empty if it succeeded, else why not. */
    private Optional<String> run(String tool, List<String> arguments)
            throws IOException, InterruptedException {
        Path log = Files.createTempFile("garrick-build", ".log");
        try {
            List<String> command = new ArrayList<>(List.of(tool));
            command.addAll(arguments);
            ProcessBuilder builder =
                    new ProcessBuilder(command)
                            .directory(directory.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile());
            builder.environment().putAll(project.environment());
            Process process = builder.start();
            long millis = Math.max(1, Duration.between(Instant.now(), deadline).toMillis());
            if (!process.waitFor(millis, TimeUnit.MILLISECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
                return Optional.of(described(arguments, "not done within the time limit"));
            }
            return process.exitValue() == 0
                    ? Optional.empty()
                    : Optional.of(described(arguments, lastLines(log)));
        } finally {
            Files.delete(log);
        }
    }

    private String described(List<String> arguments, String reason) {
        return project.tool() + " " + arguments.getFirst() + ": " + reason;
    }

    private static String lastLines(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log).stream().filter(l -> !l.isBlank()).toList();
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    }

    private static Optional<Path> find(Project project) {
        List<Path> places = new ArrayList<>();
        for (String place :
                System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            places.add(Path.of(place));
        }
        Path home = Path.of(System.getProperty("user.home"));
        project.usualPlaces().forEach(place -> places.add(home.resolve(place)));
        return places.stream()
                .map(place -> place.resolve(project.tool()))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Where the sources of the peers are: beside this module's {@code target}. */
    private static Path peers() {
        try {
            Path classes =
                    Path.of(
                            PeerBuild.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI());
            Path target = classes.toAbsolutePath().getParent();
            if (target == null || target.getParent() == null) {
                throw new IllegalStateException(
                        "not run from integration-tests/target: " + classes);
            }
            return target.getParent().resolve("peers");
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
