package io.garrick.learner;

import io.garrick.base.KeyRange;
import java.util.List;

/**
 * How the store is doing, as of now.
 *
 * @param regions every peer on this store, in region id order
 * @param maxLag the largest {@link Region#lag}
 */
public record LearnerStatus(
        long clusterId,
        long storeId,
        String address,
        List<Region> regions,
        long snapshotsReceived,
        long entriesApplied,
        long messagesReceived,
        long messagesRefused,
        long regionsQuarantined,
        long maxLag) {

    public LearnerStatus {
        regions = List.copyOf(regions);
    }

    /** A peer's life, in the order in which it usually goes. */
    public enum Phase {
        /** Known to its leader, without data. */
        UNINITIALIZED,
        /** A split child of a region that has not replayed the split yet; says nothing. */
        SILENT,
        /** A snapshot is being installed. */
        APPLYING,
        NORMAL,
        /** About to be merged into its neighbour. */
        MERGING,
        /** Stopped by an error or an import; waits for a snapshot. */
        QUARANTINED
    }

    /**
     * One peer on this store.
     *
     * @param lag committed entries that are not applied yet, as far as this store knows
     * @param leaderStoreId 0 if no leader is known
     * @param safeTs up to here the region can be read without its leader; 0 if unknown
     * @param leaderSafeTs the newest that its leader has named; 0 if unknown
     */
    public record Region(
            long regionId,
            long peerId,
            KeyRange range,
            long confVer,
            long version,
            Phase phase,
            long appliedIndex,
            long lag,
            long leaderStoreId,
            long safeTs,
            long leaderSafeTs) {
        // TiFlash's bound for TiDB's progress: two minutes of PD's time.
        private static final long LAGGING_TS = 120_000L << 18;

        /** Its data is older than its leader's by more than TiDB accepts as replicated. */
        public boolean lagging() {
            return leaderSafeTs - safeTs > LAGGING_TS;
        }

        /** Its snapshot is in place: TiDB may count it as replicated. */
        public boolean initialized() {
            return switch (phase) {
                case NORMAL, MERGING -> true;
                case UNINITIALIZED, SILENT, APPLYING, QUARANTINED -> false;
            };
        }
    }
}
