package io.garrick.learner.peer;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Up to which ts one region can be read here without asking its leader.
 *
 * <p>A leader says from time to time: whoever has applied this index may read at this ts. The ts
 * counts once the index is applied (tikv, components/raftstore/src/store/util.rs,
 * RegionReadProgress). 0 means unknown. Safe for use by many threads.
 */
final class SafeTs {
    private static final int MAX_PENDING = 32;

    private record Item(long index, long ts) {}

    private @Nullable ArrayDeque<Item> pending;
    private long safeTs;
    private long leaderSafeTs;
    private long firstIndex;

    /** A leader's word. Both values are positive. */
    synchronized void promise(long index, long ts, long appliedIndex) {
        if (index < firstIndex) {
            return;
        }
        leaderSafeTs = Math.max(leaderSafeTs, ts);
        settle(appliedIndex);
        if (index <= appliedIndex) {
            safeTs = Math.max(safeTs, ts);
            return;
        }
        ArrayDeque<Item> waiting = pending == null ? new ArrayDeque<>(2) : pending;
        pending = waiting;
        Item last = waiting.peekLast();
        if (last != null && (last.index >= index || last.ts >= ts)) {
            // Words come in order; what is late says less than what is known.
            return;
        }
        if (waiting.size() >= MAX_PENDING) {
            // A later word says more: only the way there gets coarser.
            waiting.pollLast();
        }
        waiting.addLast(new Item(index, ts));
    }

    /** The ts that counts when {@code appliedIndex} is applied. */
    synchronized long at(long appliedIndex) {
        settle(appliedIndex);
        return safeTs;
    }

    /** The newest ts that the leader has named. */
    synchronized long ofLeader() {
        return leaderSafeTs;
    }

    private void settle(long appliedIndex) {
        ArrayDeque<Item> waiting = pending;
        if (waiting == null) {
            return;
        }
        while (!waiting.isEmpty() && waiting.getFirst().index <= appliedIndex) {
            safeTs = Math.max(safeTs, waiting.removeFirst().ts);
        }
        if (waiting.isEmpty()) {
            pending = null;
        }
    }

    /**
     * The region has other keys now (a merge, a snapshot): what was said of the former ones does
     * not hold, nor does what is still to come from before {@code index}.
     */
    synchronized void restartAt(long index) {
        pending = null;
        safeTs = 0;
        leaderSafeTs = 0;
        firstIndex = index;
    }
}
