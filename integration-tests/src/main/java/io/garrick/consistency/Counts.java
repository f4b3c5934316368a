package io.garrick.consistency;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What became of the operations, over all workloads. Safe for many threads. */
final class Counts {
    final LongAdder reads = new LongAdder();
    final LongAdder writes = new LongAdder();

    /** Without effect: conflicts, aborts, reads that found no answer in time. */
    final LongAdder failed = new LongAdder();

    /** Writes of unknown outcome. */
    final LongAdder unknown = new LongAdder();

    final AtomicInteger inFlight = new AtomicInteger();

    /** Reads and writes that succeeded. */
    long operations() {
        return reads.sum() + writes.sum();
    }
}
