package io.garrick.learner.peer;

import java.util.HashMap;
import java.util.Map;

/**
 * How many snapshots may be on their way here at once. A leader asks before it makes one; what it
 * was granted and never sends lapses. Safe for use by many threads.
 */
final class SnapshotGrants {
    /** TiKV's concurrent-recv-snap-limit. */
    private static final int MAX_RECEIVING = 32;

    private static final long GRANT_TICKS = 60;

    private final Map<Long, Long> grantedTick = new HashMap<>();

    /** Asking again for the same region renews its grant. */
    synchronized boolean take(long regionId, long tick) {
        grantedTick.values().removeIf(granted -> tick - granted > GRANT_TICKS);
        if (grantedTick.size() >= MAX_RECEIVING && !grantedTick.containsKey(regionId)) {
            return false;
        }
        grantedTick.put(regionId, tick);
        return true;
    }

    synchronized void giveBack(long regionId) {
        grantedTick.remove(regionId);
    }

    synchronized int count() {
        return grantedTick.size();
    }
}
