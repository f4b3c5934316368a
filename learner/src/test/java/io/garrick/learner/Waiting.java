package io.garrick.learner;

import java.util.function.BooleanSupplier;

/** Waits for what must happen sooner or later; the limit only ends a test that failed. */
final class Waiting {
    private static final long LIMIT_NANOS = 60_000_000_000L;

    private Waiting() {}

    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + LIMIT_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("never happened: " + what);
            }
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
