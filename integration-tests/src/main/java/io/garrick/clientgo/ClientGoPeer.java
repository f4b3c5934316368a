package io.garrick.clientgo;

import io.garrick.server.demo.ChildProcess;
import io.garrick.server.demo.TemporaryDirectory;
import io.garrick.toolchain.PeerBuild;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code ./dev peer-client-go}: raw and transactional work of TiKV's Go client on FlashKV.
 *
 * <p>Exit code 0 if no case failed, 1 if one did, 2 if the client could not be built here.
 */
@Command(
        name = "./dev peer-client-go",
        mixinStandardHelpOptions = true,
        description = "Runs TiKV's Go client (tikv/client-go) against FlashKV; needs go.")
public final class ClientGoPeer implements Callable<Integer> {
    private static final PeerBuild.Project PROJECT =
            new PeerBuild.Project(
                    "client-go",
                    "go",
                    List.of("/usr/local/go/bin", "go/bin"),
                    List.of("mod", "download"),
                    List.of("build", "-o", "target/client-go", "."),
                    "target/client-go",
                    Map.of("GOTOOLCHAIN", "local", "GOFLAGS", "-buildvcs=false"));

    private static final int EXIT_SKIPPED = 2;
    private static final int FLASHKV_HEAP_MIB = 640;
    private static final Duration START_TIMEOUT = Duration.ofMinutes(1);

    @Option(names = "--case", paramLabel = "TEXT", description = "only cases whose name has this")
    private @Nullable String only;

    @Option(
            names = "--pd",
            paramLabel = "HOST:PORT",
            description = "use this cluster instead of starting one")
    private @Nullable String pd;

    @Option(names = "--skip-is-ok", description = "exit 0 where the client cannot be built")
    private boolean skipIsOk;

    @Option(
            names = "--build-seconds",
            defaultValue = "240",
            description = "time for go (default: ${DEFAULT-VALUE})")
    private int buildSeconds;

    @Option(
            names = "--seconds",
            defaultValue = "240",
            description = "time for the cases (default: ${DEFAULT-VALUE})")
    private int seconds;

    public static void main(String[] args) {
        System.exit(new CommandLine(new ClientGoPeer()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        return switch (PeerBuild.build(PROJECT, Duration.ofSeconds(buildSeconds))) {
            case PeerBuild.Result.Impossible(String reason) -> {
                System.out.println("SKIPPED peer-client-go: " + reason);
                yield skipIsOk ? 0 : EXIT_SKIPPED;
            }
            case PeerBuild.Result.Failed(String reason) -> {
                System.err.println("peer-client-go: " + reason);
                yield 1;
            }
            case PeerBuild.Result.Built(Path binary) -> run(binary);
        };
    }

    private int run(Path binary) throws IOException, InterruptedException {
        try (TemporaryDirectory directory = TemporaryDirectory.create()) {
            if (pd != null) {
                return drive(binary, pd, directory.path());
            }
            List<String> arguments =
                    List.of(
                            "flashkv",
                            "--data-dir",
                            directory.path().resolve("flashkv").toString(),
                            "--pd-addr",
                            "127.0.0.1:0",
                            "--no-sync");
            try (ChildProcess flashkv =
                    ChildProcess.start(
                            "flashkv",
                            FLASHKV_HEAP_MIB,
                            directory.path().resolve("flashkv.log"),
                            arguments)) {
                String address = flashkv.await("pd", START_TIMEOUT);
                flashkv.await("ready", START_TIMEOUT);
                return drive(binary, address, directory.path());
            }
        }
    }

    /** The cases print their results themselves; the client's own log goes to a file. */
    private int drive(Path binary, String address, Path directory)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(binary.toString(), address));
        if (only != null) {
            command.add(only);
        }
        Process cases =
                new ProcessBuilder(command)
                        .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                        .redirectError(directory.resolve("client-go.log").toFile())
                        .start();
        if (!cases.waitFor(seconds, TimeUnit.SECONDS)) {
            cases.descendants().forEach(ProcessHandle::destroyForcibly);
            cases.destroyForcibly().waitFor();
            System.err.println("peer-client-go: not done within " + seconds + " s");
            return 1;
        }
        return cases.exitValue();
    }
}
