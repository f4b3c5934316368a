package io.garrick.flashkv.pd;

import io.garrick.base.Key;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What somebody asked of single regions, over HTTP or from a test. Such a goal goes before the
 * scheduler's own ideas until it is reached, impossible, or too old; the target of a merge is left
 * in peace meanwhile. Guarded by the cluster's lock; the time is given in.
 */
final class AdminOperators {
    /** A goal that cannot be reached so long is given up. */
    private static final long EXPIRY_MILLIS = 60_000;

    /** How a region shall be. */
    sealed interface Goal {
        /** Part of a neighbour. Peers move to the neighbour's stores first. */
        record MergeInto(long targetId) implements Goal {}

        record LeadFrom(long storeId) implements Goal {}

        record AddPeer(long storeId, PeerRole role) implements Goal {}

        record RemovePeer(long storeId) implements Goal {}

        record MovePeer(long fromStoreId, long toStoreId) implements Goal {}

        /** Cut at these encoded keys. */
        record SplitAt(List<Key> keys) implements Goal {
            public SplitAt {
                keys = List.copyOf(keys);
            }
        }
    }

    private record Asked(Goal goal, long since) {}

    private final Map<Long, Asked> goals = new TreeMap<>();
    private final Map<Long, Long> mergeTargets = new HashMap<>(); // target to source

    void ask(RegionInfo region, Goal goal, LongFunction<Optional<RegionInfo>> regions, long now) {
        if (goal instanceof Goal.MergeInto(long targetId)) {
            RegionInfo target =
                    regions.apply(targetId)
                            .orElseThrow(() ->
                                    new IllegalArgumentException(
                                            "region " + targetId + " not found"));
            boolean touching =
                    (!region.range().end().isEmpty()
                                    && region.range().end().equals(target.range().start()))
                            || (!target.range().end().isEmpty()
                                    && target.range().end().equals(region.range().start()));
            if (!touching) {
                throw new IllegalArgumentException(
                        "not adjacent regions: " + region.id() + " and " + targetId);
            }
        }
        forget(region.id());
        goals.put(region.id(), new Asked(goal, now));
        if (goal instanceof Goal.MergeInto(long targetId)) {
            mergeTargets.put(targetId, region.id());
        }
    }

    /** True if there was one. */
    boolean forget(long regionId) {
        Asked asked = goals.remove(regionId);
        if (asked != null && asked.goal() instanceof Goal.MergeInto(long targetId)) {
            mergeTargets.remove(targetId, regionId);
        }
        return asked != null;
    }

    /** Whether the scheduler has to keep its hands off. */
    boolean concerns(long regionId, long now) {
        Long source = mergeTargets.get(regionId);
        if (source != null && isOld(goals.get(source), now)) {
            forget(source);
            mergeTargets.remove(regionId, source);
        }
        return goals.containsKey(regionId) || mergeTargets.containsKey(regionId);
    }

    private static boolean isOld(@Nullable Asked asked, long now) {
        return asked == null || now - asked.since() >= EXPIRY_MILLIS;
    }

    Map<Long, Goal> all() {
        Map<Long, Goal> all = new TreeMap<>();
        goals.forEach((id, asked) -> all.put(id, asked.goal()));
        return all;
    }

    /** The next step towards the region's goal, if it has one and nothing is in the way. */
    Optional<Step> next(RegionInfo region, LongFunction<Optional<RegionInfo>> regions, long now) {
        Asked asked = goals.get(region.id());
        if (asked == null) {
            return Optional.empty();
        }
        if (isOld(asked, now)) {
            forget(region.id());
            return Optional.empty();
        }
        if (region.leader().getId() == 0) {
            return Optional.empty();
        }
        Optional<Step> step =
                switch (asked.goal()) {
                    case Goal.MergeInto(long targetId) -> merge(region, regions.apply(targetId));
                    case Goal.LeadFrom(long storeId) ->
                            region.peerOn(storeId)
                                    .filter(peer -> peer.getId() != region.leader().getId())
                                    .map(Step.TransferLeader::new);
                    case Goal.AddPeer(long storeId, PeerRole role) -> add(region, storeId, role);
                    case Goal.RemovePeer(long storeId) -> remove(region, storeId);
                    case Goal.MovePeer(long from, long to) ->
                            add(region, to, roleOn(region, from)).or(() -> moved(region, from, to));
                    case Goal.SplitAt(var keys) -> split(region, keys);
                };
        if (step.isEmpty() && isReached(region, asked.goal(), regions)) {
            forget(region.id());
        }
        return step;
    }

    private static boolean isReached(
            RegionInfo region, Goal goal, LongFunction<Optional<RegionInfo>> regions) {
        return switch (goal) {
            case Goal.MergeInto(long targetId) -> regions.apply(targetId).isEmpty();
            case Goal.AddPeer(long storeId, PeerRole role) ->
                    region.peerOn(storeId).filter(peer -> peer.getRole() == role).isPresent();
            case Goal.MovePeer(long from, long to) ->
                    region.peerOn(from).isEmpty() && region.peerOn(to).isPresent();
            case Goal.LeadFrom _, Goal.RemovePeer _, Goal.SplitAt _ -> true;
        };
    }

    private static PeerRole roleOn(RegionInfo region, long storeId) {
        return region.peerOn(storeId).map(Peer::getRole).orElse(PeerRole.Voter);
    }

    private static Optional<Step> add(RegionInfo region, long storeId, PeerRole role) {
        Optional<Peer> here = region.peerOn(storeId);
        if (here.isEmpty()) {
            return Optional.of(new Step.AddLearner(storeId));
        }
        boolean promote =
                role == PeerRole.Voter
                        && here.get().getRole() == PeerRole.Learner
                        && !region.isPending(here.get());
        return promote ? Optional.of(new Step.Promote(here.get())) : Optional.empty();
    }

    private static Optional<Step> moved(RegionInfo region, long from, long to) {
        boolean arrived =
                region.peerOn(to)
                        .filter(peer -> peer.getRole() == roleOn(region, from))
                        .filter(peer -> !region.isPending(peer))
                        .isPresent();
        return arrived ? remove(region, from) : Optional.empty();
    }

    private static Optional<Step> remove(RegionInfo region, long storeId) {
        Optional<Peer> here = region.peerOn(storeId);
        if (here.isEmpty()) {
            return Optional.empty();
        }
        if (here.get().getId() != region.leader().getId()) {
            return Optional.of(new Step.Remove(here.get()));
        }
        return region.region().getPeersList().stream()
                .filter(peer -> RegionInfo.isVoter(peer) && !region.isPending(peer))
                .filter(peer -> peer.getStoreId() != storeId)
                .findFirst()
                .map(Step.TransferLeader::new);
    }

    private static Optional<Step> split(RegionInfo region, List<Key> keys) {
        List<Key> inside =
                keys.stream()
                        .filter(key ->
                                region.range().contains(key) && !region.range().start().equals(key))
                        .toList();
        return inside.isEmpty() ? Optional.empty() : Optional.of(new Step.Split(inside));
    }

    private static Optional<Step> merge(RegionInfo source, Optional<RegionInfo> found) {
        if (found.isEmpty()) {
            return Optional.empty();
        }
        RegionInfo target = found.get();
        for (Peer peer : target.region().getPeersList()) {
            Optional<Step> step = add(source, peer.getStoreId(), peer.getRole());
            if (step.isPresent()) {
                return step;
            }
        }
        for (Peer peer : source.region().getPeersList()) {
            if (target.peerOn(peer.getStoreId()).isEmpty()) {
                return remove(source, peer.getStoreId());
            }
        }
        return Optional.of(new Step.Merge(target.region()));
    }
}
