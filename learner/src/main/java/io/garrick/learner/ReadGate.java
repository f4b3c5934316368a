package io.garrick.learner;

import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Lets a read start once this store has applied everything its leaders had committed.
 *
 * <p>For each region of the range: ask the leader for a read index with the ts and the key range
 * (so that the leader raises its max_ts and reports locks in memory), wait until it is applied
 * here, then look for blocking locks. Safe for use by many threads.
 */
public interface ReadGate {
    /**
     * Never fails; a problem is a {@link ReadOutcome.NotReady}.
     *
     * @param encodedRange memcomparable keys
     * @param bypass start timestamps of transactions whose locks do not count
     */
    CompletableFuture<ReadOutcome> prepareRead(
            KeyRange encodedRange, Timestamp ts, Set<Long> bypass, Duration timeout);

    /**
     * True if no region has changed its epoch, or is being replaced or removed, since the lease was
     * given. Ask after pinning the data: if true, what is pinned is what the lease promised.
     */
    boolean stillValid(List<RegionLease> regions);
}
