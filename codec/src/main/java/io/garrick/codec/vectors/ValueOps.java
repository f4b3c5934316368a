package io.garrick.codec.vectors;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;
import io.garrick.codec.value.Datum;
import io.garrick.codec.value.DecimalBinary;
import io.garrick.codec.value.Durations;
import io.garrick.codec.value.JsonBinary;
import io.garrick.codec.value.JsonText;
import io.garrick.codec.value.PackedTime;
import io.garrick.codec.value.VectorFloat32;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Datums and single values. */
final class ValueOps {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ValueOps() {}

    static void addTo(Map<String, Op> ops) {
        ops.put("datums_key", vector -> datums(vector, true));
        ops.put("datums_value", vector -> datums(vector, false));
        ops.put("datums_invalid", NumberOps.invalid(vector -> Datum.readAll(vector.bytes())));
        ops.put(
                "key_order",
                vector ->
                        Integer.toString(
                                Integer.signum(
                                        Arrays.compareUnsigned(vector.side(0), vector.side(1)))));
        ops.put("decimal", ValueOps::decimal);
        ops.put(
                "decimal_invalid",
                NumberOps.invalid(vector -> NumberOps.whole(vector.bytes(), DecimalBinary::read)));
        ops.put("packed_time_u64", ValueOps::packedTime);
        ops.put("packed_date_u64", ValueOps::packedDate);
        ops.put("duration_row_v2", vector -> duration(vector, stored(vector, true)));
        ops.put("duration_datum", vector -> duration(vector, datumNumber(vector)));
        ops.put("duration_value_v1", vector -> duration(vector, datumNumber(vector)));
        ops.put("enum_row_v2", vector -> members(vector, stored(vector, false), false));
        ops.put("enum_value_v1", vector -> members(vector, datumNumber(vector), false));
        ops.put("set_row_v2", vector -> members(vector, stored(vector, false), true));
        ops.put("set_value_v1", vector -> members(vector, datumNumber(vector), true));
        ops.put("bit_row_v2", vector -> bit(vector, stored(vector, false)));
        ops.put("bit_value_v1", vector -> bit(vector, datumNumber(vector)));
        ops.put("year_row_v2", vector -> year(stored(vector, true)));
        ops.put("year_value_v1", vector -> year(datumNumber(vector)));
        ops.put("vector_float32", ValueOps::vectorFloat32);
        ops.put(
                "vector_float32_invalid",
                NumberOps.invalid(vector -> NumberOps.whole(vector.bytes(), VectorFloat32::read)));
        ops.put("json_decode", ValueOps::jsonDecode);
        ops.put("json_double", vector -> Spelling.print(JsonBinary.read(vector.bytes())));
        ops.put("json_to_text", vector -> JsonText.of(vector.bytes()));
        ops.put("json_type", vector -> JsonBinary.typeName(vector.bytes()));
        ops.put("json_invalid", NumberOps.invalid(vector -> JsonBinary.read(vector.bytes())));
    }

    /** Kind and value; bytes as hex. */
    static ArrayNode pair(Datum datum) {
        ArrayNode out = NODES.arrayNode();
        switch (datum) {
            case Datum.Null _ -> out.add("null").addNull();
            case Datum.Bytes(Key bytes) -> out.add("bytes").add(bytes.toString());
            case Datum.Int(long value) -> out.add("int").add(value);
            case Datum.Unsigned(long value) -> out.add("uint").add(Spelling.unsigned(value));
            case Datum.Real(double value) -> out.add("float").add(value);
            case Datum.Decimal(DecimalBinary value) ->
                    out.add("decimal").add(value.value().toPlainString());
            case Datum.Duration(long nanos) -> out.add("duration").add(nanos);
            case Datum.Json(Key document) ->
                    out.add("json").add(JsonBinary.read(document.unsafeBytes()));
            case Datum.Vector(List<Float> values) -> {
                ArrayNode items = out.add("vector").addArray();
                values.forEach(items::add);
            }
            case Datum.Max _ -> out.add("max").addNull();
        }
        return out;
    }

    /** As {@link #pair}, with bytes as text where they are text. */
    static ArrayNode textPair(Datum datum) {
        if (datum instanceof Datum.Bytes(Key bytes)) {
            try {
                String text =
                        UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.unsafeBytes())).toString();
                return NODES.arrayNode().add("bytes").add(text);
            } catch (java.nio.charset.CharacterCodingException notText) {
                return pair(datum);
            }
        }
        return pair(datum);
    }

    private static String datums(Vector vector, boolean key) {
        List<Datum> datums = Datum.readAll(vector.bytes());
        ByteWriter out = new ByteWriter();
        for (Datum datum : datums) {
            if (key) {
                datum.writeKey(out);
            } else {
                datum.writeValue(out);
            }
        }
        if (!Datum.readAll(out.toBytes()).equals(datums)) {
            throw new Op.Complaint("written back as " + HexFormat.of().formatHex(out.toBytes()));
        }
        return pairs(vector, datums);
    }

    /** Bytes as hex where the file expects something, else as text. */
    static String pairs(Vector vector, List<Datum> datums) {
        ArrayNode out = NODES.arrayNode();
        for (Datum datum : datums) {
            out.add(vector.expected() == null ? textPair(datum) : pair(datum));
        }
        return Spelling.print(floats(out, vector.inputs()));
    }

    /** Elements of vectors are single floats; expected ones were read as doubles. */
    private static JsonNode floats(ArrayNode answer, JsonNode expected) {
        for (int i = 0; i < answer.size(); i++) {
            if ("vector".equals(answer.path(i).path(0).asText())
                    && sameFloats(expected.path(i).path(1), answer.path(i).path(1))) {
                answer.set(i, expected.path(i));
            }
        }
        return answer;
    }

    private static boolean sameFloats(JsonNode expected, JsonNode answer) {
        if (!expected.isArray() || expected.size() != answer.size()) {
            return false;
        }
        for (int i = 0; i < expected.size(); i++) {
            if (!expected.get(i).isNumber()
                    || expected.get(i).floatValue() != answer.get(i).floatValue()) {
                return false;
            }
        }
        return true;
    }

    private static String decimal(Vector vector) {
        DecimalBinary decimal = NumberOps.whole(vector.bytes(), DecimalBinary::read);
        Op.sameBytes(
                vector.bytes(),
                DecimalBinary.encode(decimal.value(), decimal.precision(), decimal.scale()));
        return Spelling.print(
                Spelling.object()
                        .put("prec", decimal.precision())
                        .put("frac", decimal.scale())
                        .put("value", decimal.value().toPlainString()));
    }

    private static String packedTime(Vector vector) {
        long packed = NumberOps.whole(vector.bytes(), ByteReader::longBe);
        PackedTime time = PackedTime.of(packed);
        if (time.packed() != packed) {
            throw new Op.Complaint("written back as " + Long.toHexString(time.packed()));
        }
        int fsp = vector.inputs().path("fsp").asInt(time.micros() == 0 ? 0 : 6);
        return Spelling.print(
                Spelling.object()
                        .put("packed", Long.toUnsignedString(packed))
                        .put("value", time.text(fsp))
                        .put("fsp", fsp));
    }

    private static String packedDate(Vector vector) {
        long packed = NumberOps.whole(vector.bytes(), ByteReader::longBe);
        return Spelling.print(
                Spelling.object()
                        .put("packed", Long.toUnsignedString(packed))
                        .put("value", PackedTime.of(packed).dateText()));
    }

    private static String duration(Vector vector, long nanos) {
        ObjectNode out = Spelling.object().put("nanos", nanos);
        if (vector.op().equals("duration_row_v2")) {
            int fsp = vector.inputs().path("fsp").asInt(nanos % 1_000_000_000 == 0 ? 0 : 6);
            out.put("fsp", fsp).put("text", Durations.text(nanos, fsp));
        }
        return Spelling.print(out);
    }

    private static long stored(Vector vector, boolean signed) {
        return NumberOps.whole(vector.bytes(), in -> NumberOps.littleEndian(in, signed));
    }

    private static long datumNumber(Vector vector) {
        Datum datum = NumberOps.whole(vector.bytes(), Datum::read);
        return switch (datum) {
            case Datum.Int(long value) -> value;
            case Datum.Unsigned(long value) -> value;
            case Datum.Duration(long nanos) -> nanos;
            case Datum.Null _,
                    Datum.Bytes _,
                    Datum.Real _,
                    Datum.Decimal _,
                    Datum.Json _,
                    Datum.Vector _,
                    Datum.Max _ ->
                    throw new CodecException(0, "not a whole number");
        };
    }

    private static String members(Vector vector, long number, boolean set) {
        JsonNode elems = vector.inputs().path("elems");
        if (elems.isMissingNode()) {
            return Long.toUnsignedString(number);
        }
        String value = "";
        if (set) {
            List<String> members = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                if ((number >>> i & 1) != 0) {
                    if (i >= elems.size()) {
                        return "error";
                    }
                    members.add(elems.get(i).asText());
                }
            }
            value = String.join(",", members);
        } else if (number >= 1 && number <= elems.size()) {
            value = elems.get((int) number - 1).asText();
        }
        ObjectNode out = Spelling.object();
        out.set("elems", elems);
        return Spelling.print(out.put("value", value));
    }

    private static String bit(Vector vector, long bits) {
        int flen = vector.inputs().path("flen").asInt(64);
        int bytes = (flen + 7) / 8;
        String hex = HexFormat.of().toHexDigits(bits);
        return Spelling.print(
                Spelling.object().put("flen", flen).put("bytes", hex.substring(16 - 2 * bytes)));
    }

    private static String year(long year) {
        return Spelling.print(Spelling.object().put("year", year));
    }

    private static String vectorFloat32(Vector vector) {
        float[] values = NumberOps.whole(vector.bytes(), VectorFloat32::read);
        if (vector.bytes().length > 0) {
            Op.sameBytes(vector.bytes(), VectorFloat32.encode(values));
        }
        ArrayNode out = NODES.arrayNode();
        for (float value : values) {
            out.add(value);
        }
        return Spelling.print(sameFloats(vector.inputs(), out) ? vector.inputs() : out);
    }

    private static String jsonDecode(Vector vector) {
        JsonNode tree = JsonBinary.read(vector.bytes());
        if (vector.note().contains("byte-exact when encoding")) {
            Op.sameBytes(vector.bytes(), JsonBinary.encode(tree));
        }
        return Spelling.print(tree);
    }
}
