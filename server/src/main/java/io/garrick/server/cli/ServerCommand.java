package io.garrick.server.cli;

import io.garrick.kv.Tls;
import io.garrick.server.FailureText;
import io.garrick.server.ParentWatch;
import io.garrick.server.RunFile;
import io.garrick.server.UserError;
import io.garrick.server.config.Address;
import io.garrick.server.config.ServerConfig;
import io.garrick.server.wiring.GarrickServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs a columnar replica attached to a cluster. */
@Command(
        name = "server",
        mixinStandardHelpOptions = true,
        description = {
            "Attaches a columnar replica to a TiKV cluster (or FlashKV) and serves Flight SQL.",
            "Every flag may stand in a TOML file (--config) under the same name without the"
                    + " dashes;",
            "a flag wins over the file."
        })
public final class ServerCommand implements Callable<Integer> {
    @Option(names = "--config", description = "TOML file with settings.")
    private @Nullable Path config;

    @Option(
            names = "--pd",
            split = ",",
            paramLabel = "HOST:PORT",
            description = "The cluster's PDs. Required, here or in the file.")
    private @Nullable List<String> pd;

    @Option(
            names = "--data-dir",
            description = "Where the replica keeps its data; one process at a time. Required.")
    private @Nullable Path dataDir;

    @Option(
            names = "--advertise-addr",
            paramLabel = "HOST:PORT",
            description =
                    "Where TiKV and PD reach this store (default 127.0.0.1:3930; port 0: a free"
                            + " one).")
    private @Nullable String advertiseAddr;

    @Option(
            names = "--flight-addr",
            paramLabel = "HOST:PORT",
            description = "Where Flight SQL listens (default 127.0.0.1:31337; port 0: a free one).")
    private @Nullable String flightAddr;

    @Option(
            names = "--status-addr",
            paramLabel = "HOST:PORT",
            description =
                    "Where the HTTP status pages listen (default 127.0.0.1:20292; port 0: a free"
                            + " one).")
    private @Nullable String statusAddr;

    @Option(
            names = "--heartbeat-millis",
            description = "Between heartbeats to PD (default 10000; PD gives up after 20000).")
    private @Nullable Long heartbeatMillis;

    @Option(
            names = "--raft-tick-millis",
            description = "The base tick of raft (default 1000, as TiKV's).")
    private @Nullable Long raftTickMillis;

    @Option(
            names = "--schema-poll-millis",
            description = "Between looks at the schema version (default 2000).")
    private @Nullable Long schemaPollMillis;

    @Option(names = "--checkpoint-millis", description = "Between checkpoints (default 10000).")
    private @Nullable Long checkpointMillis;

    @Option(
            names = "--query-memory-bytes",
            description = "What one query may hold in Arrow buffers (default 512 MiB).")
    private @Nullable Long queryMemoryBytes;

    @Option(
            names = "--ca-path",
            paramLabel = "FILE",
            description =
                    "The cluster's CA, in PEM. With --cert-path and --key-path it turns on TLS, in"
                            + " both directions, for the store's port, raft, PD and the status"
                            + " pages. Changed files are read without a restart.")
    private @Nullable Path caPath;

    @Option(
            names = "--cert-path",
            paramLabel = "FILE",
            description = "This node's certificate, in PEM.")
    private @Nullable Path certPath;

    @Option(
            names = "--key-path",
            paramLabel = "FILE",
            description = "This node's private key, in PEM, not encrypted.")
    private @Nullable Path keyPath;

    @Option(
            names = "--cert-allowed-cn",
            split = ",",
            paramLabel = "NAME",
            description = "Common names that may connect (default: all that the CA vouches for).")
    private @Nullable List<String> certAllowedCn;

    @Option(
            names = "--labels",
            split = ",",
            paramLabel = "KEY=VALUE",
            description = "Location labels for PD, such as zone=z1; engine=tiflash is always set.")
    private @Nullable Map<String, String> labels;

    @Option(
            names = "--capacity-bytes",
            description = "What PD takes for this store's size (default: the file system's).")
    private @Nullable Long capacityBytes;

    @Option(names = "--run-file", hidden = true)
    private @Nullable Path runFile;

    @Option(names = "--exit-with-parent", hidden = true)
    private boolean exitWithParent;

    @Override
    public Integer call() throws Exception {
        if (exitWithParent) {
            ParentWatch.exitWithParent();
        }
        ServerConfig fromFile = config == null ? ServerConfig.NONE : ServerConfig.read(config);
        ServerConfig chosen =
                fromFile.overriddenBy(
                        new ServerConfig(
                                pd,
                                dataDir,
                                advertiseAddr,
                                flightAddr,
                                statusAddr,
                                heartbeatMillis,
                                raftTickMillis,
                                schemaPollMillis,
                                checkpointMillis,
                                queryMemoryBytes,
                                caPath,
                                certPath,
                                keyPath,
                                certAllowedCn,
                                labels,
                                capacityBytes,
                                runFile));
        GarrickServer.Settings settings = settings(chosen);
        GarrickServer server = GarrickServer.start(settings);
        Path runPath = chosen.runFile() == null ? RunFile.defaultPath() : chosen.runFile();
        RunFile run =
                new RunFile(
                        ProcessHandle.current().pid(),
                        "grpc://" + server.flightAddress(),
                        String.join(",", settings.pd()));
        run.write(runPath);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    run.remove(runPath);
                                    server.close();
                                    stopped.countDown();
                                },
                                "shutdown"));
        System.out.println("flight=" + server.flightAddress());
        System.out.println("status=" + server.statusAddress());
        System.out.println("ready=true");
        System.out.flush();
        CompletableFuture<Throwable> _ =
                server.stopped()
                        .whenComplete((reason, _) -> {
                            System.err.println("garrick: " + FailureText.of(reason));
                            System.exit(1);
                        });
        stopped.await();
        return 0;
    }

    private static GarrickServer.Settings settings(ServerConfig config) {
        if (config.pd() == null || config.pd().isEmpty()) {
            throw new UserError("--pd is missing: the addresses of the cluster's PDs");
        }
        if (config.dataDir() == null) {
            throw new UserError("--data-dir is missing: where the replica keeps its data");
        }
        config.pd().forEach(address -> Address.parse("--pd", address));
        return new GarrickServer.Settings(
                config.pd(),
                config.dataDir(),
                Address.parse("--advertise-addr", or(config.advertiseAddr(), "127.0.0.1:3930")),
                Address.parse("--flight-addr", or(config.flightAddr(), "127.0.0.1:31337")),
                Address.parse("--status-addr", or(config.statusAddr(), "127.0.0.1:20292")),
                millis("--heartbeat-millis", config.heartbeatMillis(), 10_000),
                millis("--raft-tick-millis", config.raftTickMillis(), 1_000),
                millis("--schema-poll-millis", config.schemaPollMillis(), 2_000),
                millis("--checkpoint-millis", config.checkpointMillis(), 10_000),
                config.queryMemoryBytes() == null ? 512L << 20 : config.queryMemoryBytes(),
                tls(config),
                config.labels() == null ? Map.of() : config.labels(),
                config.capacityBytes() == null
                        ? OptionalLong.empty()
                        : OptionalLong.of(config.capacityBytes()));
    }

    private static Optional<Tls.Config> tls(ServerConfig config) {
        Path ca = config.caPath();
        Path cert = config.certPath();
        Path key = config.keyPath();
        if (ca == null && cert == null && key == null) {
            if (config.certAllowedCn() != null) {
                throw new UserError("--cert-allowed-cn needs --ca-path, --cert-path, --key-path");
            }
            return Optional.empty();
        }
        if (ca == null || cert == null || key == null) {
            throw new UserError("TLS needs all three of --ca-path, --cert-path, --key-path");
        }
        return Optional.of(
                new Tls.Config(
                        ca,
                        cert,
                        key,
                        config.certAllowedCn() == null
                                ? Set.of()
                                : Set.copyOf(config.certAllowedCn())));
    }

    private static String or(@Nullable String value, String otherwise) {
        return value == null ? otherwise : value;
    }

    private static Duration millis(String option, @Nullable Long value, long otherwise) {
        if (value != null && value <= 0) {
            throw new UserError(option + " must be positive, got " + value);
        }
        return Duration.ofMillis(value == null ? otherwise : value);
    }
}
