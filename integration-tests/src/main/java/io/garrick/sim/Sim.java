package io.garrick.sim;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * {@code sim --seeds N}: N histories, then counters and the number of failures. {@code --seed S}
 * repeats one, step by step. {@code --plant NAME|all} plants a bug and expects to find it.
 */
public final class Sim {
    private static final long DEFAULT_SEEDS = 2000;
    private static final long SEEDS_TO_FIND = 500;

    private final PrintStream out;

    private Sim(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] args) {
        if (System.getProperty("GARRICK_LOG") == null) {
            System.setProperty("GARRICK_LOG", "ERROR"); // before the first logger
        }
        System.exit(new Sim(System.out).run(List.of(args)));
    }

    /** The exit code. */
    static int run(List<String> args, PrintStream out) {
        return new Sim(out).run(args);
    }

    private int run(List<String> args) {
        long seeds = DEFAULT_SEEDS;
        long only = -1;
        List<Mistake> mistakes = List.of();
        try {
            for (int i = 0; i < args.size(); i += 2) {
                if (i + 1 == args.size()) {
                    throw new IllegalArgumentException(args.get(i) + " needs a value");
                }
                String value = args.get(i + 1);
                switch (args.get(i)) {
                    case "--seeds" -> seeds = Long.parseLong(value);
                    case "--seed" -> only = Long.parseLong(value);
                    case "--plant" -> mistakes = Mistake.named(value);
                    default -> throw new IllegalArgumentException("unknown option " + args.get(i));
                }
            }
        } catch (IllegalArgumentException e) {
            out.println("sim: " + e.getMessage());
            out.println("usage: ./dev sim [--seeds N | --seed S] [--plant NAME|all]");
            return 2;
        }
        if (only >= 0) {
            return single(only, mistakes.isEmpty() ? null : mistakes.getFirst());
        }
        return mistakes.isEmpty() ? many(seeds) : plant(mistakes, seeds);
    }

    private int single(long seed, @Nullable Mistake mistake) {
        Counters counters = new Counters();
        Throwable failure = attempt(seed, counters, mistake, out);
        if (failure != null) {
            failure.printStackTrace(out);
        }
        out.println(counters);
        out.println("seed " + seed + (failure == null ? " holds" : " failed"));
        return failure == null ? 0 : 1;
    }

    /** Null if the history holds. */
    private static @Nullable Throwable attempt(
            long seed, Counters counters, @Nullable Mistake mistake, @Nullable PrintStream trace) {
        History history = new History(seed, counters, mistake, trace);
        Throwable failure = null;
        try {
            history.run();
        } catch (IOException | RuntimeException | AssertionError e) {
            failure = e;
        }
        try {
            history.close();
        } catch (RuntimeException e) {
            // A leak; behind another failure it only follows from that.
            failure = failure == null ? e : failure;
        }
        return failure;
    }

    private int many(long seeds) {
        Counters counters = new Counters();
        ConcurrentSkipListMap<Long, Throwable> failures = new ConcurrentSkipListMap<>();
        forEachSeed(
                seeds,
                seed -> {
                    Throwable failure = attempt(seed, counters, null, null);
                    if (failure != null) {
                        failures.put(seed, failure);
                    }
                    return true;
                });
        failures.forEach((seed, failure) -> out.println("seed " + seed + ": " + failure));
        out.println(counters);
        out.println("seeds " + seeds + " failed " + failures.size());
        return failures.isEmpty() && (counters.allPositive() || seeds < 20) ? 0 : 1;
    }

    private int plant(List<Mistake> mistakes, long seeds) {
        int missed = 0;
        for (Mistake mistake : mistakes) {
            AtomicLong found = new AtomicLong(-1);
            AtomicLong tried = new AtomicLong();
            forEachSeed(
                    Math.min(seeds, SEEDS_TO_FIND),
                    seed -> {
                        tried.incrementAndGet();
                        if (attempt(seed, new Counters(), mistake, null) != null) {
                            found.accumulateAndGet(seed, (a, b) -> a < 0 ? b : Math.min(a, b));
                        }
                        return found.get() < 0;
                    });
            missed += found.get() < 0 ? 1 : 0;
            out.println(
                    "planted "
                            + mistake.word()
                            + (found.get() < 0
                                    ? " not found in " + tried + " seeds"
                                    : " found by seed " + found));
        }
        out.println("planted " + mistakes.size() + " missed " + missed);
        return missed == 0 ? 0 : 1;
    }

    private interface SeedTask {
        /** False: no more seeds are wanted. */
        boolean run(long seed);
    }

    private static void forEachSeed(long seeds, SeedTask task) {
        AtomicLong next = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            threads.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                long seed;
                                boolean more = true;
                                while (more && (seed = next.getAndIncrement()) < seeds) {
                                    more = task.run(seed);
                                }
                            }));
        }
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
        }
    }
}
