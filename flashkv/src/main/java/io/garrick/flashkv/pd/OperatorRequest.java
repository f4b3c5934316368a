package io.garrick.flashkv.pd;

import com.fasterxml.jackson.databind.JsonNode;
import io.garrick.base.Key;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * An order given by hand: the body of {@code POST /pd/api/v1/operators} (tikv/pd {@code
 * server/api/operator.go}). Other names of PD are refused.
 *
 * @param other a store or, for a merge, the neighbouring region
 * @param from the store that a peer shall leave, else 0
 */
record OperatorRequest(String name, long regionId, long other, long from, List<Key> keys) {
    OperatorRequest {
        keys = List.copyOf(keys);
    }

    private OperatorRequest(String name, long regionId, long other, List<Key> keys) {
        this(name, regionId, other, 0, keys);
    }

    /**
     * @throws IllegalArgumentException when a field is missing or of the wrong form
     */
    static OperatorRequest parse(JsonNode json) {
        String name = json.path("name").asText();
        return switch (name) {
            case "transfer-leader" -> of(json, "region_id", "to_store_id");
            case "add-peer", "add-learner", "remove-peer" -> of(json, "region_id", "store_id");
            case "transfer-peer" ->
                    new OperatorRequest(
                            name,
                            number(json, "region_id"),
                            number(json, "to_store_id"),
                            number(json, "from_store_id"),
                            List.of());
            case "merge-region" -> of(json, "source_region_id", "target_region_id");
            case "scatter-region" ->
                    new OperatorRequest(name, number(json, "region_id"), 0, List.of());
            case "split-region" -> split(json);
            default -> throw new IllegalArgumentException("unknown operator " + name);
        };
    }

    private static OperatorRequest of(JsonNode json, String region, String other) {
        return new OperatorRequest(
                json.path("name").asText(), number(json, region), number(json, other), List.of());
    }

    private static OperatorRequest split(JsonNode json) {
        if (!json.path("policy").asText("usekey").equalsIgnoreCase("usekey")) {
            throw new IllegalArgumentException("only policy usekey is known");
        }
        List<Key> keys = new ArrayList<>();
        for (JsonNode key : json.path("keys")) {
            keys.add(Key.wrap(HexFormat.of().parseHex(key.asText())));
        }
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("keys are missing");
        }
        return new OperatorRequest("split-region", number(json, "region_id"), 0, keys);
    }

    private static long number(JsonNode json, String field) {
        JsonNode value = json.path(field);
        if (!value.canConvertToLong()) {
            throw new IllegalArgumentException(field + " is missing or not a number");
        }
        return value.asLong();
    }

    void apply(Cluster cluster) {
        switch (name) {
            case "scatter-region" -> cluster.scatter(regionId);
            // What takes several steps is a goal.
            case "merge-region" -> cluster.ask(regionId, new AdminOperators.Goal.MergeInto(other));
            case "transfer-peer" ->
                    cluster.ask(regionId, new AdminOperators.Goal.MovePeer(from, other));
            case "add-peer" ->
                    cluster.ask(regionId, new AdminOperators.Goal.AddPeer(other, PeerRole.Voter));
            default -> cluster.order(regionId, this::step);
        }
    }

    private Step step(RegionInfo region) {
        return switch (name) {
            case "transfer-leader" -> new Step.TransferLeader(voterOn(region));
            case "remove-peer" -> new Step.Remove(peerOn(region));
            case "add-learner" -> {
                if (region.peerOn(other).isPresent()) {
                    throw new IllegalArgumentException("the region has a peer on store " + other);
                }
                yield new Step.AddLearner(other);
            }
            case "split-region" -> new Step.Split(keys);
            default -> throw new IllegalStateException(name);
        };
    }

    private Peer peerOn(RegionInfo region) {
        return region.peerOn(other)
                .orElseThrow(() ->
                        new IllegalArgumentException("the region has no peer on store " + other));
    }

    private Peer voterOn(RegionInfo region) {
        Peer peer = peerOn(region);
        if (!RegionInfo.isVoter(peer)) {
            throw new IllegalArgumentException("the peer on store " + other + " is no voter");
        }
        return peer;
    }
}
