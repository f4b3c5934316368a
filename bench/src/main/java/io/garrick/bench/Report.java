package io.garrick.bench;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import java.util.Map;

/**
 * The result of one benchmark, as written to JSON.
 *
 * @param ours our figure: the median of the rounds, in {@code unit}
 * @param peer the peer's figure, or our baseline's; 0 if there is none
 * @param ratio what the benchmark's target speaks of: ours ÷ peer unless {@code details} say
 *     otherwise
 * @param spread (largest − smallest) ÷ median of our rounds
 * @param clean false if another process used the CPU during the last try
 * @param details further figures of this benchmark, each under a key of its own
 */
public record Report(
        String name,
        String unit,
        double ours,
        double peer,
        double ratio,
        double spread,
        boolean clean,
        int threads,
        double scale,
        String command,
        @JsonAnyGetter Map<String, Object> details) {

    public Report {
        details = Map.copyOf(details);
    }
}
