package io.garrick.server.wiring;

import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.learner.ReadGate;
import io.garrick.learner.ReadOutcome;
import io.garrick.learner.RegionLease;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Stands for the learner's gate while the node starts and stops: the query port is bound before PD
 * hears of the store, so that a busy port leaves no record of a store that never lived.
 */
final class LateGate implements ReadGate {
    private volatile @Nullable ReadGate gate;

    void open(ReadGate learners) {
        gate = learners;
    }

    void shut() {
        gate = null;
    }

    @Override
    public CompletableFuture<ReadOutcome> prepareRead(
            KeyRange encodedRange, Timestamp ts, Set<Long> bypass, Duration timeout) {
        ReadGate open = gate;
        return open == null
                ? CompletableFuture.completedFuture(
                        new ReadOutcome.NotReady("the node is starting or stopping"))
                : open.prepareRead(encodedRange, ts, bypass, timeout);
    }

    @Override
    public boolean stillValid(List<RegionLease> regions) {
        ReadGate open = gate;
        return open != null && open.stillValid(regions);
    }
}
