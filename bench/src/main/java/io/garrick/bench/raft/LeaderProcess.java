package io.garrick.bench.raft;

import io.garrick.bench.ForeignLoad;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A running {@link Leader}. Owned by one thread. */
final class LeaderProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter words;
    private final int port;

    private LeaderProcess(Process process) throws IOException {
        this.process = process;
        answers =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        words =
                new BufferedWriter(
                        new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        port = (int) number("port");
    }

    static LeaderProcess start(int regions) throws IOException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Process process =
                new ProcessBuilder(
                                List.of(
                                        java.toString(),
                                        "-Xmx1500m",
                                        "--sun-misc-unsafe-memory-access=allow",
                                        "--enable-native-access=ALL-UNNAMED",
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        Leader.class.getName(),
                                        Integer.toString(regions)))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        ForeignLoad.own(process);
        try {
            return new LeaderProcess(process);
        } catch (IOException failure) {
            process.destroyForcibly();
            throw failure;
        }
    }

    int port() {
        return port;
    }

    /**
     * Says a line and waits for the answer, which begins with {@code expected}.
     *
     * @return the number after it
     */
    long ask(String line, String expected) throws IOException {
        words.write(line);
        words.newLine();
        words.flush();
        return number(expected);
    }

    private long number(String expected) throws IOException {
        String answer = answers.readLine();
        if (answer == null || !answer.startsWith(expected)) {
            throw new IOException("the leader said " + answer + ", not " + expected);
        }
        String rest = answer.substring(expected.length()).trim();
        return rest.isEmpty() ? 0 : Long.parseLong(rest);
    }

    @Override
    public void close() throws IOException {
        words.close();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
