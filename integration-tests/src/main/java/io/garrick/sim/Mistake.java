package io.garrick.sim;

import io.garrick.mergetree.PlantedBug;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** A bug that the simulation can plant, and must then find. */
enum Mistake {
    /** A snapshot is added to what its range has. */
    NO_PURGE_AT_SNAPSHOT,
    SKIP_KILL_REMAP,
    /** Purged rows (end = 0) are treated as versions. */
    DEAD_ROWS_ARE_VERSIONS,
    /** Rewritten commit records count as commits. */
    IGNORE_GC_FENCE,
    /** No fence, and no second line behind it. */
    SKIP_FENCE,
    /** A fence that is too low, and no second line behind it. */
    MINIMUM_FENCE;

    /** What the column store does wrong; the others are mistakes of its callers. */
    Set<PlantedBug> inStore() {
        return switch (this) {
            case NO_PURGE_AT_SNAPSHOT, IGNORE_GC_FENCE -> Set.of();
            case SKIP_KILL_REMAP -> Set.of(PlantedBug.SKIP_KILL_REMAP);
            case DEAD_ROWS_ARE_VERSIONS -> Set.of(PlantedBug.DEAD_ROWS_ARE_VERSIONS);
            case SKIP_FENCE -> Set.of(PlantedBug.NO_FENCE, PlantedBug.NO_DUPLICATE_CHECK);
            case MINIMUM_FENCE -> Set.of(PlantedBug.FIRST_ROW_FENCE, PlantedBug.NO_DUPLICATE_CHECK);
        };
    }

    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static List<Mistake> named(String word) {
        if (word.equals("all")) {
            return List.of(values());
        }
        for (Mistake mistake : values()) {
            if (mistake.word().equals(word)) {
                return List.of(mistake);
            }
        }
        throw new IllegalArgumentException(
                "no planted bug "
                        + word
                        + "; there are: all "
                        + Arrays.stream(values())
                                .map(Mistake::word)
                                .collect(Collectors.joining(" ")));
    }
}
