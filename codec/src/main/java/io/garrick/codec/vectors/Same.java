package io.garrick.codec.vectors;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;

/** Whether two spellings name the same value. */
final class Same {
    private Same() {}

    /** Texts, which may be JSON: key order and the spelling of doubles do not matter. */
    static boolean text(String expected, String answer, boolean wholeObject) {
        if (expected.equals(answer)) {
            return true;
        }
        try {
            return node(Spelling.parse(expected), Spelling.parse(answer), wholeObject);
        } catch (IllegalArgumentException notJson) {
            return false;
        }
    }

    /** {@code wholeObject}: the answer may not say more than what is expected. */
    static boolean node(JsonNode expected, JsonNode answer, boolean wholeObject) {
        if (expected.isObject()) {
            if (!answer.isObject() || (wholeObject && expected.size() != answer.size())) {
                return false;
            }
            for (Map.Entry<String, JsonNode> field : expected.properties()) {
                if (!answer.has(field.getKey())
                        || !node(field.getValue(), answer.get(field.getKey()), true)) {
                    return false;
                }
            }
            return true;
        }
        if (expected.isArray()) {
            return sameArray(expected, answer);
        }
        if (expected.isIntegralNumber() && answer.isIntegralNumber()) {
            return expected.bigIntegerValue().equals(answer.bigIntegerValue());
        }
        if (expected.isFloatingPointNumber() && answer.isFloatingPointNumber()) {
            return expected.doubleValue() == answer.doubleValue();
        }
        if (expected.isTextual() && answer.isIntegralNumber()) {
            return isNumber(expected.textValue(), answer.bigIntegerValue());
        }
        return expected.equals(answer);
    }

    private static boolean sameArray(JsonNode expected, JsonNode answer) {
        if (!answer.isArray() || expected.size() != answer.size()) {
            return false;
        }
        if (expected.size() == 2
                && expected.path(0).isTextual()
                && "bytes".equals(expected.path(0).textValue())
                && answer.path(0).equals(expected.path(0))) {
            return sameBytes(expected.path(1).asText(), answer.path(1).asText());
        }
        for (int i = 0; i < expected.size(); i++) {
            if (!node(expected.get(i), answer.get(i), true)) {
                return false;
            }
        }
        return true;
    }

    /** Bytes are spelled as text or as hex, as the file pleases; the answer is hex. */
    private static boolean sameBytes(String expected, String answerHex) {
        return expected.toLowerCase(Locale.ROOT).equals(answerHex)
                || HexFormat.of().formatHex(expected.getBytes(UTF_8)).equals(answerHex);
    }

    private static boolean isNumber(String text, BigInteger number) {
        try {
            return new BigInteger(text).equals(number);
        } catch (NumberFormatException notANumber) {
            return false;
        }
    }
}
