package io.garrick.sim;

import java.util.concurrent.atomic.AtomicLong;

/** How often the interesting things happened, over all seeds. Thread-safe. */
final class Counters {
    final AtomicLong crashes = new AtomicLong();
    final AtomicLong splits = new AtomicLong();
    final AtomicLong merges = new AtomicLong();
    final AtomicLong snapshots = new AtomicLong();
    final AtomicLong purges = new AtomicLong();
    final AtomicLong gc = new AtomicLong();
    final AtomicLong reads = new AtomicLong();
    final AtomicLong flushes = new AtomicLong();
    final AtomicLong compactions = new AtomicLong();

    boolean allPositive() {
        return crashes.get() > 0
                && splits.get() > 0
                && merges.get() > 0
                && snapshots.get() > 0
                && purges.get() > 0
                && gc.get() > 0;
    }

    @Override
    public String toString() {
        return "crashes "
                + crashes
                + " splits "
                + splits
                + " merges "
                + merges
                + " snapshots "
                + snapshots
                + " purges "
                + purges
                + " gc "
                + gc
                + " flushes "
                + flushes
                + " compactions "
                + compactions
                + " reads "
                + reads;
    }
}
