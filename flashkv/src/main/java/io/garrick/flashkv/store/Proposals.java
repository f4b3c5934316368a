package io.garrick.flashkv.store;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who waits for which log entry. An entry of the same index but another term means that the
 * proposal was lost to another leader.
 */
final class Proposals {
    private final Deque<Pending> pending = new ArrayDeque<>();

    record Pending(long index, long term, long proposedNanos, Consumer<Outcome> waiter) {}

    void add(Pending proposal) {
        pending.add(proposal);
    }

    /** The proposal of this entry; those that were lost before it are told so. */
    @Nullable Pending take(long index, long term) {
        while (!pending.isEmpty() && pending.peek().index() <= index) {
            Pending proposal = pending.remove();
            if (proposal.index() == index && proposal.term() == term) {
                return proposal;
            }
            proposal.waiter().accept(new Outcome.Failed(RegionErrors.staleCommand()));
        }
        return null;
    }

    /** Nobody can tell what becomes of them: this peer leads no longer, or is gone. */
    void abandon(io.garrick.proto.error.Error error) {
        while (!pending.isEmpty()) {
            pending.remove().waiter().accept(new Outcome.Failed(error));
        }
    }

    int count() {
        return pending.size();
    }
}
