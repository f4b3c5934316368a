package io.garrick.raft.quorum;

import org.jspecify.annotations.Nullable;

/** What each voter is known to have on disk. */
@FunctionalInterface
public interface Acknowledged {
    /**
     * Where one voter stands.
     *
     * @param groupId the commit group it belongs to, 0 for none
     */
    record Ack(long index, long groupId) {
        static final Ack NOTHING = new Ack(0, 0);
    }

    /** Null when nothing was ever heard of this voter, which counts as index 0. */
    @Nullable Ack of(long voter);
}
