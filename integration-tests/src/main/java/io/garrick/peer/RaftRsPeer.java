package io.garrick.peer;

import io.garrick.toolchain.PeerBuild;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code ./dev peer-raft-rs}: our raft core and raft-rs in one group, seed after seed.
 *
 * <p>Exit code 0 if no seed failed, 1 if one did, 2 if raft-rs could not be built here.
 */
@Command(
        name = "./dev peer-raft-rs",
        mixinStandardHelpOptions = true,
        description = "Runs our raft core against raft-rs over a socket; needs cargo.")
public final class RaftRsPeer implements Callable<Integer> {
    /** Committed in each seed before its logs are compared; 50 seeds make more than 50,000. */
    private static final long PROPOSALS_PER_SEED = 1_150;

    /** From so many seeds on, something that never happened means that the dice are loaded. */
    private static final int SEEDS_THAT_SEE_ALL = 20;

    private static final int EXIT_SKIPPED = 2;

    private static final PeerBuild.Project PROJECT =
            new PeerBuild.Project(
                    "raft-rs",
                    "cargo",
                    List.of(".cargo/bin"),
                    List.of("fetch", "--locked"),
                    List.of(
                            "build",
                            "--release",
                            "--locked",
                            "--offline",
                            "--target-dir",
                            "target"),
                    "target/release/garrick-raft-rs-peer",
                    Map.of("CARGO_NET_RETRY", "1"));

    @Option(
            names = "--seeds",
            defaultValue = "50",
            description = "run seeds 1 to N (default: ${DEFAULT-VALUE})")
    private int seeds;

    @Option(names = "--seed", paramLabel = "N", description = "run this seed, print its steps")
    private @Nullable Long seed;

    @Option(names = "--skip-is-ok", description = "exit 0 where raft-rs cannot be built")
    private boolean skipIsOk;

    @Option(
            names = "--build-seconds",
            defaultValue = "300",
            description = "time for cargo (default: ${DEFAULT-VALUE})")
    private int buildSeconds;

    private final Count.Sheet counts = new Count.Sheet();
    private final List<Long> failed = new ArrayList<>();
    private long proposed;
    private long committed;

    public static void main(String[] args) {
        System.exit(new CommandLine(new RaftRsPeer()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        return switch (PeerBuild.build(PROJECT, Duration.ofSeconds(buildSeconds))) {
            case PeerBuild.Result.Impossible(String reason) -> {
                System.out.println("SKIPPED peer-raft-rs: " + reason);
                yield skipIsOk ? 0 : EXIT_SKIPPED;
            }
            case PeerBuild.Result.Failed(String reason) -> {
                System.err.println("peer-raft-rs: " + reason);
                yield 1;
            }
            case PeerBuild.Result.Built(Path binary) -> run(binary);
        };
    }

    private int run(Path binary) throws IOException {
        if (seed != null) {
            run(binary, seed, new Trace(System.out));
        } else {
            for (long next = 1; next <= seeds; next++) {
                run(binary, next, new Trace(null));
            }
        }
        System.out.printf("proposals %d taken, %d committed%n", proposed, committed);
        List<String> never = new ArrayList<>();
        for (Count count : Count.values()) {
            System.out.printf("%-34s %d%n", count.label(), counts.of(count));
            if (counts.of(count) == 0) {
                never.add(count.label());
            }
        }
        boolean enough = seed != null || seeds < SEEDS_THAT_SEE_ALL || never.isEmpty();
        if (!enough) {
            System.out.println("never happened: " + String.join(", ", never));
        }
        if (!failed.isEmpty()) {
            System.out.println("failed seeds: " + failed);
        }
        System.out.printf("seeds %d failed %d%n", seed == null ? seeds : 1, failed.size());
        return failed.isEmpty() && enough ? 0 : 1;
    }

    // A process per seed: after a failure nothing of it is left.
    private void run(Path binary, long number, Trace trace) throws IOException {
        long start = System.nanoTime();
        try (RaftRsProcess process = RaftRsProcess.start(binary)) {
            World world = new World(number, process, trace);
            String end = "ok";
            try {
                world.run(PROPOSALS_PER_SEED);
            } catch (Ledger.BrokenPromiseException broken) {
                failed.add(number);
                end = "FAILED: " + broken.getMessage();
            }
            proposed += world.proposed();
            committed += world.committed();
            counts.addAll(world.counts);
            System.out.printf(
                    "seed %d: %d committed in %d terms, %s, %d ms: %s%n",
                    number,
                    world.committed(),
                    world.ledger().termCount(),
                    trace.summary(),
                    (System.nanoTime() - start) / 1_000_000,
                    end);
        }
    }
}
