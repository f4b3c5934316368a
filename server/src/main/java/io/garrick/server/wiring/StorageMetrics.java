package io.garrick.server.wiring;

import io.garrick.mergetree.StoreStats;
import io.garrick.regioncache.RegionCache;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Sizes of the storage on {@code /metrics}. */
final class StorageMetrics {
    private StorageMetrics() {}

    static void register(
            PrometheusRegistry registry,
            Supplier<StoreStats> tables,
            Supplier<RegionCache.Stats> pending) {
        gauge(
                registry,
                "garrick_mergetree_parts",
                "Part files in use.",
                tables,
                StoreStats::partCount);
        gauge(
                registry,
                "garrick_mergetree_part_rows",
                "Versions in part files.",
                tables,
                StoreStats::partRows);
        gauge(
                registry,
                "garrick_mergetree_part_bytes",
                "Bytes of part files.",
                tables,
                StoreStats::partBytes);
        gauge(
                registry,
                "garrick_mergetree_memtable_rows",
                "Versions only memory holds.",
                tables,
                StoreStats::memtableRows);
        gauge(
                registry,
                "garrick_mergetree_memtable_bytes",
                "Row bytes only memory holds.",
                tables,
                StoreStats::memtableBytes);
        gauge(
                registry,
                "garrick_regioncache_pending_bytes",
                "Bytes of values not committed yet.",
                pending,
                RegionCache.Stats::pendingBytes);
        gauge(
                registry,
                "garrick_regioncache_locks",
                "Locks of transactions in flight.",
                pending,
                RegionCache.Stats::locks);
        gauge(
                registry,
                "garrick_regioncache_orphans",
                "Commits whose value has not arrived.",
                pending,
                RegionCache.Stats::orphans);
        gauge(
                registry,
                "garrick_regioncache_leftovers",
                "Committed rows kept until a part holds them.",
                pending,
                RegionCache.Stats::leftovers);
    }

    private static <T> void gauge(
            PrometheusRegistry registry,
            String name,
            String help,
            Supplier<T> source,
            ToDoubleFunction<T> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.applyAsDouble(source.get())))
                .register(registry);
    }
}
