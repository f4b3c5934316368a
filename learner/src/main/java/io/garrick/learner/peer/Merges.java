package io.garrick.learner.peer;

import io.garrick.proto.meta.Region;
import io.garrick.proto.raftcmd.CommitMergeRequest;
import io.garrick.proto.raftserver.MergeState;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RegionLocalState;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;

/** Lets the two regions of a merge, each on its own thread, agree when it may happen. */
final class Merges {
    private final Store store;
    private final Map<Long, DeferredTombstone> deferred = new ConcurrentHashMap<>();

    Merges(Store store) {
        this.store = store;
    }

    // The source's tombstone may be written once the sink has made the merge durable.
    private record DeferredTombstone(long targetId, long index, RegionLocalState tombstone) {}

    /** Called by the target: bring the source to the entry its merge begins with. */
    void catchUpSource(long targetId, CommitMergeRequest merge) {
        long sourceId = merge.getSource().getId();
        store.post(
                sourceId,
                () -> {
                    Peer source = store.peer(sourceId);
                    if (source != null) {
                        store.guard(source, () -> source.catchUpFor(targetId, merge));
                    } else if (store.records()
                            .local(sourceId)
                            .filter(l -> l.getState() == PeerState.Tombstone)
                            .isPresent()) {
                        // Merged before a crash; this is the replay.
                        sourceCaughtUp(targetId, sourceId);
                    }
                });
    }

    void sourceCaughtUp(long targetId, long sourceId) {
        store.onWorker(targetId, target -> target.onSourceCaughtUp(sourceId));
    }

    /** Called by the target after the merge: the source's peer ends, its data stays. */
    void sourceMerged(Peer target, Region source, Region formerTarget, long index) {
        RegionLocalState tombstone =
                RegionLocalState.newBuilder()
                        .setState(PeerState.Tombstone)
                        .setRegion(source)
                        .setMergeState(MergeState.newBuilder().setTarget(formerTarget))
                        .build();
        deferred.put(source.getId(), new DeferredTombstone(target.regionId(), index, tombstone));
        store.post(
                source.getId(),
                () -> {
                    Peer peer = store.remove(source.getId());
                    if (peer != null) {
                        peer.mergedAway();
                    }
                    store.records().rememberUntilRestart(tombstone);
                });
    }

    /** Buries the sources whose merges the sink has made durable. */
    void onTick(LongPredicate ownedHere) {
        for (DeferredTombstone one : List.copyOf(deferred.values())) {
            if (ownedHere.test(one.targetId)
                    && store.sink().durableApplied(one.targetId) >= one.index
                    && deferred.remove(one.tombstone.getRegion().getId(), one)) {
                try {
                    store.writeUnsynced(batch -> store.records().clearBut(batch, one.tombstone));
                } catch (IOException e) {
                    store.fail(e);
                }
            }
        }
    }
}
