package io.garrick.learner.peer;

import io.garrick.base.OrderedStore.Batch;
import io.garrick.base.OrderedStore.Durability;
import io.garrick.learner.LearnerStatus.Phase;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.raftserver.RegionLocalState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The peers that splits create: written down before their parent goes on, adopted by their own
 * worker, silent after a restart until their parent has replayed the split.
 */
final class Splits {
    private static final Logger LOG = LoggerFactory.getLogger(Splits.class);
    private static final long SILENT_TICKS = 5;

    private final Store store;
    private final Map<Long, RaftMessage> keptForSplit = new ConcurrentHashMap<>();
    private final Map<Long, Long> silentSince = new ConcurrentHashMap<>();

    Splits(Store store) {
        this.store = store;
    }

    /** The first message to a child that is still to come. */
    void keep(long regionId, RaftMessage message) {
        keptForSplit.put(regionId, message);
    }

    /** Called by the parent's worker. Returns the children that live. */
    List<Region> createChildren(Peer parent, List<Region> children, long index) throws IOException {
        List<Region> living = new ArrayList<>();
        for (Region child : children) {
            Optional<RegionLocalState> known = store.records().local(child.getId());
            if (known.isEmpty()) {
                store.writeUnsynced(batch ->
                        putFresh(batch, child, new Records.Origin(parent.regionId(), index)));
                store.post(child.getId(), () -> adopt(child, freshLog(child)));
                living.add(child);
            } else if (known.get().getState() == PeerState.Tombstone) {
                LOG.info("split child is gone already regionId={}", child.getId());
                try (Batch batch = store.records().store().newBatch()) {
                    long sequence = store.records().nextSequence(batch);
                    store.records().store().write(batch, Durability.SYNCED);
                    store.sink()
                            .remove(
                                    RegionLocalState.newBuilder()
                                            .setState(PeerState.Tombstone)
                                            .setRegion(child)
                                            .build(),
                                    sequence);
                }
            } else if (known.get().getState() != PeerState.Applying) {
                PeerLog log =
                        PeerLog.load(child.getId(), store.records(), Regions.confState(child));
                store.post(child.getId(), () -> adopt(child, log));
                living.add(child);
            }
        }
        return living;
    }

    void putFresh(Batch batch, Region region, Records.@Nullable Origin origin) {
        long regionId = region.getId();
        store.records().putLocal(batch, Applier.childState(region).local());
        store.records().putTruncated(batch, regionId, MessageRules.INITIAL, MessageRules.INITIAL);
        store.records().putRaft(batch, regionId, freshHardState(), MessageRules.INITIAL);
        if (origin != null) {
            store.records().putOrigin(batch, regionId, origin);
        }
    }

    private static HardState freshHardState() {
        return HardState.newBuilder()
                .setTerm(MessageRules.INITIAL)
                .setCommit(MessageRules.INITIAL)
                .build();
    }

    PeerLog freshLog(Region region) {
        return PeerLog.startingAt(
                region.getId(),
                store.records(),
                freshHardState(),
                Regions.confState(region),
                MessageRules.INITIAL,
                MessageRules.INITIAL);
    }

    // On the child's worker. An uninitialized peer that a message had created gives way.
    private void adopt(Region child, PeerLog log) {
        Peer former = store.peer(child.getId());
        if (former != null
                && former.phase() != Phase.UNINITIALIZED
                && former.phase() != Phase.SILENT) {
            LOG.warn("split child exists already regionId={}", child.getId());
            return;
        }
        io.garrick.proto.meta.Peer self =
                Regions.onStore(child, store.storeId())
                        .orElseThrow(() -> new IllegalStateException("child without a peer here"));
        Peer peer =
                new Peer(store, self, log, Applier.childState(child), child.getId(), Phase.NORMAL);
        store.add(peer);
        silentSince.remove(child.getId());
        store.touch(peer);
        RaftMessage kept = keptForSplit.remove(child.getId());
        if (kept != null) {
            store.deliver(kept);
        }
    }

    /**
     * A split child keeps silent until its parent has replayed the split. If the parent is past it,
     * or gone, the child's data is not coming that way any more.
     */
    void checkSilent(Peer peer) {
        Records.Known record = store.records().regions().get(peer.regionId());
        Records.Origin origin = record == null ? null : record.origin;
        Peer parent = origin == null ? null : store.peer(origin.parentId());
        if (origin != null && parent != null && parent.appliedIndex() < origin.index()) {
            silentSince.remove(peer.regionId());
            return;
        }
        long since = silentSince.computeIfAbsent(peer.regionId(), _ -> store.tick());
        if (store.tick() - since < SILENT_TICKS) {
            return;
        }
        silentSince.remove(peer.regionId());
        peer.quarantine("the split that made it will not come again");
    }
}
