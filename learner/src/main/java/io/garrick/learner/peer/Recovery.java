package io.garrick.learner.peer;

import io.garrick.learner.ApplySink.RegionState;
import io.garrick.learner.LearnerStatus.Phase;
import io.garrick.proto.meta.Region;
import io.garrick.proto.raftserver.MergeState;
import io.garrick.proto.raftserver.PeerState;
import io.garrick.proto.raftserver.RegionLocalState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Decides what each region is after a restart, from two memories that a crash may have left apart:
 * the durable store (who the peer is, its log, snapshots and tombstones) and the sink (what
 * applying produced, as of an earlier moment).
 */
final class Recovery {
    private Recovery() {}

    sealed interface Plan {
        long regionId();

        /** The peer is gone; finish what was left of it. */
        record Bury(RegionLocalState tombstone, boolean purge) implements Plan {
            @Override
            public long regionId() {
                return tombstone.getRegion().getId();
            }
        }

        /** Nothing to do: a tombstone that is complete. */
        record Forgotten(long regionId) implements Plan {}

        /** A split child whose own record did not survive, and that had applied nothing. */
        record Fresh(RegionState state) implements Plan {
            @Override
            public long regionId() {
                return state.regionId();
            }
        }

        /** The sink has data, but the log or the peer's record is lost. */
        record Lost(RegionState state, String reason) implements Plan {
            @Override
            public long regionId() {
                return state.regionId();
            }
        }

        /** A damaged record, and nothing in the sink: PD has to say who the peer is. */
        record Unknown(long regionId, String reason) implements Plan {}

        /** Go on, in this phase. */
        record Resume(RegionState state, Phase phase) implements Plan {
            @Override
            public long regionId() {
                return state.regionId();
            }
        }
    }

    static List<Plan> plan(Records records, Map<Long, RegionState> states, long storeId) {
        TreeSet<Long> ids = new TreeSet<>(records.regions().keySet());
        ids.addAll(states.keySet());
        List<Plan> plans = new ArrayList<>();
        for (long id : ids) {
            plans.add(planOne(id, records.regions().get(id), states, storeId));
        }
        return plans;
    }

    private static Plan planOne(
            long id, Records.@Nullable Known record, Map<Long, RegionState> states, long storeId) {
        RegionState state = states.get(id);
        if (record != null && record.damage != null) {
            return state == null
                    ? new Plan.Unknown(id, record.damage)
                    : new Plan.Lost(state, record.damage);
        }
        if (record == null || !record.local.hasRegion()) {
            if (state == null) {
                return new Plan.Forgotten(id);
            }
            return state.appliedIndex() == MessageRules.INITIAL
                    ? new Plan.Fresh(state)
                    : new Plan.Lost(state, "no record of it");
        }
        RegionLocalState local = record.local;
        if (local.getState() == PeerState.Tombstone) {
            return state == null ? new Plan.Forgotten(id) : new Plan.Bury(local, true);
        }
        if (local.getState() == PeerState.Applying && record.installing != null) {
            return new Plan.Resume(
                    new RegionState(local, record.truncated.getIndex(), record.truncated.getTerm()),
                    Phase.APPLYING);
        }
        if (state != null) {
            return new Plan.Resume(
                    state,
                    state.local().getState() == PeerState.Merging ? Phase.MERGING : Phase.NORMAL);
        }
        return withoutState(record, states, storeId);
    }

    private static Plan withoutState(
            Records.Known record, Map<Long, RegionState> states, long storeId) {
        RegionLocalState local = record.local;
        if (local.hasMergeState()) {
            RegionState target = states.get(local.getMergeState().getTarget().getId());
            if (target != null && tookIn(target.local().getRegion(), local.getRegion())) {
                return new Plan.Bury(
                        local.toBuilder()
                                .setState(PeerState.Tombstone)
                                .setMergeState(
                                        MergeState.newBuilder()
                                                .setTarget(local.getMergeState().getTarget()))
                                .build(),
                        false);
            }
        }
        if (Regions.onStore(local.getRegion(), storeId).isEmpty()) {
            return new Plan.Bury(local.toBuilder().setState(PeerState.Tombstone).build(), false);
        }
        Records.Origin origin = record.origin;
        RegionState parent = origin == null ? null : states.get(origin.parentId());
        boolean splitComesAgain =
                origin != null && parent != null && parent.appliedIndex() < origin.index();
        return new Plan.Resume(
                new RegionState(local, record.truncated.getIndex(), record.truncated.getTerm()),
                splitComesAgain ? Phase.SILENT : Phase.QUARANTINED);
    }

    // A merge makes the target newer than both. An older one with these keys is the parent of a
    // split that is yet to be replayed.
    private static boolean tookIn(Region target, Region source) {
        return target.getRegionEpoch().getVersion() > source.getRegionEpoch().getVersion()
                && Regions.range(target).contains(Regions.range(source));
    }
}
