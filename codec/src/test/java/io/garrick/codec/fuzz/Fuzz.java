package io.garrick.codec.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code ./dev fuzz [--seconds N] [--seed S] [--fuzzer NAME]}.
 *
 * <p>The seconds are split evenly over the fuzzers, with inputs of a seeded mutator. From {@link
 * JazzerRun#SHORTEST_SECONDS} on, Jazzer runs beside it in a process of its own. Exit code 1 if
 * there was a finding; each is printed with its input and stack.
 */
public final class Fuzz {
    private static final long STUCK_SECONDS = 20;

    private final PrintStream out;
    private final Report report;
    private final Watchdog watchdog;

    private Fuzz(PrintStream out) {
        this.out = out;
        this.report = new Report(out);
        this.watchdog = new Watchdog(out);
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        int seconds = 60;
        long seed = System.nanoTime();
        List<Fuzzer> fuzzers = Fuzzers.ALL;
        try {
            for (int i = 0; i < args.length; i += 2) {
                String value = i + 1 < args.length ? args[i + 1] : "";
                switch (args[i]) {
                    case "--seconds" -> seconds = Integer.parseInt(value);
                    case "--seed" -> seed = Long.parseLong(value);
                    case "--fuzzer" -> fuzzers = List.of(Fuzzers.named(value));
                    default -> throw new IllegalArgumentException("unknown option " + args[i]);
                }
            }
        } catch (IllegalArgumentException mistake) {
            System.err.println(mistake.getMessage());
            System.err.println("usage: fuzz [--seconds N] [--seed S] [--fuzzer NAME]");
            System.exit(2);
        }
        PrintStream out = new PrintStream(System.out, true, UTF_8);
        System.exit(new Fuzz(out).run(seconds, seed, fuzzers) == 0 ? 0 : 1);
    }

    private int run(int seconds, long seed, List<Fuzzer> fuzzers)
            throws IOException, InterruptedException {
        out.println("fuzz seed " + seed);
        watchdog.start();
        for (Corpus.Finding finding : Corpus.findings()) {
            execute(Fuzzers.named(finding.fuzzer()), finding.input());
        }
        try (JazzerRun guided = JazzerRun.start(seconds, seed, fuzzers)) {
            for (Fuzzer fuzzer : fuzzers) {
                fuzz(fuzzer, seed, TimeUnit.SECONDS.toNanos(seconds) / fuzzers.size());
            }
            guided.addTo(report);
        }
        return report.print(seconds);
    }

    private void fuzz(Fuzzer fuzzer, long seed, long nanos) {
        List<byte[]> seeds = new ArrayList<>(Corpus.seeds());
        Corpus.findings().stream().map(Corpus.Finding::input).forEach(seeds::add);
        Mutator mutator = new Mutator(seed ^ fuzzer.name().hashCode(), seeds);
        for (byte[] input : seeds) {
            mutator.learn(input, execute(fuzzer, input));
        }
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() - end < 0) {
            byte[] input = mutator.next();
            mutator.learn(input, execute(fuzzer, input));
        }
    }

    /** Returns the shape of how it ended. */
    private String execute(Fuzzer fuzzer, byte[] input) {
        watchdog.begin(fuzzer, input);
        Judge.Verdict verdict = Judge.run(fuzzer, input);
        watchdog.end();
        report.of(fuzzer.name()).mutated++;
        verdict.finding()
                .ifPresent(failure -> report.finding(fuzzer.name(), input, Report.stack(failure)));
        return verdict.shape();
    }

    /** Ends the process with the input if one execution does not end. */
    private static final class Watchdog {
        private final PrintStream out;
        private String running = "";
        private long since;

        Watchdog(PrintStream out) {
            this.out = out;
        }

        void start() {
            Thread.ofPlatform().daemon().name("fuzz-watchdog").start(this::watch);
        }

        synchronized void begin(Fuzzer fuzzer, byte[] input) {
            running = fuzzer.name() + " input " + HexFormat.of().formatHex(input);
            since = System.nanoTime();
        }

        synchronized void end() {
            running = "";
        }

        private void watch() {
            try {
                while (true) {
                    Thread.sleep(1000);
                    check();
                }
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        }

        private synchronized void check() {
            long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since);
            if (!running.isEmpty() && seconds > STUCK_SECONDS) {
                out.println("FINDING " + running + " did not end within " + seconds + " s");
                Runtime.getRuntime().halt(1);
            }
        }
    }
}
