package io.garrick.flashkv.pd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The order of a group among groups; 0 and false unless somebody says otherwise.
 *
 * @param override drops the rules of all groups that come before
 */
record RuleGroup(String id, int index, boolean override) {
    ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("id", id);
        if (index != 0) {
            json.put("index", index);
        }
        if (override) {
            json.put("override", true);
        }
        return json;
    }

    static RuleGroup parse(JsonNode json) {
        return new RuleGroup(
                json.path("id").asText(""),
                json.path("index").asInt(0),
                json.path("override").asBoolean(false));
    }
}
