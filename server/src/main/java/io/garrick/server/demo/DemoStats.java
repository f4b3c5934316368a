package io.garrick.server.demo;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** What the demo counts. All threads add; the screen and the report read. */
final class DemoStats {
    /** One query by name. */
    static final class Query {
        final AtomicLong runs = new AtomicLong();
        final AtomicLong totalMicros = new AtomicLong();
        volatile long lastMicros;
    }

    final AtomicLong rowsLoaded = new AtomicLong();
    final AtomicLong commits = new AtomicLong();
    final AtomicLong conflicts = new AtomicLong();
    final AtomicLong queries = new AtomicLong();
    final AtomicLong mismatches = new AtomicLong();
    final AtomicLong queryErrors = new AtomicLong();
    final Histogram freshnessMicros = new ConcurrentHistogram(60_000_000L, 3);
    private final Map<String, Query> byName = new LinkedHashMap<>();
    private volatile String lastProblem = "";

    synchronized Query query(String name) {
        return byName.computeIfAbsent(name, _ -> new Query());
    }

    synchronized Map<String, Query> queriesByName() {
        return new LinkedHashMap<>(byName);
    }

    void ran(String name, long micros) {
        Query query = query(name);
        query.runs.incrementAndGet();
        query.totalMicros.addAndGet(micros);
        query.lastMicros = micros;
        queries.incrementAndGet();
    }

    void problem(String text) {
        lastProblem = text;
    }

    String lastProblem() {
        return lastProblem;
    }

    void fresh(long micros) {
        freshnessMicros.recordValue(Math.min(micros, 60_000_000L));
    }

    double freshnessMillis(double percentile) {
        return freshnessMicros.getTotalCount() == 0
                ? 0
                : freshnessMicros.getValueAtPercentile(percentile) / 1000.0;
    }
}
