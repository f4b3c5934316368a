package io.garrick.flashkv.pd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How many peers of which role a key range shall have, and where (tikv/pd {@code
 * pkg/schedule/placement/rule.go}).
 *
 * @param index rules of a group apply in this order
 * @param override drops the rules of the same group that come before
 * @param range memcomparable keys
 */
record PlacementRule(
        String groupId,
        String id,
        int index,
        boolean override,
        KeyRange range,
        Role role,
        int count,
        List<LabelConstraint> constraints,
        List<String> locationLabels,
        String isolationLevel) {
    enum Role {
        VOTER,
        LEADER,
        FOLLOWER,
        LEARNER;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    PlacementRule {
        constraints = List.copyOf(constraints);
        locationLabels = List.copyOf(locationLabels);
        if (groupId.isEmpty() || id.isEmpty()) {
            throw new IllegalArgumentException("group ID and rule ID must not be empty");
        }
        if (count <= 0 || (role == Role.LEADER && count > 1)) {
            throw new IllegalArgumentException("invalid count " + count);
        }
        if (range.isEmpty()) {
            throw new IllegalArgumentException("endKey should be greater than startKey");
        }
        checkEncoded(range.start());
        checkEncoded(range.end());
    }

    /** What a new cluster starts with. */
    static PlacementRule defaultVoters(int count) {
        return new PlacementRule(
                "pd",
                "default",
                0,
                false,
                KeyRange.ALL,
                Role.VOTER,
                count,
                List.of(),
                List.of(),
                "");
    }

    /** Unique among all rules; sorts as PD's listings do. */
    String name() {
        return groupId + "/" + id;
    }

    ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("group_id", groupId).put("id", id);
        if (index != 0) {
            json.put("index", index);
        }
        if (override) {
            json.put("override", true);
        }
        json.put("start_key", range.start().toString()).put("end_key", range.end().toString());
        json.put("role", role.text()).put("is_witness", false).put("count", count);
        if (!constraints.isEmpty()) {
            ArrayNode array = json.putArray("label_constraints");
            for (LabelConstraint constraint : constraints) {
                ObjectNode item = array.addObject();
                item.put("key", constraint.key()).put("op", constraint.op().text());
                if (!constraint.values().isEmpty()) {
                    ArrayNode values = item.putArray("values");
                    constraint.values().forEach(values::add);
                }
            }
        }
        if (!locationLabels.isEmpty()) {
            ArrayNode labels = json.putArray("location_labels");
            locationLabels.forEach(labels::add);
        }
        if (!isolationLevel.isEmpty()) {
            json.put("isolation_level", isolationLevel);
        }
        return json;
    }

    /** Throws {@code IllegalArgumentException} for what PD would refuse. */
    static PlacementRule parse(JsonNode json) {
        List<LabelConstraint> constraints = new ArrayList<>();
        for (JsonNode item : json.path("label_constraints")) {
            constraints.add(
                    new LabelConstraint(
                            item.path("key").asText(),
                            LabelConstraint.Op.of(item.path("op").asText()),
                            texts(item.path("values"))));
        }
        return new PlacementRule(
                json.path("group_id").asText(""),
                json.path("id").asText(""),
                json.path("index").asInt(0),
                json.path("override").asBoolean(false),
                new KeyRange(
                        Key.ofHex(json.path("start_key").asText("")),
                        Key.ofHex(json.path("end_key").asText(""))),
                role(json.path("role").asText("")),
                json.path("count").asInt(0),
                constraints,
                texts(json.path("location_labels")),
                json.path("isolation_level").asText(""));
    }

    private static Role role(String text) {
        for (Role role : Role.values()) {
            if (role.text().equals(text)) {
                return role;
            }
        }
        throw new IllegalArgumentException("invalid role " + text);
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(item -> texts.add(item.asText()));
        return texts;
    }

    /**
     * Regions are split at rule borders, and a border that is no encoded key breaks every client.
     */
    private static void checkEncoded(Key key) {
        if (key.isEmpty()) {
            return;
        }
        int groups = key.length() / 9;
        boolean valid = key.length() % 9 == 0;
        for (int group = 0; valid && group < groups; group++) {
            int marker = key.byteAt(group * 9 + 8) & 0xff;
            int padding = 0xff - marker;
            boolean last = group == groups - 1;
            valid = last ? padding >= 1 && padding <= 8 : padding == 0;
            for (int i = 8 - padding; valid && i < 8; i++) {
                valid = key.byteAt(group * 9 + i) == 0;
            }
        }
        if (!valid) {
            throw new IllegalArgumentException("key " + key + " is not memcomparable");
        }
    }
}
