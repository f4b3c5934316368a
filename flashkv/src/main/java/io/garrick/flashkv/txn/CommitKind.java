package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.proto.kvrpc.PrewriteRequest;
import java.util.List;

/** How a transaction is going to commit. */
sealed interface CommitKind {
    /** The commit ts comes from PD, once all locks are down. */
    record TwoPhase() implements CommitKind {}

    /**
     * The locks decide it: committed as soon as all are down, at the highest of their minimal
     * commit ts.
     *
     * @param secondaries all other keys, kept by the primary's lock
     * @param ceilingTs 0 for none
     */
    record Async(List<Key> secondaries, long ceilingTs) implements CommitKind {
        public Async {
            secondaries = List.copyOf(secondaries);
        }
    }

    /** The whole transaction is in this request, and becomes write records at once. */
    record OnePhase(long ceilingTs) implements CommitKind {}

    static CommitKind of(PrewriteRequest request) {
        if (request.getTryOnePc()) {
            return new OnePhase(request.getMaxCommitTs());
        }
        if (request.getUseAsyncCommit()) {
            return new Async(
                    request.getSecondariesList().stream()
                            .map(key -> Key.wrap(key.toByteArray()))
                            .toList(),
                    request.getMaxCommitTs());
        }
        return new TwoPhase();
    }
}
