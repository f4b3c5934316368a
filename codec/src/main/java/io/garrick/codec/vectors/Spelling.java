package io.garrick.codec.vectors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Map;

/** How the expected column spells values: compact JSON, doubles with their shortest digits. */
final class Spelling {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final double SMALLEST_PLAIN = 1e-4;
    private static final double LARGEST_PLAIN = 1e16;

    /** Above this a double is spelled with an exponent where whole numbers lose their ".0". */
    private static final double LARGEST_WHOLE = 1e7;

    private Spelling() {}

    static JsonNode parse(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException failure) {
            throw new IllegalArgumentException("not JSON: " + failure.getOriginalMessage());
        }
    }

    static ObjectNode object() {
        return NODES.objectNode();
    }

    static JsonNode unsigned(long bits) {
        return NODES.numberNode(new BigInteger(Long.toUnsignedString(bits)));
    }

    /** Compact JSON. */
    static String print(JsonNode node) {
        StringBuilder out = new StringBuilder();
        print(out, node);
        return out.toString();
    }

    private static void print(StringBuilder out, JsonNode node) {
        if (node.isObject()) {
            String separator = "{";
            for (Map.Entry<String, JsonNode> field : node.properties()) {
                out.append(separator).append(NODES.textNode(field.getKey())).append(':');
                print(out, field.getValue());
                separator = ",";
            }
            out.append(node.isEmpty() ? "{}" : "}");
        } else if (node.isArray()) {
            String separator = "[";
            for (JsonNode item : node) {
                out.append(separator);
                print(out, item);
                separator = ",";
            }
            out.append(node.isEmpty() ? "[]" : "]");
        } else if (node.isDouble() || node.isFloat()) {
            out.append(real(node));
        } else {
            out.append(node);
        }
    }

    private static String real(JsonNode node) {
        double value = node.doubleValue();
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Double.toString(value);
        }
        double size = Math.abs(value);
        if (size == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        String shortest =
                node.isFloat() ? Float.toString(node.floatValue()) : Double.toString(value);
        BigDecimal digits = new BigDecimal(shortest).stripTrailingZeros();
        if (size >= SMALLEST_PLAIN && size < LARGEST_PLAIN) {
            return (digits.scale() < 1 ? digits.setScale(1) : digits).toPlainString();
        }
        int exponent = digits.precision() - digits.scale() - 1;
        String mantissa = digits.movePointLeft(exponent).stripTrailingZeros().toPlainString();
        String sign = exponent < 0 ? "-" : "+";
        return mantissa + "e" + sign + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    /** A double that stands alone, not inside JSON. */
    static String alone(double value) {
        String text = Double.toString(value);
        boolean whole = value == Math.rint(value) && Math.abs(value) < LARGEST_WHOLE;
        boolean negativeZero = value == 0 && 1 / value < 0;
        return whole && !negativeZero && text.endsWith(".0")
                ? text.substring(0, text.length() - 2)
                : text;
    }
}
