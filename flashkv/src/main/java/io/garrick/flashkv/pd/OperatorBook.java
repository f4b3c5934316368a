package io.garrick.flashkv.pd;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfChangeType;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.pd.ChangePeer;
import io.garrick.proto.pd.CheckPolicy;
import io.garrick.proto.pd.Merge;
import io.garrick.proto.pd.RegionHeartbeatResponse;
import io.garrick.proto.pd.SplitRegion;
import io.garrick.proto.pd.TransferLeader;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What was ordered and is not done yet: at most one step per region, void as soon as the region's
 * epoch or leader moves, or after a while. Guarded by the cluster's lock; the time is given in.
 */
final class OperatorBook {
    /** An order without an effect is decided afresh after this. */
    private static final long EXPIRY_MILLIS = 30_000;

    /** The leader may have missed an order (restart, lost stream), but is not to be flooded. */
    private static final long REPEAT_MILLIS = 1_000;

    private record Running(
            Step step, RegionHeartbeatResponse order, long leaderId, long since, long sent) {}

    private final Map<Long, Running> running = new HashMap<>();
    private final Map<Long, Integer> incomingPeers = new HashMap<>();
    private final Map<Long, Integer> incomingLeads = new HashMap<>();
    private final LongSupplier peerIds;

    OperatorBook(LongSupplier peerIds) {
        this.peerIds = peerIds;
    }

    /**
     * What to send to the region's leader now. {@code decision} is asked only when nothing is
     * running.
     */
    Optional<RegionHeartbeatResponse> next(
            RegionInfo region, long nowMillis, Supplier<Optional<Step>> decision) {
        Running current = running.get(region.id());
        if (current != null && stillValid(current, region, nowMillis)) {
            if (nowMillis - current.sent() < REPEAT_MILLIS) {
                return Optional.empty();
            }
            running.put(
                    region.id(),
                    new Running(
                            current.step(),
                            current.order(),
                            current.leaderId(),
                            current.since(),
                            nowMillis));
            return Optional.of(current.order());
        }
        forget(region.id());
        return decision.get()
                .map(step -> {
                    RegionHeartbeatResponse order = order(region, step);
                    remember(
                            region,
                            new Running(
                                    step, order, region.leader().getId(), nowMillis, nowMillis));
                    return order;
                });
    }

    /** Takes the place of what is running. Not sent yet: the next {@link #next} is. */
    void put(RegionInfo region, Step step, long nowMillis) {
        forget(region.id());
        long neverSent = nowMillis - REPEAT_MILLIS;
        remember(
                region,
                new Running(
                        step, order(region, step), region.leader().getId(), nowMillis, neverSent));
    }

    void forget(long regionId) {
        Running removed = running.remove(regionId);
        if (removed != null) {
            count(removed.step(), -1);
        }
    }

    Optional<Step> running(long regionId) {
        return Optional.ofNullable(running.get(regionId)).map(Running::step);
    }

    Map<Long, Step> all() {
        Map<Long, Step> steps = new HashMap<>();
        running.forEach((id, order) -> steps.put(id, order.step()));
        return steps;
    }

    int incomingPeers(long storeId) {
        return incomingPeers.getOrDefault(storeId, 0);
    }

    int incomingLeads(long storeId) {
        return incomingLeads.getOrDefault(storeId, 0);
    }

    private static boolean stillValid(Running order, RegionInfo region, long nowMillis) {
        return order.order().getRegionEpoch().equals(region.region().getRegionEpoch())
                && order.leaderId() == region.leader().getId()
                && nowMillis - order.since() < EXPIRY_MILLIS;
    }

    private void remember(RegionInfo region, Running order) {
        running.put(region.id(), order);
        count(order.step(), 1);
    }

    private void count(Step step, int delta) {
        switch (step) {
            case Step.AddLearner(long storeId) -> incomingPeers.merge(storeId, delta, Integer::sum);
            case Step.TransferLeader(Peer to) ->
                    incomingLeads.merge(to.getStoreId(), delta, Integer::sum);
            case Step.Scatter(Peer to) -> incomingLeads.merge(to.getStoreId(), delta, Integer::sum);
            case Step.Promote _, Step.Remove _, Step.Split _, Step.Merge _ -> {}
        }
    }

    private RegionHeartbeatResponse order(RegionInfo region, Step step) {
        RegionHeartbeatResponse.Builder order =
                RegionHeartbeatResponse.newBuilder()
                        .setRegionId(region.id())
                        .setRegionEpoch(region.region().getRegionEpoch())
                        .setTargetPeer(region.leader());
        switch (step) {
            case Step.AddLearner(long storeId) -> {
                Peer learner =
                        Peer.newBuilder()
                                .setId(peerIds.getAsLong())
                                .setStoreId(storeId)
                                .setRole(PeerRole.Learner)
                                .build();
                order.setChangePeer(change(ConfChangeType.AddLearnerNode, learner));
            }
            case Step.Promote(Peer peer) ->
                    order.setChangePeer(
                            change(
                                    ConfChangeType.AddNode,
                                    peer.toBuilder().setRole(PeerRole.Voter).build()));
            case Step.Remove(Peer peer) ->
                    order.setChangePeer(change(ConfChangeType.RemoveNode, peer));
            case Step.TransferLeader(Peer to) -> order.setTransferLeader(leadOn(to));
            case Step.Scatter(Peer to) -> order.setTransferLeader(leadOn(to));
            case Step.Merge(Region target) -> order.setMerge(Merge.newBuilder().setTarget(target));
            case Step.Split split -> {
                SplitRegion.Builder message =
                        SplitRegion.newBuilder().setPolicy(CheckPolicy.USEKEY);
                split.keys().forEach(key -> message.addKeys(ByteString.copyFrom(key.toBytes())));
                order.setSplitRegion(message);
            }
        }
        return order.build();
    }

    private static TransferLeader leadOn(Peer to) {
        return TransferLeader.newBuilder().setPeer(to).addPeers(to).build();
    }

    private static ChangePeer change(ConfChangeType type, Peer peer) {
        return ChangePeer.newBuilder().setChangeType(type).setPeer(peer).build();
    }
}
