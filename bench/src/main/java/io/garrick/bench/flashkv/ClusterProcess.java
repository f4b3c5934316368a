package io.garrick.bench.flashkv;

import io.garrick.bench.ForeignLoad;
import io.garrick.flashkv.FlashKv;
import io.garrick.flashkv.FlashKvConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Three stores and a PD in a JVM of their own, which ends with its parent or when closed. */
final class ClusterProcess implements AutoCloseable {
    private static final String HEAP = "-Xmx1g";

    private final Process process;
    private final String pdAddress;

    private ClusterProcess(Process process, String pdAddress) {
        this.process = process;
        this.pdAddress = pdAddress;
    }

    /** Extra JVM flags come from the system property {@code garrick.bench.clusterFlags}. */
    static ClusterProcess start(Path directory, boolean sync) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                java.lang.management.ManagementFactory.getRuntimeMXBean()
                        .getInputArguments()
                        .stream()
                        .filter(flag -> !flag.startsWith("-Xm") && !flag.startsWith("-agentlib"))
                        .toList());
        command.add(HEAP);
        for (String flag : System.getProperty("garrick.bench.clusterFlags", "").split(" ", -1)) {
            if (!flag.isBlank()) {
                command.add(flag);
            }
        }
        command.addAll(
                List.of(
                        "-cp",
                        System.getProperty("java.class.path"),
                        ClusterProcess.class.getName(),
                        directory.toString(),
                        Boolean.toString(sync)));
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        ForeignLoad.own(process);
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith("pd=")) {
                return new ClusterProcess(process, line.substring(3));
            }
        }
        throw new IOException("the cluster's process ended before it was ready");
    }

    String pdAddress() {
        return pdAddress;
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    /** The process itself: {@code DIRECTORY SYNC}; runs until its input ends. */
    public static void main(String[] args) throws IOException {
        FlashKvConfig config =
                FlashKvConfig.of(Path.of(args[0])).withSyncWrites(Boolean.parseBoolean(args[1]));
        try (FlashKv cluster = FlashKv.start(config)) {
            System.out.println("pd=" + cluster.pdAddress());
            while (System.in.read() >= 0) {
                // Only the end of input matters.
            }
        }
    }
}
