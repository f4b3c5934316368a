package io.garrick.flashkv.kv;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a store's transaction layer may know of the rest of the cluster. Calls block until PD
 * answers, and throw when it does not. Safe for use by many threads.
 */
public interface ClusterView {
    /** Of this store. */
    long storeId();

    /** A fresh one from PD, above all that was given out before. */
    long timestamp();

    /** PD's safe point: no reader asks below it any more. 0 while there is none. */
    long gcSafePoint();

    /** The store that leads the region at the start of the key space; empty while unknown. */
    OptionalLong leaderOfFirstRegion();

    /** {@code host:port} of a store. */
    Optional<String> address(long storeId);
}
