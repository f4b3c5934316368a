package io.garrick.peer;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** What a run must have gone through to mean something. */
enum Count {
    MESSAGES_DELIVERED,
    MESSAGES_LOST,
    MESSAGES_DOUBLED,
    MESSAGES_OVERTAKEN,
    MESSAGES_CUT_OFF,
    PARTITIONS,
    TERMS_WITH_OUR_LEADER,
    TERMS_WITH_RAFT_RS_LEADER,
    TRANSFERS_TO_US,
    TRANSFERS_TO_RAFT_RS,
    CAMPAIGNS_FORCED,
    CHANGES_ONE_STEP,
    CHANGES_JOINT,
    LEARNERS_ADDED,
    LEARNERS_PROMOTED,
    VOTERS_DEMOTED,
    MEMBERS_REMOVED,
    OUR_PEERS_PROMOTED,
    OUR_PEERS_DEMOTED,
    SNAPSHOTS_INSTALLED_BY_US,
    SNAPSHOTS_INSTALLED_BY_RAFT_RS,
    SNAPSHOTS_LOST,
    SNAPSHOTS_REQUESTED,
    LOGS_COMPACTED,
    OUR_RESTARTS,
    OUR_UNSYNCED_ENTRIES_LOST,
    RAFT_RS_RESTARTS,
    READS_ANSWERED_TO_US,
    READS_ANSWERED_TO_RAFT_RS,
    PEERS_COMPARED,
    ENTRIES_COMPARED;

    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** A number for each. */
    static final class Sheet {
        private final Map<Count, Long> counts = new EnumMap<>(Count.class);

        void add(Count what) {
            add(what, 1);
        }

        void add(Count what, long times) {
            counts.merge(what, times, Long::sum);
        }

        void addAll(Sheet other) {
            other.counts.forEach(this::add);
        }

        long of(Count what) {
            return counts.getOrDefault(what, 0L);
        }
    }
}
