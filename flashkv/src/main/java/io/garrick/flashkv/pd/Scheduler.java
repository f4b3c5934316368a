package io.garrick.flashkv.pd;

import io.garrick.base.Key;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Decides the next step of one region, from nothing but what it is given.
 *
 * <p>Idea: assign the region's peers to its placement rules, best peers first; what is missing is
 * added, what is left over goes. A voter is born as a learner and promoted once it has caught up,
 * so that adding one never weakens the quorum. Nothing is removed before everything missing is
 * there. One step at a time: the next heartbeat shows its result, and the decision is made afresh
 * (tikv/pd {@code pkg/schedule/checker/rule_checker.go}; location labels are not weighed).
 */
final class Scheduler {
    /** Leads move only from a store that has so many more than the other. */
    private static final int LEADER_TOLERANCE = 3;

    private Scheduler() {}

    static Optional<Step> decide(RegionInfo region, RuleSet rules, Map<Long, StoreView> stores) {
        if (region.leader().getId() == 0 || inJointState(region)) {
            return Optional.empty();
        }
        List<Key> borders = rules.bordersInside(region.range());
        if (!borders.isEmpty()) {
            return Optional.of(new Step.Split(borders));
        }
        return new Fit(region, rules.rulesFor(region.range()), stores).decide();
    }

    private static boolean inJointState(RegionInfo region) {
        return region.region().getPeersList().stream()
                .anyMatch(peer ->
                        peer.getRole() == PeerRole.IncomingVoter
                                || peer.getRole() == PeerRole.DemotingVoter);
    }

    /** One region's peers against its rules. */
    private static final class Fit {
        private final RegionInfo region;
        private final List<PlacementRule> rules;
        private final Map<Long, StoreView> stores;
        private final List<Peer> unassigned;
        private final List<Peer> promotions = new ArrayList<>();
        private final List<PlacementRule> unfilled = new ArrayList<>();
        private final Set<Long> goodLeaders = new HashSet<>();

        Fit(RegionInfo region, List<PlacementRule> rules, Map<Long, StoreView> stores) {
            this.region = region;
            this.rules = rules;
            this.stores = stores;
            this.unassigned = new ArrayList<>(region.region().getPeersList());
            rules.forEach(this::assign);
        }

        Optional<Step> decide() {
            for (Peer peer : promotions) {
                if (!region.isPending(peer) && isHealthy(peer)) {
                    return Optional.of(new Step.Promote(peer));
                }
            }
            for (PlacementRule rule : unfilled) {
                Optional<Step> step = target(rule).map(store -> new Step.AddLearner(store.id()));
                if (step.isPresent()) {
                    return step;
                }
            }
            return removeOrphan().or(this::balanceLeader);
        }

        private void assign(PlacementRule rule) {
            List<Peer> fitting =
                    unassigned.stream()
                            .filter(peer -> rank(peer, rule) < UNFIT)
                            .sorted(
                                    Comparator.comparingInt((Peer peer) -> rank(peer, rule))
                                            .thenComparing(peer -> !isLeader(peer))
                                            .thenComparingLong(Peer::getId))
                            .limit(rule.count())
                            .toList();
            unassigned.removeAll(fitting);
            int healthy = 0;
            for (Peer peer : fitting) {
                if (isHealthy(peer)) {
                    healthy++;
                }
                if (rule.role() == PlacementRule.Role.LEARNER) {
                    continue;
                }
                if (!RegionInfo.isVoter(peer)) {
                    promotions.add(peer);
                } else if (isHealthy(peer) && rule.role() != PlacementRule.Role.FOLLOWER) {
                    goodLeaders.add(peer.getId());
                }
            }
            if (healthy < rule.count()) {
                unfilled.add(rule);
            }
        }

        private static final int UNFIT = 4;

        /** Lower is better. */
        private int rank(Peer peer, PlacementRule rule) {
            StoreView store = stores.get(peer.getStoreId());
            if (store == null || !LabelConstraint.match(store.labels(), rule.constraints())) {
                return UNFIT;
            }
            boolean learnerRule = rule.role() == PlacementRule.Role.LEARNER;
            if (learnerRule && RegionInfo.isVoter(peer)) {
                return UNFIT;
            }
            int rank = isHealthy(peer) ? 0 : 2;
            return learnerRule || RegionInfo.isVoter(peer) ? rank : rank + 1;
        }

        private boolean isHealthy(Peer peer) {
            StoreView store = stores.get(peer.getStoreId());
            return store != null
                    && store.up()
                    && region.downSeconds(peer) * 1000 < StoreInfo.DOWN_MILLIS;
        }

        private boolean isLeader(Peer peer) {
            return peer.getId() == region.leader().getId();
        }

        private Optional<StoreView> target(PlacementRule rule) {
            return stores.values().stream()
                    .filter(store -> store.up() && store.available())
                    .filter(store -> LabelConstraint.match(store.labels(), rule.constraints()))
                    .filter(store -> region.peerOn(store.id()).isEmpty())
                    .min(
                            Comparator.comparingInt(StoreView::peerCount)
                                    .thenComparingLong(StoreView::id));
        }

        private Optional<Step> removeOrphan() {
            boolean votersComplete =
                    promotions.isEmpty()
                            && rules.stream()
                                    .anyMatch(rule -> rule.role() != PlacementRule.Role.LEARNER)
                            && unfilled.stream()
                                    .allMatch(rule -> rule.role() == PlacementRule.Role.LEARNER);
            for (Peer orphan : unassigned) {
                if (!RegionInfo.isVoter(orphan)) {
                    return Optional.of(new Step.Remove(orphan));
                }
                if (votersComplete && !isLeader(orphan)) {
                    return Optional.of(new Step.Remove(orphan));
                }
            }
            boolean leaderMustGo =
                    unassigned.stream().anyMatch(this::isLeader)
                            || !goodLeaders.contains(region.leader().getId());
            if (leaderMustGo) {
                return region.region().getPeersList().stream()
                        .filter(peer -> goodLeaders.contains(peer.getId()))
                        .filter(peer -> !isLeader(peer) && !region.isPending(peer))
                        .min(Comparator.comparingInt(this::leaderCount))
                        .map(Step.TransferLeader::new);
            }
            return Optional.empty();
        }

        private Optional<Step> balanceLeader() {
            int here = leaderCount(region.leader());
            return region.region().getPeersList().stream()
                    .filter(peer -> goodLeaders.contains(peer.getId()))
                    .filter(peer -> !region.isPending(peer) && region.downSeconds(peer) == 0)
                    .filter(peer -> isAvailable(peer))
                    .filter(peer -> here - leaderCount(peer) >= LEADER_TOLERANCE)
                    .min(Comparator.comparingInt(this::leaderCount))
                    .map(Step.TransferLeader::new);
        }

        private boolean isAvailable(Peer peer) {
            StoreView store = stores.get(peer.getStoreId());
            return store != null && store.available();
        }

        private int leaderCount(Peer peer) {
            StoreView store = stores.get(peer.getStoreId());
            return store == null ? Integer.MAX_VALUE : store.leaderCount();
        }
    }
}
