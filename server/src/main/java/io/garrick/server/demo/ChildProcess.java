package io.garrick.server.demo;

import io.garrick.server.UserError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Another {@code garrick} process. It announces itself on standard output by lines {@code
 * key=value}; its log goes to a file. It ends when this process ends, because it watches its
 * standard input.
 */
public final class ChildProcess implements AutoCloseable {
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(15);

    private final String name;
    private final Process process;
    private final Path logFile;
    private final Map<String, CompletableFuture<String>> announced = new ConcurrentHashMap<>();

    private ChildProcess(String name, Process process, Path logFile) {
        this.name = name;
        this.process = process;
        this.logFile = logFile;
    }

    /**
     * Starts {@code garrick arguments...} on the same Java and class path as this process.
     *
     * @param heapMegabytes its {@code -Xmx}
     */
    public static ChildProcess start(
            String name, int heapMegabytes, Path logFile, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--add-opens=java.base/java.nio=ALL-UNNAMED");
        command.add("--sun-misc-unsafe-memory-access=allow");
        command.add("--enable-native-access=ALL-UNNAMED");
        if (arguments.getFirst().equals("server")) {
            command.add("--add-modules=jdk.incubator.vector"); // as ./garrick server
        }
        command.add("-XX:-UsePerfData");
        command.add("-XX:+UseParallelGC");
        command.add("-Xmx" + heapMegabytes + "m");
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add("io.garrick.server.Main");
        command.addAll(arguments);
        command.add("--exit-with-parent");
        Path directory = logFile.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        Process process =
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.appendTo(logFile.toFile()))
                        .start();
        ChildProcess child = new ChildProcess(name, process, logFile);
        Thread.ofVirtual().name(name + "-output").start(child::readAnnouncements);
        return child;
    }

    private void readAnnouncements() {
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    future(line.substring(0, equals)).complete(line.substring(equals + 1));
                }
            }
        } catch (IOException e) {
            // The process is gone; waiters are told below.
        }
        announced
                .values()
                .forEach(value ->
                        value.completeExceptionally(
                                new UserError(name + " stopped: " + lastLogLine())));
    }

    private CompletableFuture<String> future(String key) {
        return announced.computeIfAbsent(key, _ -> new CompletableFuture<>());
    }

    /** The announced value; a {@link UserError} with the process's last words if it stops first. */
    public String await(String key, Duration timeout) {
        CompletableFuture<String> value = future(key);
        if (!process.isAlive() && !value.isDone()) {
            throw new UserError(name + " stopped: " + lastLogLine());
        }
        try {
            return value.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof UserError error
                    ? error
                    : new UserError(name + " failed", e);
        } catch (TimeoutException e) {
            throw new UserError(
                    name + " did not start within " + timeout.toSeconds() + " s; see " + logFile,
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("interrupted while waiting for " + name, e);
        }
    }

    private String lastLogLine() {
        try {
            List<String> lines = Files.readAllLines(logFile);
            return lines.stream()
                            .filter(line -> line.startsWith("garrick:"))
                            .reduce((_, last) -> last)
                            .orElse(lines.isEmpty() ? "no output" : lines.getLast())
                    + " (log: "
                    + logFile
                    + ")";
        } catch (IOException e) {
            return "see " + logFile;
        }
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    /** SIGKILL, as a crash would. */
    public void kill() {
        process.destroyForcibly();
        waitForEnd();
    }

    /** Asks to stop and waits; kills what does not. */
    @Override
    public void close() {
        process.destroy();
        if (!waitForEnd()) {
            process.destroyForcibly();
            waitForEnd();
        }
    }

    private boolean waitForEnd() {
        try {
            return process.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
