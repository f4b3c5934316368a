package io.garrick.flashkv.store;

import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import org.jspecify.annotations.Nullable;

/**
 * What other threads may know of a peer. Written by the store's thread, read by any.
 *
 * <p>A reader that finds the same {@link #view} and a valid lease before and after it took an
 * engine snapshot has a linearizable read.
 */
final class PeerHandle {
    private volatile View view;
    private volatile long leaseUntilNanos;
    private volatile boolean leased;

    /**
     * Replaced whenever any of it changes.
     *
     * @param region as applied; without peers while the peer is uninitialized
     * @param leader null when unknown
     * @param readable this peer leads, has applied an entry of its own term, and no split or merge
     *     is on its way: with a valid lease it may answer at once
     * @param merging it gives itself up to a neighbour and takes no requests
     */
    record View(
            Region region,
            Peer self,
            boolean leading,
            @Nullable Peer leader,
            long term,
            boolean readable,
            boolean merging) {}

    PeerHandle(View view) {
        this.view = view;
    }

    View view() {
        return view;
    }

    /** Whether nothing has changed since {@code earlier} was read. */
    boolean shows(View earlier) {
        return view.equals(earlier);
    }

    void publish(View changed) {
        if (!changed.equals(view)) {
            view = changed;
        }
    }

    boolean leaseValid(long nowNanos) {
        return leased && leaseUntilNanos - nowNanos > 0;
    }

    void extendLease(long untilNanos) {
        if (!leased || untilNanos - leaseUntilNanos > 0) {
            leaseUntilNanos = untilNanos;
            leased = true;
        }
    }

    void expireLease() {
        leased = false;
    }
}
