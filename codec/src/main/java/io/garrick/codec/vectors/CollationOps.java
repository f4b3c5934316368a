package io.garrick.codec.vectors;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.codec.collation.Collation;
import java.util.HexFormat;
import java.util.Map;

/** Sort keys and comparison. */
final class CollationOps {
    private static final String OLD_FRAMEWORK = "no padding";

    private CollationOps() {}

    static void addTo(Map<String, Op> ops) {
        ops.put("sort_key", CollationOps::sortKey);
        ops.put("compare", CollationOps::compare);
    }

    /** The vector's bytes are the answer; its input stands in the expected column. */
    private static String sortKey(Vector vector) {
        JsonNode inputs = vector.inputs();
        if (!inputs.path("input").isTextual() && !inputs.path("input_hex").isTextual()) {
            throw new Op.Complaint("no input to make a sort key of");
        }
        byte[] input =
                inputs.has("input_hex")
                        ? HexFormat.of().parseHex(inputs.path("input_hex").textValue())
                        : inputs.path("input").textValue().getBytes(UTF_8);
        Op.sameBytes(vector.bytes(), collation(inputs).sortKey(input));
        return Spelling.print(inputs);
    }

    private static String compare(Vector vector) {
        ObjectNode out = Spelling.object();
        JsonNode name = vector.inputs().path("collation");
        out.set("collation", name);
        return Spelling.print(
                out.put(
                        "result",
                        collation(vector.inputs()).compare(vector.side(0), vector.side(1))));
    }

    private static Collation collation(JsonNode inputs) {
        String name = inputs.path("collation").asText();
        int detail = name.indexOf('(');
        if (detail < 0) {
            return Collation.of(name);
        }
        return Collation.of(name.substring(0, detail), !name.contains(OLD_FRAMEWORK));
    }
}
