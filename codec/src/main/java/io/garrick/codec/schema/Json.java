package io.garrick.codec.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.codec.CodecException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Lenient reading of TiDB's documents: what is missing or null is a zero value. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static JsonNode parseObject(byte[] utf8) {
        try {
            JsonNode root = MAPPER.readTree(utf8);
            if (root == null || !root.isObject()) {
                throw new CodecException(0, "not a JSON object");
            }
            return root;
        } catch (JsonProcessingException failure) {
            int offset =
                    failure.getLocation() == null ? 0 : (int) failure.getLocation().getByteOffset();
            throw new CodecException(Math.max(offset, 0), failure.getOriginalMessage());
        } catch (IOException failure) {
            throw new CodecException(0, String.valueOf(failure.getMessage()));
        }
    }

    /**
     * As Go's encoding/json writes text: {@code <}, {@code >}, {@code &} and two separators
     * escaped.
     */
    static String print(JsonNode node) {
        return node.toString()
                .replace("<", "\\u003c")
                .replace(">", "\\u003e")
                .replace("&", "\\u0026")
                .replace("\u2028", "\\u2028")
                .replace("\u2029", "\\u2029");
    }

    static long number(JsonNode object, String field) {
        JsonNode node = object.path(field);
        if (node.isMissingNode() || node.isNull()) {
            return 0;
        }
        if (node.isIntegralNumber()
                && (node.canConvertToLong() || node.bigIntegerValue().bitLength() <= 64)) {
            return node.bigIntegerValue().longValue();
        }
        throw new CodecException(0, "field " + field + " is not a whole number");
    }

    static int smallNumber(JsonNode object, String field) {
        return (int) number(object, field);
    }

    static boolean flag(JsonNode object, String field) {
        return object.path(field).asBoolean(false);
    }

    static String text(JsonNode object, String field) {
        JsonNode node = object.path(field);
        return node.isTextual() ? node.textValue() : "";
    }

    /** Text of a literal: strings as they are, numbers and booleans as written. */
    static @Nullable String literal(JsonNode object, String field) {
        JsonNode node = object.path(field);
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        return node.isTextual() ? node.textValue() : node.toString();
    }

    /** TiDB's case-insensitive strings: an object with the original and the lower-case form. */
    static String name(JsonNode object, String field) {
        JsonNode node = object.path(field);
        return node.isTextual() ? node.textValue() : text(node, "O");
    }

    static ObjectNode name(String name) {
        return object().put("O", name).put("L", name.toLowerCase(java.util.Locale.ROOT));
    }

    static boolean isPresent(JsonNode object, String field) {
        JsonNode node = object.path(field);
        return !node.isMissingNode() && !node.isNull();
    }

    static <T> List<T> list(JsonNode object, String field, Function<JsonNode, T> read) {
        List<T> out = new ArrayList<>();
        object.path(field).forEach(item -> out.add(read.apply(item)));
        return out;
    }

    static List<String> texts(JsonNode array) {
        List<String> out = new ArrayList<>();
        array.forEach(item -> out.add(item.asText()));
        return out;
    }

    static SchemaState state(JsonNode object, String field) {
        try {
            return SchemaState.of(number(object, field));
        } catch (IllegalArgumentException failure) {
            throw new CodecException(0, String.valueOf(failure.getMessage()));
        }
    }

    /** Null for an empty list, as Go writes a nil slice. */
    static <T> void putList(
            ObjectNode out, String field, List<T> items, Function<T, JsonNode> write) {
        if (items.isEmpty()) {
            out.putNull(field);
            return;
        }
        ArrayNode array = out.putArray(field);
        items.forEach(item -> array.add(write.apply(item)));
    }

    static JsonNode text(String value) {
        return JsonNodeFactory.instance.textNode(value);
    }
}
