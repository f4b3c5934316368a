package io.garrick.learner.peer;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the bytes of messages that wait for their region's worker. An append that does not fit is
 * dropped whole, hence not acknowledged, and its leader sends it again; everything else is small
 * and always fits. Safe for use by many threads.
 */
final class AppendBudget {
    private final long limitBytes;
    private final AtomicLong usedBytes = new AtomicLong();

    AppendBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Whoever is told true gives the bytes back. */
    boolean take(long bytes, boolean isAppend) {
        long used = usedBytes.addAndGet(bytes);
        // A single one that is larger than the limit still has to pass some time.
        if (isAppend && used > limitBytes && used > bytes) {
            usedBytes.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    void giveBack(long bytes) {
        usedBytes.addAndGet(-bytes);
    }

    long usedBytes() {
        return usedBytes.get();
    }
}
