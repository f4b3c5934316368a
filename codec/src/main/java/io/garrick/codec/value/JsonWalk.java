package io.garrick.codec.value;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.codec.ByteReader;
import io.garrick.codec.CodecException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.Base64;

/**
 * Reads one binary JSON document.
 *
 * <p>Values are found by offsets, and nothing in the format keeps two offsets from leading to the
 * same place; a small document could so become a huge tree. No writer does that, so every byte may
 * be read once only.
 */
final class JsonWalk {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final byte[] bytes;

    /** How many bytes of the document no value has claimed. */
    private long unread;

    JsonWalk(byte[] bytes, int length) {
        this.bytes = bytes;
        this.unread = length;
    }

    JsonNode value(int type, int at, int limit, int depth) {
        if (at > limit) {
            throw new CodecException(at, "JSON value outside its container");
        }
        return switch (type) {
            case JsonBinary.OBJECT -> object(at, limit, depth);
            case JsonBinary.ARRAY -> array(at, limit, depth);
            default -> {
                ByteReader in = new ByteReader(bytes, at, limit);
                JsonNode node = scalar(type, in);
                claim(at, in.position() - at);
                yield node;
            }
        };
    }

    private static JsonNode scalar(int type, ByteReader in) {
        int at = in.position();
        return switch (type) {
            case JsonBinary.LITERAL -> literal(at, in.u8());
            case JsonBinary.INT64 -> NODES.numberNode(in.longLe());
            case JsonBinary.UINT64 -> unsigned(in.longLe());
            case JsonBinary.DOUBLE -> NODES.numberNode(Double.longBitsToDouble(in.longLe()));
            case JsonBinary.STRING -> NODES.textNode(text(in.bytes(in.uvarint())));
            case JsonBinary.OPAQUE -> {
                int mysqlType = in.u8();
                String base64 = Base64.getEncoder().encodeToString(in.bytes(in.uvarint()));
                yield NODES.textNode("base64:type" + mysqlType + ":" + base64);
            }
            case JsonBinary.DATE -> NODES.textNode(PackedTime.ofCoreTime(in.longLe()).dateText());
            case JsonBinary.DATETIME, JsonBinary.TIMESTAMP ->
                    NODES.textNode(PackedTime.ofCoreTime(in.longLe()).text(6));
            case JsonBinary.DURATION -> {
                long nanos = in.longLe();
                in.skip(Integer.BYTES);
                yield NODES.textNode(Durations.text(nanos, 6));
            }
            default -> throw new CodecException(at, "unknown JSON type " + type);
        };
    }

    private void claim(int at, long count) {
        unread -= count;
        if (unread < 0) {
            throw new CodecException(at, "JSON values overlap");
        }
    }

    private JsonNode object(int at, int limit, int depth) {
        int end = containerEnd(at, limit, depth);
        int count = count(at, end, JsonBinary.KEY_ENTRY_BYTES + JsonBinary.VALUE_ENTRY_BYTES);
        ObjectNode out = NODES.objectNode();
        int values = at + JsonBinary.HEADER_BYTES + count * JsonBinary.KEY_ENTRY_BYTES;
        for (int i = 0; i < count; i++) {
            int entryAt = at + JsonBinary.HEADER_BYTES + i * JsonBinary.KEY_ENTRY_BYTES;
            ByteReader entry = new ByteReader(bytes, entryAt, end);
            long keyAt = at + entry.u32Le();
            int keyLength = entry.u16Le();
            if (keyAt + keyLength > end) {
                throw new CodecException(entryAt, "JSON key outside its object");
            }
            claim(entryAt, keyLength);
            String key = text(Arrays.copyOfRange(bytes, (int) keyAt, (int) keyAt + keyLength));
            out.set(key, item(at, values + i * JsonBinary.VALUE_ENTRY_BYTES, end, depth));
        }
        return out;
    }

    private JsonNode array(int at, int limit, int depth) {
        int end = containerEnd(at, limit, depth);
        int count = count(at, end, JsonBinary.VALUE_ENTRY_BYTES);
        ArrayNode out = NODES.arrayNode();
        for (int i = 0; i < count; i++) {
            out.add(
                    item(
                            at,
                            at + JsonBinary.HEADER_BYTES + i * JsonBinary.VALUE_ENTRY_BYTES,
                            end,
                            depth));
        }
        return out;
    }

    private JsonNode item(int container, int entryAt, int end, int depth) {
        ByteReader entry = new ByteReader(bytes, entryAt, end);
        int type = entry.u8();
        if (type == JsonBinary.LITERAL) {
            return literal(entryAt + 1, entry.u8());
        }
        long at = container + entry.u32Le();
        if (at > end) {
            throw new CodecException(entryAt, "JSON value outside its container");
        }
        return value(type, (int) at, end, depth + 1);
    }

    private int containerEnd(int at, int limit, int depth) {
        if (depth > JsonBinary.DEEPEST) {
            throw new CodecException(at, "JSON deeper than " + JsonBinary.DEEPEST);
        }
        ByteReader in = new ByteReader(bytes, at, limit);
        in.u32Le();
        long size = in.u32Le();
        if (size < JsonBinary.HEADER_BYTES || at + size > limit) {
            throw new CodecException(at, "JSON container of " + size + " bytes");
        }
        return (int) (at + size);
    }

    private int count(int at, int end, int entryBytes) {
        long count = new ByteReader(bytes, at, end).u32Le();
        if (count * entryBytes > end - at - JsonBinary.HEADER_BYTES) {
            throw new CodecException(at, count + " entries do not fit the JSON container");
        }
        claim(at, JsonBinary.HEADER_BYTES + count * entryBytes);
        return (int) count;
    }

    private static JsonNode literal(int at, int code) {
        return switch (code) {
            case 0 -> NODES.nullNode();
            case 1 -> NODES.booleanNode(true);
            case 2 -> NODES.booleanNode(false);
            default -> throw new CodecException(at, "unknown JSON literal " + code);
        };
    }

    private static JsonNode unsigned(long bits) {
        return bits >= 0
                ? NODES.numberNode(bits)
                : NODES.numberNode(new BigInteger(Long.toUnsignedString(bits)));
    }

    private static String text(byte[] utf8) {
        try {
            return UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException invalid) {
            return lossyText(utf8);
        }
    }

    private static String lossyText(byte[] utf8) {
        StringBuilder out = new StringBuilder();
        int at = 0;
        while (at < utf8.length) {
            int length = Utf8.lengthAt(utf8, at, utf8.length);
            if (length == 0) {
                out.append(JsonBinary.INVALID_BYTE);
                at++;
            } else {
                out.append(new String(utf8, at, length, UTF_8));
                at += length;
            }
        }
        return out.toString();
    }
}
