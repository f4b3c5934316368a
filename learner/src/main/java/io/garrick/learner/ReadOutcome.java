package io.garrick.learner;

import io.garrick.proto.kvrpc.LockInfo;
import java.util.List;

/** What became of a request to read a key range at a ts. */
public sealed interface ReadOutcome {
    /**
     * Everything committed up to the ts is applied. Pin the data, then ask {@link
     * ReadGate#stillValid}.
     *
     * @param regions cover the range, in key order
     */
    record Ready(List<RegionLease> regions) implements ReadOutcome {
        public Ready {
            regions = List.copyOf(regions);
        }
    }

    /** Resolve these transactions, or bypass those that cannot matter, and ask again. */
    record Locked(List<LockInfo> locks) implements ReadOutcome {
        public Locked {
            locks = List.copyOf(locks);
        }
    }

    /** Not now, not here: the range is not (fully) on this store, or its leader does not answer. */
    record NotReady(String reason) implements ReadOutcome {}
}
