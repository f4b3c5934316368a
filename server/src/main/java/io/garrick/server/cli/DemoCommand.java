package io.garrick.server.cli;

import io.garrick.server.Terminal;
import io.garrick.server.UserError;
import io.garrick.server.demo.Demo;
import io.garrick.server.demo.DemoCluster;
import io.garrick.server.demo.TemporaryDirectory;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Starts everything, loads, writes, queries, checks. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Starts an embedded cluster and a columnar replica, loads TPC-H through transactions,",
            "then runs writers beside analytical queries and checks every answer.",
            "Ctrl-C ends everything it started."
        })
public final class DemoCommand implements Callable<Integer> {
    @Option(
            names = "--scale",
            defaultValue = "0.01",
            description = "TPC-H scale factor (default ${DEFAULT-VALUE}: about 87,000 rows).")
    private double scale = 0.01;

    @Option(
            names = "--seconds",
            defaultValue = "0",
            description = "How long writers and queries run; 0: until Ctrl-C (default).")
    private int seconds;

    @Option(
            names = "--exit",
            description = "Stop when the time is over, instead of going on serving.")
    private boolean exit;

    @Option(names = "--json", description = "Write a report to this file at the end.")
    private @Nullable Path json;

    @Option(
            names = "--stores",
            defaultValue = "3",
            description = "Stores of the embedded cluster (default ${DEFAULT-VALUE}).")
    private int stores = 3;

    @Option(
            names = "--join-pd",
            split = ",",
            paramLabel = "HOST:PORT",
            description =
                    "Join the stores and the replica to this PD (all its members, with commas"
                            + " between) instead of starting one.")
    private List<String> joinPds = List.of();

    @Option(
            names = "--flight-addr",
            defaultValue = "127.0.0.1:0",
            description = "Where Flight SQL listens; port 0 takes a free one (default).")
    private String flightAddress = "127.0.0.1:0";

    @Option(
            names = "--data-dir",
            description = "Keep data and logs here instead of in a temporary folder.")
    private @Nullable Path dataDir;

    @Override
    public Integer call() throws Exception {
        if (!(scale > 0 && scale <= 100)) {
            throw new UserError("--scale must be above 0 and at most 100, got " + scale);
        }
        if (seconds < 0) {
            throw new UserError("--seconds must not be negative, got " + seconds);
        }
        if (exit && seconds == 0) {
            seconds = 20;
        }
        boolean terminal = Terminal.isInteractive();
        try (TemporaryDirectory temporary = TemporaryDirectory.create()) {
            Path directory = dataDir == null ? temporary.path() : dataDir;
            DemoCluster.Settings settings =
                    new DemoCluster.Settings(
                            scale, stores, flightAddress, directory, true, joinPds);
            Demo demo = new Demo(settings, exit ? seconds : 0, terminal);
            Thread hook =
                    new Thread(
                            () -> {
                                demo.close();
                                temporary.close();
                            },
                            "shutdown");
            Runtime.getRuntime().addShutdownHook(hook);
            try {
                demo.load();
                demo.run();
                boolean right = demo.report(json);
                return right ? 0 : 1;
            } finally {
                demo.close();
            }
        }
    }
}
