package io.garrick.learner;

import io.garrick.learner.LearnerStatus.Phase;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** The learner's metrics: all of them are read from {@link LearnerStatus} when scraped. */
final class LearnerMetrics {
    private LearnerMetrics() {}

    static void register(
            PrometheusRegistry registry,
            Supplier<LearnerStatus> status,
            Supplier<Map<String, Long>> refusals) {
        counter(
                registry,
                status,
                "garrick_learner_applied_entries",
                "Committed raft entries applied",
                LearnerStatus::entriesApplied);
        counter(
                registry,
                status,
                "garrick_learner_installed_snapshots",
                "Region snapshots installed",
                LearnerStatus::snapshotsReceived);
        counter(
                registry,
                status,
                "garrick_learner_received_messages",
                "Raft messages received",
                LearnerStatus::messagesReceived);
        CounterWithCallback.builder()
                .name("garrick_learner_refused_messages")
                .help("Messages and streams that were not taken in, by reason")
                .labelNames("reason")
                .callback(sample ->
                        refusals.get()
                                .forEach((reason, count) -> sample.call((double) count, reason)))
                .register(registry);
        counter(
                registry,
                status,
                "garrick_learner_quarantined_regions",
                "Times that a region was stopped to wait for a snapshot",
                LearnerStatus::regionsQuarantined);
        GaugeWithCallback.builder()
                .name("garrick_learner_lag_entries")
                .help("Committed entries not applied yet, in the region that is furthest behind")
                .callback(sample -> sample.call((double) status.get().maxLag()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("garrick_learner_regions_count")
                .help("Regions on this store by phase")
                .labelNames("phase")
                .callback(sample -> {
                    LearnerStatus now = status.get();
                    for (Phase phase : Phase.values()) {
                        sample.call(
                                (double)
                                        now.regions().stream()
                                                .filter(region -> region.phase() == phase)
                                                .count(),
                                phase.name().toLowerCase(java.util.Locale.ROOT));
                    }
                })
                .register(registry);
    }

    private static void counter(
            PrometheusRegistry registry,
            Supplier<LearnerStatus> status,
            String name,
            String help,
            ToDoubleFunction<LearnerStatus> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .callback(sample -> sample.call(value.applyAsDouble(status.get())))
                .register(registry);
    }
}
