package io.garrick.kv;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * How long one call may go on trying, and how long it waits between attempts.
 *
 * <p>Waits double per kind of trouble, with jitter so that clients do not return in step. One
 * thread uses it at a time; parallel parts of a call take a {@link #fork}.
 */
final class Backoff {
    /** What went wrong; each kind waits in its own rhythm. */
    enum Reason {
        LEADER(2, 300),
        REGION(2, 500),
        BUSY(50, 2_000),
        NETWORK(20, 1_000),
        LOCK(5, 1_000),
        PD(20, 500);

        private final long firstMillis;
        private final long mostMillis;

        Reason(long firstMillis, long mostMillis) {
            this.firstMillis = firstMillis;
            this.mostMillis = mostMillis;
        }
    }

    private final String what;
    private final Duration budget;
    private final long deadlineNanos;
    private boolean ambiguous;
    private String lastProblem = "";
    private final Map<Reason, Integer> attempts = new EnumMap<>(Reason.class);

    Backoff(String what, Duration budget) {
        this(what, budget, System.nanoTime() + budget.toNanos());
    }

    private Backoff(String what, Duration budget, long deadlineNanos) {
        this.what = what;
        this.budget = budget;
        this.deadlineNanos = deadlineNanos;
    }

    /** The same deadline, for another thread. */
    Backoff fork() {
        return new Backoff(what, budget, deadlineNanos);
    }

    /** An attempt ended without an answer, so it may have had its effect. */
    void markAmbiguous() {
        ambiguous = true;
    }

    boolean ambiguous() {
        return ambiguous;
    }

    long remainingNanos() {
        return deadlineNanos - System.nanoTime();
    }

    /** Waits before another attempt; throws {@link KvException} if there is no time for one. */
    void pause(Reason reason, String problem, @Nullable Throwable cause) {
        pauseAtLeast(0, reason, problem, cause);
    }

    void pauseAtLeast(long millis, Reason reason, String problem, @Nullable Throwable cause) {
        int attempt = attempts.merge(reason, 1, Integer::sum) - 1;
        long ceiling = Math.min(reason.mostMillis, reason.firstMillis << Math.min(attempt, 16));
        long jittered = ceiling / 2 + ThreadLocalRandom.current().nextLong(ceiling / 2 + 1);
        long nanos = Math.max(jittered, millis) * 1_000_000L;
        if (nanos >= remainingNanos()) {
            throw exhausted(problem, cause);
        }
        lastProblem = problem;
        sleep(nanos);
    }

    private KvException exhausted(String problem, @Nullable Throwable cause) {
        String before =
                lastProblem.isEmpty() || lastProblem.equals(problem)
                        ? ""
                        : "; before that: " + lastProblem;
        return new KvException(
                "%s: gave up after %d ms: %s%s".formatted(what, budget.toMillis(), problem, before),
                cause);
    }

    private void sleep(long nanos) {
        if (nanos > 0) {
            LockSupport.parkNanos(this, nanos);
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new KvException(what + ": interrupted", null);
        }
    }
}
