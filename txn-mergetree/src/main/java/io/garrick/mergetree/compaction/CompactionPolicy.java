package io.garrick.mergetree.compaction;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * Size-tiered: parts of one tier are merged once there are enough of them; and any part is
 * rewritten alone once enough of it is garbage that no reader can need, or history that few readers
 * need.
 *
 * @param fanIn parts of one tier that make a merge
 * @param maxRows larger parts are never built by merging
 * @param garbageThreshold reclaimable share that makes a rewrite worthwhile
 */
public record CompactionPolicy(int fanIn, int maxRows, double garbageThreshold) {
    // The smallest tier takes everything up to here: small flushes are all alike.
    private static final int FIRST_TIER_ROWS = 1 << 16;
    private static final int IDLE_DIVISOR = 3;

    /**
     * What the policy knows of a part.
     *
     * @param reclaimable rows that a rewrite would drop
     * @param dead rows that have an end, the reclaimable ones included
     */
    public record Candidate(long partId, int rowCount, int reclaimable, int dead) {
        int liveRows() {
            return rowCount - reclaimable;
        }

        /** Holds nothing that a read of the newest versions needs. */
        boolean history() {
            return dead == rowCount;
        }

        /** Neighbours in a tier are of one size, and either all history or none. */
        int tier(int fanIn) {
            int tier = 0;
            for (long limit = FIRST_TIER_ROWS; rowCount > limit; limit *= Math.max(2, fanIn)) {
                tier++;
            }
            return history() ? -1 - tier : tier;
        }
    }

    /** How much work is welcome. */
    public enum Effort {
        /** Others need the machine: only what pays soon. */
        BUSY,
        /** Smaller gains are worth it, too. */
        IDLE
    }

    /** Part ids to merge into one, oldest first; empty: nothing is worth it. */
    public List<Long> choose(List<Candidate> parts, Effort effort) {
        double threshold =
                effort == Effort.IDLE ? garbageThreshold / IDLE_DIVISOR : garbageThreshold;
        TreeMap<Integer, List<Candidate>> tiers = new TreeMap<>();
        for (Candidate part : parts) {
            if (part.reclaimable() > 0 && part.reclaimable() >= part.rowCount() * threshold) {
                return List.of(part.partId());
            }
            tiers.computeIfAbsent(part.tier(fanIn), _ -> new ArrayList<>()).add(part);
        }
        for (List<Candidate> tier : tiers.values()) {
            List<Long> merge = merge(tier);
            if (merge.size() >= Math.max(2, fanIn)) {
                return merge;
            }
        }
        for (Candidate part : parts) {
            // Small parts are merged with others soon, which does the same.
            if (part.rowCount() > FIRST_TIER_ROWS
                    && !part.history()
                    && part.dead() >= part.rowCount() * threshold) {
                return List.of(part.partId()); // puts its dead rows apart
            }
        }
        return List.of();
    }

    private List<Long> merge(List<Candidate> tier) {
        tier.sort(Comparator.comparingInt(Candidate::rowCount));
        List<Long> chosen = new ArrayList<>();
        long rows = 0;
        for (Candidate part : tier) {
            if (rows + part.liveRows() > maxRows) {
                break;
            }
            rows += part.liveRows();
            chosen.add(part.partId());
        }
        return chosen;
    }
}
