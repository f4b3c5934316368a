package io.garrick.peer;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Builds the cargo project, if there is a cargo and crates.io or a local copy of it. */
final class CargoBuild {
    /** How it went. */
    sealed interface Result {
        record Built(Path binary) implements Result {}

        /** This machine cannot build it. */
        record Impossible(String reason) implements Result {}

        /** It could, but the project does not compile. */
        record Failed(String reason) implements Result {}
    }

    private static final String BINARY = "garrick-raft-rs-peer";

    private final Path project;
    private final Instant deadline;

    private CargoBuild(Path project, Instant deadline) {
        this.project = project;
        this.deadline = deadline;
    }

    static Result build(Path project, Duration limit) throws IOException, InterruptedException {
        Optional<Path> cargo = findCargo();
        if (cargo.isEmpty()) {
            return new Result.Impossible("no cargo on the PATH or in ~/.cargo/bin");
        }
        return new CargoBuild(project, Instant.now().plus(limit)).with(cargo.get().toString());
    }

    private Result with(String cargo) throws IOException, InterruptedException {
        // Reaching crates.io is one step, compiling another: only the first may fail innocently.
        Optional<String> fetched = run(List.of(cargo, "fetch", "--locked"));
        if (fetched.isPresent()) {
            return new Result.Impossible("cargo fetch: " + fetched.get());
        }
        Optional<String> built = run(List.of(cargo, "build", "--release", "--locked", "--offline"));
        if (built.isPresent()) {
            return Instant.now().isAfter(deadline)
                    ? new Result.Impossible("cargo build: " + built.get())
                    : new Result.Failed("cargo build: " + built.get());
        }
        return new Result.Built(project.resolve("target/release").resolve(BINARY));
    }

    /** Runs it to its end or the deadline; empty if it succeeded, else why not. */
    private Optional<String> run(List<String> command) throws IOException, InterruptedException {
        Path log = Files.createTempFile("garrick-cargo", ".log");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(new ArrayList<>(command))
                            .directory(project.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile());
            builder.environment().put("CARGO_TARGET_DIR", project.resolve("target").toString());
            builder.environment().putIfAbsent("CARGO_NET_RETRY", "1");
            Process process = builder.start();
            long millis = Math.max(1, Duration.between(Instant.now(), deadline).toMillis());
            if (!process.waitFor(millis, TimeUnit.MILLISECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
                return Optional.of("not done within the time limit");
            }
            return process.exitValue() == 0 ? Optional.empty() : Optional.of(reason(log));
        } finally {
            Files.delete(log);
        }
    }

    private static String reason(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log).stream().filter(l -> !l.isBlank()).toList();
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    }

    private static Optional<Path> findCargo() {
        List<Path> places = new ArrayList<>();
        for (String place :
                System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            places.add(Path.of(place));
        }
        places.add(Path.of(System.getProperty("user.home"), ".cargo", "bin"));
        return places.stream()
                .map(place -> place.resolve("cargo"))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
