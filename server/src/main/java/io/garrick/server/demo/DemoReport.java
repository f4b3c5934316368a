package io.garrick.server.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.garrick.server.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The demo in numbers, for {@code --json}. The keys are a contract. */
final class DemoReport {
    private final Map<String, Object> values = new LinkedHashMap<>();

    DemoReport(DemoStats stats, Map<String, Long> replica, int regions, int stores) {
        values.put("rows_loaded", stats.rowsLoaded.get());
        values.put("commits", stats.commits.get());
        values.put("queries", stats.queries.get());
        Map<String, Long> byName = new LinkedHashMap<>();
        stats.queriesByName().forEach((name, query) -> byName.put(name, query.runs.get()));
        values.put("queries_by_name", byName);
        values.put("mismatches", stats.mismatches.get());
        values.put("freshness_ms_p50", stats.freshnessMillis(50));
        values.put("freshness_ms_p99", stats.freshnessMillis(99));
        values.put("snapshots_received", replica.getOrDefault("snapshots_received", 0L));
        values.put("raft_entries_applied", replica.getOrDefault("raft_entries_applied", 0L));
        values.put("parts", replica.getOrDefault("parts", 0L));
        values.put("regions", regions);
        values.put("stores", stores);
        values.put("conflicts", stats.conflicts.get());
        values.put("query_errors", stats.queryErrors.get());
    }

    void write(Path file) {
        try {
            Files.writeString(
                    file,
                    new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(values)
                            + "\n");
        } catch (IOException e) {
            throw new UserError("cannot write " + file + ": " + e.getMessage(), e);
        }
    }
}
