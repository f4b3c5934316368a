package io.garrick.codec.vectors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.ByteArrayOutputStream;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One line of a vector file.
 *
 * @param expected null if the file does not tell
 * @param given where an op finds inputs that are not bytes: the expected column, or what stands in
 *     for it
 */
record Vector(
        String id, String op, String hex, @Nullable String expected, String given, String note) {
    private static final Pattern REPEAT = Pattern.compile("\\{([0-9a-fA-F]{2})\\*(\\d{1,8})}");
    private static final int LARGEST_REPEAT = 1 << 24;

    byte[] bytes() {
        return bytes(hex);
    }

    /** One side of {@code a|b}. */
    byte[] side(int index) {
        String[] sides = hex.split("\\|", -1);
        if (sides.length != 2) {
            throw new IllegalArgumentException("not two byte strings: " + hex);
        }
        return bytes(sides[index]);
    }

    /** Inputs that stand beside the bytes, where an op needs them. */
    JsonNode inputs() {
        if (given.isEmpty()) {
            return MissingNode.getInstance();
        }
        char first = given.charAt(0);
        return first == '{' || first == '[' ? Spelling.parse(given) : MissingNode.getInstance();
    }

    private static byte[] bytes(String hex) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Matcher repeat = REPEAT.matcher(hex);
        int at = 0;
        while (repeat.find()) {
            out.writeBytes(HexFormat.of().parseHex(hex, at, repeat.start()));
            int value = HexFormat.fromHexDigits(repeat.group(1));
            int count = Integer.parseInt(repeat.group(2));
            if (count > LARGEST_REPEAT) {
                throw new IllegalArgumentException("too many bytes: " + count);
            }
            for (int i = 0; i < count; i++) {
                out.write(value);
            }
            at = repeat.end();
        }
        out.writeBytes(HexFormat.of().parseHex(hex, at, hex.length()));
        return out.toByteArray();
    }
}
