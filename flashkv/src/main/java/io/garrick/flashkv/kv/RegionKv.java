package io.garrick.flashkv.kv;

import io.garrick.proto.kvrpc.Context;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One store's regions, as the KV service sees them. Safe for use by many threads.
 *
 * <p>Futures never fail because of the cluster's state: that is a {@code Refused} with the region
 * error. They complete on any thread, also the caller's; what is chained on them must not block.
 */
public interface RegionKv {
    /**
     * Checks the context in the order of TiKV (store, region, peer, leader, term, epoch) and gives
     * a snapshot that contains every write acknowledged before this call. With {@code replica_read}
     * a follower may answer after a read index.
     */
    CompletableFuture<Access> snapshot(Context context);

    /**
     * Replicates {@code modifies} as one atomic command, in order, and completes once this store
     * has applied it. An empty list completes at once.
     *
     * <p>Writers of the same keys must exclude each other (latches) from before their snapshot
     * until this completes.
     */
    CompletableFuture<Proposal> propose(Context context, List<Modify> modifies);

    /** For requests to the regions that this store leads at the moment. */
    List<Context> led();
}
