package io.garrick.learner.peer;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What came from outside and was not taken in, by reason: a counter each, and a log line for the
 * first and then at most one a minute, so that a sender who repeats itself does not fill the log.
 *
 * <p>Reasons are a small fixed set of words; what differs from case to case is the detail. Safe for
 * use by many threads.
 */
public final class Refusals {
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
    private static final long SILENCE_NANOS = 60_000_000_000L;

    private static final class Reason {
        final LongAdder count = new LongAdder();
        final AtomicLong saidNanos = new AtomicLong(System.nanoTime() - SILENCE_NANOS);
    }

    private final Map<String, Reason> reasons = new ConcurrentHashMap<>();

    /**
     * Counts, and says so if that was not said lately.
     *
     * @param reason one of a few words; becomes a label of the metric
     * @param detail what may differ each time, for the log line
     */
    public void add(String reason, String detail) {
        Reason entry = reasons.computeIfAbsent(reason, _ -> new Reason());
        entry.count.increment();
        long now = System.nanoTime();
        long said = entry.saidNanos.get();
        if (now - said >= SILENCE_NANOS && entry.saidNanos.compareAndSet(said, now)) {
            LOG.info("refused reason=\"{}\" count={} {}", reason, entry.count.sum(), detail);
        }
    }

    public long total() {
        return reasons.values().stream().mapToLong(reason -> reason.count.sum()).sum();
    }

    /** Counts by reason, in alphabetical order. */
    public Map<String, Long> byReason() {
        Map<String, Long> counts = new TreeMap<>();
        reasons.forEach((reason, entry) -> counts.put(reason, entry.count.sum()));
        return counts;
    }
}
