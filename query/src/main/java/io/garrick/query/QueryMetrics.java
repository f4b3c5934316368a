package io.garrick.query;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** The module's metrics. */
final class QueryMetrics {
    final Counter queries =
            Counter.builder()
                    .name("garrick_query_statements_total")
                    .help("Statements started, by the engine that ran them.")
                    .labelNames("engine")
                    .build();
    final Counter failures =
            Counter.builder()
                    .name("garrick_query_failures_total")
                    .help("Statements that failed, by the kind of failure.")
                    .labelNames("kind")
                    .build();
    final Counter restarts =
            Counter.builder()
                    .name("garrick_query_restarts_total")
                    .help("Queries that outgrew our own operators and ran in DuckDB instead.")
                    .build();
    final Counter rows =
            Counter.builder()
                    .name("garrick_query_rows_total")
                    .help("Rows returned to clients.")
                    .build();
    final Histogram seconds =
            Histogram.builder()
                    .name("garrick_query_duration_seconds")
                    .help("Time from the start of a statement until its result was closed.")
                    .build();
    final Histogram planSeconds =
            Histogram.builder()
                    .name("garrick_query_plan_seconds")
                    .help("Time to parse and plan a statement that was not in the plan cache.")
                    .build();
    final Gauge running =
            Gauge.builder()
                    .name("garrick_query_running_count")
                    .help("Statements whose result is open.")
                    .build();

    /** Makes the metrics visible in {@code registry}; once per registry. */
    void register(PrometheusRegistry registry) {
        registry.register(queries);
        registry.register(failures);
        registry.register(restarts);
        registry.register(rows);
        registry.register(seconds);
        registry.register(planSeconds);
        registry.register(running);
    }
}
