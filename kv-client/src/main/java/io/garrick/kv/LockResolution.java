package io.garrick.kv;

import java.util.Set;

/**
 * What became of some locks.
 *
 * @param bypass start timestamps of transactions that a read at the caller's timestamp may ignore:
 *     they are rolled back, or can only commit after it
 * @param waitMillis zero if no lock is in the way any more; else how long the longest of the
 *     transactions may yet live
 */
public record LockResolution(Set<Long> bypass, long waitMillis) {
    public LockResolution {
        bypass = Set.copyOf(bypass);
    }

    public boolean resolved() {
        return waitMillis == 0;
    }
}
