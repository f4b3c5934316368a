package io.garrick.flashkv.txn;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The highest timestamp anybody has read at. A transaction that chose its own commit ts (async
 * commit, 1PC) would have to stay above it; two-phase commit takes one from PD after its locks are
 * down, which is above anyway.
 *
 * <p>Safe for use by many threads.
 */
final class ConcurrencyManager {
    private final AtomicLong maxTs = new AtomicLong();

    /** {@code ts} of all ones means "the newest", not a moment, and is left out. */
    void observe(long ts) {
        if (ts != -1L) {
            maxTs.accumulateAndGet(ts, (a, b) -> Long.compareUnsigned(a, b) >= 0 ? a : b);
        }
    }

    long maxTs() {
        return maxTs.get();
    }
}
