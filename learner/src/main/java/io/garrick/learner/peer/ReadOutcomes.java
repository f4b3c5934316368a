package io.garrick.learner.peer;

import io.garrick.learner.ReadOutcome;
import io.garrick.learner.RegionLease;
import io.garrick.proto.kvrpc.LockInfo;
import java.util.ArrayList;
import java.util.List;

/** One answer from the answers of several regions. */
final class ReadOutcomes {
    private ReadOutcomes() {}

    /** Not ready wins over locked, locked over ready: what cannot be waited for comes first. */
    static ReadOutcome combine(List<ReadOutcome> answers) {
        List<RegionLease> leases = new ArrayList<>();
        List<LockInfo> locks = new ArrayList<>();
        for (ReadOutcome answer : answers) {
            switch (answer) {
                case ReadOutcome.Ready(List<RegionLease> regions) -> leases.addAll(regions);
                case ReadOutcome.Locked(List<LockInfo> found) -> locks.addAll(found);
                case ReadOutcome.NotReady notReady -> {
                    return notReady;
                }
            }
        }
        return locks.isEmpty() ? new ReadOutcome.Ready(leases) : new ReadOutcome.Locked(locks);
    }
}
