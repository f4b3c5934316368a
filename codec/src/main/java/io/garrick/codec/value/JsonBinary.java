package io.garrick.codec.value;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * TiDB's binary JSON: a type byte and a value, little-endian (TiDB, pkg/types/json_binary.go).
 *
 * <p>Objects and arrays are a count, their size, entries of fixed size with offsets from the count,
 * then what the offsets point to. Literals stand in their entry. Times, durations and opaque values
 * have no form in JSON; they read as text.
 */
public final class JsonBinary {
    public static final int OBJECT = 0x01;
    public static final int ARRAY = 0x03;
    public static final int LITERAL = 0x04;
    public static final int INT64 = 0x09;
    public static final int UINT64 = 0x0a;
    public static final int DOUBLE = 0x0b;
    public static final int STRING = 0x0c;
    public static final int OPAQUE = 0x0d;
    public static final int DATE = 0x0e;
    public static final int DATETIME = 0x0f;
    public static final int TIMESTAMP = 0x10;
    public static final int DURATION = 0x11;

    /** Stands for a byte that is not UTF-8; no valid text has a lone surrogate. */
    static final char INVALID_BYTE = '\udfff';

    /** JSON null, what an absent NOT NULL JSON column reads as. */
    private static final byte[] NULL_DOCUMENT = {LITERAL, 0};

    static final int DEEPEST = 100;
    static final int HEADER_BYTES = 8;
    static final int KEY_ENTRY_BYTES = 6;
    static final int VALUE_ENTRY_BYTES = 5;
    private static final ObjectMapper MAPPER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private JsonBinary() {}

    public static byte[] nullDocument() {
        return NULL_DOCUMENT.clone();
    }

    /** The whole of {@code document}. */
    public static JsonNode read(byte[] document) {
        ByteReader in = new ByteReader(document);
        JsonNode node = read(in);
        in.expectEnd();
        return node;
    }

    /** One document, with the cursor left behind it. */
    public static JsonNode read(ByteReader in) {
        int start = in.position();
        int length = documentLength(in);
        in.skip(length);
        byte[] bytes = in.unsafeBytes();
        return new JsonWalk(bytes, length).value(bytes[start] & 0xff, start + 1, start + length, 0);
    }

    /** How long the document under the cursor is; the cursor stays. */
    public static int documentLength(ByteReader in) {
        ByteReader peek =
                new ByteReader(in.unsafeBytes(), in.position(), in.position() + in.remaining());
        int type = peek.u8();
        switch (type) {
            case OBJECT, ARRAY -> {
                int at = peek.position();
                peek.u32Le();
                long size = peek.u32Le();
                if (size < HEADER_BYTES) {
                    throw new CodecException(at, "JSON container of " + size + " bytes");
                }
                peek.skip(size - HEADER_BYTES);
            }
            case LITERAL -> peek.skip(1);
            case INT64, UINT64, DOUBLE, DATE, DATETIME, TIMESTAMP -> peek.skip(8);
            case DURATION -> peek.skip(12);
            case STRING -> peek.skip(peek.uvarint());
            case OPAQUE -> {
                peek.skip(1);
                peek.skip(peek.uvarint());
            }
            default -> throw new CodecException(in.position(), "unknown JSON type " + type);
        }
        return peek.position() - in.position();
    }

    /** What JSON_TYPE says. */
    public static String typeName(byte[] document) {
        ByteReader in = new ByteReader(document);
        int type = in.u8();
        return switch (type) {
            case OBJECT -> "OBJECT";
            case ARRAY -> "ARRAY";
            case LITERAL -> in.u8() == 0 ? "NULL" : "BOOLEAN";
            case INT64 -> "INTEGER";
            case UINT64 -> "UNSIGNED INTEGER";
            case DOUBLE -> "DOUBLE";
            case STRING -> "STRING";
            case OPAQUE -> opaqueTypeName(in.u8());
            case DATE -> "DATE";
            case DATETIME, TIMESTAMP -> "DATETIME";
            case DURATION -> "TIME";
            default -> throw new CodecException(0, "unknown JSON type " + type);
        };
    }

    private static String opaqueTypeName(int mysqlType) {
        return switch (mysqlType) {
            case 0x10 -> "BIT";
            case 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0x0f -> "BLOB";
            default -> "OPAQUE";
        };
    }

    /** JSON text; malformed text is the caller's mistake. */
    public static JsonNode parseText(String text) {
        try {
            JsonNode node = MAPPER.readTree(text);
            if (node.isMissingNode()) {
                throw new IllegalArgumentException("not JSON: empty text");
            }
            return node;
        } catch (JsonProcessingException failure) {
            throw new IllegalArgumentException("not JSON: " + failure.getOriginalMessage());
        }
    }

    /** The document TiDB would write for {@code node}: keys sorted by their UTF-8 bytes. */
    public static byte[] encode(JsonNode node) {
        ByteWriter out = new ByteWriter();
        out.u8(typeOf(node));
        return out.bytes(encodeValue(node, 0)).toBytes();
    }

    private static int typeOf(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> OBJECT;
            case ARRAY -> ARRAY;
            case NULL, BOOLEAN, MISSING -> LITERAL;
            case NUMBER -> {
                if (!node.isIntegralNumber()) {
                    yield DOUBLE;
                }
                if (node.canConvertToLong()) {
                    yield INT64;
                }
                BigInteger value = node.bigIntegerValue();
                yield value.signum() > 0 && value.bitLength() <= 64 ? UINT64 : DOUBLE;
            }
            case STRING -> STRING;
            case BINARY, POJO -> throw new IllegalArgumentException("not JSON: " + node);
        };
    }

    private static byte[] encodeValue(JsonNode node, int depth) {
        if (depth > DEEPEST) {
            throw new IllegalArgumentException("JSON deeper than " + DEEPEST);
        }
        ByteWriter out = new ByteWriter();
        switch (typeOf(node)) {
            case OBJECT -> encodeObject(out, node, depth);
            case ARRAY -> encodeArray(out, node, depth);
            case LITERAL -> out.u8(literalCode(node));
            case INT64 -> out.longLe(node.longValue());
            case UINT64 -> out.longLe(node.bigIntegerValue().longValue());
            case DOUBLE -> out.longLe(Double.doubleToRawLongBits(node.doubleValue()));
            default -> {
                byte[] utf8 = utf8(node.textValue());
                out.uvarint(utf8.length).bytes(utf8);
            }
        }
        return out.toBytes();
    }

    /** Half of a surrogate pair becomes U+FFFD, as Go reads such an escape. */
    private static byte[] utf8(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return text.codePoints()
                        .map(point -> point >= 0xd800 && point <= 0xdfff ? 0xfffd : point)
                        .collect(
                                StringBuilder::new,
                                StringBuilder::appendCodePoint,
                                StringBuilder::append)
                        .toString()
                        .getBytes(UTF_8);
            }
        }
        return text.getBytes(UTF_8);
    }

    private static int literalCode(JsonNode node) {
        if (!node.isBoolean()) {
            return 0;
        }
        return node.booleanValue() ? 1 : 2;
    }

    private static void encodeObject(ByteWriter out, JsonNode node, int depth) {
        List<byte[]> keys = new ArrayList<>();
        node.fieldNames().forEachRemaining(key -> keys.add(key.getBytes(UTF_8)));
        keys.sort(Arrays::compareUnsigned);
        int entries = HEADER_BYTES + keys.size() * (KEY_ENTRY_BYTES + VALUE_ENTRY_BYTES);
        ByteWriter keyEntries = new ByteWriter();
        ByteWriter tail = new ByteWriter();
        for (byte[] key : keys) {
            if (key.length > 0xffff) {
                throw new IllegalArgumentException("JSON key of " + key.length + " bytes");
            }
            keyEntries.intLe(entries + tail.size()).u16Le(key.length);
            tail.bytes(key);
        }
        ByteWriter valueEntries = new ByteWriter();
        for (byte[] key : keys) {
            encodeItem(valueEntries, tail, entries, node.path(new String(key, UTF_8)), depth);
        }
        out.intLe(keys.size()).intLe(entries + tail.size());
        out.bytes(keyEntries.toBytes()).bytes(valueEntries.toBytes()).bytes(tail.toBytes());
    }

    private static void encodeArray(ByteWriter out, JsonNode node, int depth) {
        int entries = HEADER_BYTES + node.size() * VALUE_ENTRY_BYTES;
        ByteWriter valueEntries = new ByteWriter();
        ByteWriter tail = new ByteWriter();
        for (JsonNode item : node) {
            encodeItem(valueEntries, tail, entries, item, depth);
        }
        out.intLe(node.size()).intLe(entries + tail.size());
        out.bytes(valueEntries.toBytes()).bytes(tail.toBytes());
    }

    private static void encodeItem(
            ByteWriter entry, ByteWriter tail, int base, JsonNode item, int depth) {
        int type = typeOf(item);
        entry.u8(type);
        if (type == LITERAL) {
            entry.intLe(literalCode(item));
            return;
        }
        entry.intLe(base + tail.size());
        tail.bytes(encodeValue(item, depth + 1));
    }
}
