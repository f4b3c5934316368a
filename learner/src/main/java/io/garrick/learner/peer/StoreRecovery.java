package io.garrick.learner.peer;

import io.garrick.learner.ApplySink.RegionState;
import io.garrick.learner.LearnerStatus.Phase;
import io.garrick.learner.snapshot.SnapshotStore;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RegionLocalState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the peers back after a restart, as {@link Recovery} plans it. What cannot be read of one
 * region concerns that region only.
 */
final class StoreRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(StoreRecovery.class);

    private final Store store;

    StoreRecovery(Store store) {
        this.store = store;
    }

    /** Every peer that goes on, by region id. */
    Map<Long, Peer> recover() throws IOException {
        Map<Long, Peer> peers = new HashMap<>();
        Map<Long, RegionState> states = new HashMap<>();
        store.sink().recover().forEach(state -> states.put(state.regionId(), state));
        List<SnapshotStore.Id> waiting = new ArrayList<>();
        for (Recovery.Plan plan : Recovery.plan(store.records(), states, store.storeId())) {
            Optional<Peer> peer = recover(plan);
            peer.ifPresent(recovered -> peers.put(recovered.regionId(), recovered));
            Records.Known record = store.records().regions().get(plan.regionId());
            if (peer.isPresent() && record != null && record.installing != null) {
                waiting.add(Store.snapshotId(plan.regionId(), record.installing));
            }
        }
        store.snapshots().keepOnly(waiting);
        LOG.info("store recovered storeId={} regions={}", store.storeId(), peers.size());
        return peers;
    }

    private Optional<Peer> recover(Recovery.Plan plan) throws IOException {
        return switch (plan) {
            case Recovery.Plan.Bury(RegionLocalState tombstone, boolean purge) -> {
                store.bury(tombstone, purge);
                yield Optional.empty();
            }
            case Recovery.Plan.Forgotten _ -> Optional.empty();
            case Recovery.Plan.Fresh(RegionState state) -> {
                store.writeUnsynced(
                        batch -> store.splits().putFresh(batch, state.local().getRegion(), null));
                yield Optional.of(
                        restore(
                                state,
                                store.splits().freshLog(state.local().getRegion()),
                                Phase.NORMAL));
            }
            case Recovery.Plan.Lost(RegionState state, String reason) ->
                    Optional.of(withoutLog(state, reason));
            case Recovery.Plan.Unknown(long regionId, String reason) ->
                    recoverUnknown(regionId, reason);
            case Recovery.Plan.Resume(RegionState state, Phase _)
                    when Regions.onStore(state.local().getRegion(), store.storeId()).isEmpty() -> {
                LOG.error("region without a peer here regionId={}", state.regionId());
                store.bury(state.local().toBuilder().setState(PeerState.Tombstone).build(), true);
                yield Optional.empty();
            }
            case Recovery.Plan.Resume(RegionState state, Phase phase) -> {
                PeerLog log;
                try {
                    log =
                            PeerLog.load(
                                    state.regionId(),
                                    store.records(),
                                    Regions.confState(state.local().getRegion()));
                } catch (CorruptLogException e) {
                    yield Optional.of(withoutLog(state, String.valueOf(e.getMessage())));
                }
                // The commit index is written lazily; what was applied was committed.
                log.setHardState(
                        log.hardState().toBuilder()
                                .setCommit(
                                        Math.min(
                                                log.lastIndex(),
                                                Math.max(
                                                        log.hardState().getCommit(),
                                                        state.appliedIndex())))
                                .build());
                if (log.lastIndex() < state.appliedIndex()) {
                    yield Optional.of(withoutLog(state, "it ends at " + log.lastIndex()));
                }
                if (log.truncatedIndex() > state.appliedIndex()) {
                    // Entries that were never applied here are gone: the peer was waiting for a
                    // snapshot, or the sink has lost more than it may.
                    LOG.error("raft log begins late regionId={}", state.regionId());
                    store.counters().regionsQuarantined.increment();
                    yield Optional.of(restore(state, log, Phase.QUARANTINED));
                }
                yield Optional.of(restore(state, log, phase));
            }
        };
    }

    // The log of a region cannot be used: it starts anew behind what the sink has, and waits.
    private Peer withoutLog(RegionState state, String reason) throws IOException {
        LOG.error("raft log lost regionId={} reason={}", state.regionId(), reason);
        store.counters().regionsQuarantined.increment();
        PeerLog log =
                PeerLog.startingAt(
                        state.regionId(),
                        store.records(),
                        HardState.getDefaultInstance(),
                        Regions.confState(state.local().getRegion()),
                        state.appliedIndex(),
                        state.appliedTerm());
        store.writeUnsynced(batch -> {
            store.records().repair(batch, state.local());
            log.startAnew(batch, state.appliedIndex(), state.appliedTerm());
        });
        return restore(state, log, Phase.QUARANTINED);
    }

    // Neither memory says who the peer is. PD does.
    private Optional<Peer> recoverUnknown(long regionId, String reason) throws IOException {
        LOG.error("region record lost regionId={} reason={}", regionId, reason);
        Optional<Region> region = store.pd().region(regionId);
        if (region.isEmpty()) {
            store.writeUnsynced(batch -> store.records().forget(batch, regionId));
            return Optional.empty();
        }
        if (Regions.onStore(region.get(), store.storeId()).isEmpty()) {
            store.bury(
                    RegionLocalState.newBuilder()
                            .setState(PeerState.Tombstone)
                            .setRegion(region.get())
                            .build(),
                    false);
            return Optional.empty();
        }
        return Optional.of(withoutLog(Applier.childState(region.get()), reason));
    }

    private Peer restore(RegionState state, PeerLog log, Phase phase) {
        Region region = state.local().getRegion();
        io.garrick.proto.meta.Peer self =
                Regions.onStore(region, store.storeId())
                        .orElseThrow(() ->
                                new IllegalStateException(
                                        "region without a peer here: " + region.getId()));
        boolean hasData = phase == Phase.NORMAL || phase == Phase.MERGING;
        if (hasData && !store.ranges().claim(region)) {
            LOG.error(
                    "recovered regions overlap regionId={} others={}",
                    region.getId(),
                    store.ranges().overlapping(region.getId(), Regions.range(region)));
            store.counters().regionsQuarantined.increment();
            return new Peer(store, self, log, state, region.getId(), Phase.QUARANTINED);
        }
        return new Peer(store, self, log, state, region.getId(), phase);
    }
}
