package io.garrick.codec.vectors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.key.Numbers;
import io.garrick.codec.row.RowChecksum;
import io.garrick.codec.row.RowV1;
import io.garrick.codec.row.RowV2;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.value.DecimalBinary;
import io.garrick.codec.value.JsonBinary;
import io.garrick.codec.value.PackedTime;
import io.garrick.codec.value.VectorFloat32;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Row values. */
final class RowOps {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int MOST_GUESSED_COLUMNS = 8;

    private RowOps() {}

    static void addTo(Map<String, Op> ops) {
        ops.put("row_v1", RowOps::rowV1);
        ops.put("row_v1_invalid", NumberOps.invalid(vector -> RowV1.parse(vector.bytes())));
        ops.put("row_v2", RowOps::rowV2);
        ops.put("row_v2_template", RowOps::rowV2);
        ops.put("row_v2_invalid", NumberOps.invalid(vector -> RowV2.parse(vector.bytes())));
        ops.put("row_v2_checksum", RowOps::checksum);
    }

    private static String rowV1(Vector vector) {
        RowV1 row = RowV1.parse(vector.bytes());
        if (!RowV1.parse(row.encode()).equals(row)) {
            throw new Op.Complaint("written back as another row");
        }
        ObjectNode out = Spelling.object();
        row.values().forEach((id, datum) -> out.set(id.toString(), ValueOps.pair(datum)));
        return Spelling.print(out);
    }

    private static String rowV2(Vector vector) {
        byte[] bytes = vector.bytes();
        RowV2 row = RowV2.parse(bytes);
        if (row.checksum() == null) {
            Op.sameBytes(bytes, written(row));
        }
        JsonNode inputs = vector.inputs();
        ObjectNode out = Spelling.object();
        if (inputs.has("large")) {
            out.put("large", row.large());
        }
        if (inputs.has("not_null") || inputs.isMissingNode()) {
            ObjectNode values = out.putObject("not_null");
            row.values().forEach((id, value) -> values.put(id.toString(), value.toString()));
        }
        if (inputs.has("null") || inputs.isMissingNode()) {
            ArrayNode nulls = out.putArray("null");
            row.nulls().forEach(nulls::add);
        }
        JsonNode decoded = inputs.path("decoded");
        if (!decoded.isMissingNode()) {
            ObjectNode columns = out.putObject("decoded");
            row.values()
                    .forEach((id, value) ->
                            columns.set(
                                    id.toString(),
                                    column(decoded.path(id.toString()), value.unsafeBytes())));
        }
        return Spelling.print(out);
    }

    private static byte[] written(RowV2 row) {
        RowV2Writer out = new RowV2Writer();
        row.values().forEach((id, value) -> out.putBytes(id, value.unsafeBytes()));
        row.nulls().forEach(out::putNull);
        return out.toBytes();
    }

    /** Kind and value; the kind is the file's. */
    private static JsonNode column(JsonNode expected, byte[] bytes) {
        String kind = expected.path(0).asText("bytes");
        ArrayNode out = NODES.arrayNode().add(kind);
        switch (kind) {
            case "int", "duration", "time", "year" -> out.add(number(bytes, true));
            case "uint", "enum", "set", "bit" -> out.add(Spelling.unsigned(number(bytes, false)));
            case "float", "double" ->
                    out.add(Numbers.doubleOfComparable(NumberOps.whole(bytes, ByteReader::longBe)));
            case "decimal" ->
                    out.add(NumberOps.whole(bytes, DecimalBinary::read).value().toPlainString());
            case "timestamp_utc", "timestamp", "datetime" -> {
                PackedTime time = PackedTime.of(number(bytes, false));
                String text = expected.path(1).asText();
                int point = text.indexOf('.');
                out.add(time.text(point < 0 ? 0 : text.length() - point - 1));
            }
            case "date" -> out.add(PackedTime.of(number(bytes, false)).dateText());
            case "json" -> out.add(JsonBinary.read(bytes));
            case "vector" -> {
                ArrayNode items = out.addArray();
                for (float value : NumberOps.whole(bytes, VectorFloat32::read)) {
                    items.add(value);
                }
            }
            case "bytes_repeat" -> {
                HexFormat hex = HexFormat.of();
                boolean same = bytes.length > 0;
                for (byte b : bytes) {
                    same &= b == bytes[0];
                }
                out.add(same ? hex.toHexDigits(bytes[0]) : hex.formatHex(bytes));
                out.add(bytes.length);
            }
            default -> out.add(HexFormat.of().formatHex(bytes));
        }
        return out;
    }

    private static long number(byte[] bytes, boolean signed) {
        return NumberOps.whole(bytes, in -> NumberOps.littleEndian(in, signed));
    }

    private static String checksum(Vector vector) {
        byte[] bytes = vector.bytes();
        RowV2 row = RowV2.parse(bytes);
        RowChecksum stored = row.checksum();
        if (stored == null) {
            throw new Op.Complaint("row without a checksum");
        }
        ObjectNode out = Spelling.object().put("version", stored.version());
        JsonNode inputs = vector.inputs();
        boolean right = true;
        if (inputs.has("handle") && inputs.path("handle").isIntegralNumber()) {
            byte[] handle =
                    new ByteWriter()
                            .longBe(Numbers.comparableInt(inputs.path("handle").longValue()))
                            .toBytes();
            right = RowChecksum.ofRow(bytes, handle) == stored.crc32();
        } else if (stored.version() == 0 && !inputs.isMissingNode()) {
            right = isChecksumOfColumns(row, stored.crc32());
        } else {
            for (String field : List.of("row_key", "handle", "handle_hex", "common_handle")) {
                if (inputs.path(field).isTextual()) {
                    byte[] tail = HexFormat.of().parseHex(inputs.path(field).textValue());
                    right = RowChecksum.ofRow(bytes, tail) == stored.crc32();
                }
            }
        }
        if (!right) {
            throw new Op.Complaint("the checksum computed from the row differs");
        }
        out.put("checksum", stored.unsignedCrc32());
        if (stored.extra() != null) {
            out.put("extra", Integer.toUnsignedLong(stored.extra()));
        }
        for (String field : List.of("handle", "row_key", "handle_hex", "common_handle")) {
            if (inputs.has(field)) {
                out.set(field, inputs.get(field));
            }
        }
        return Spelling.print(out);
    }

    /** A version 0 checksum needs the columns' types, which the file does not tell: try them. */
    private static boolean isChecksumOfColumns(RowV2 row, int crc32) {
        List<Long> ids = List.copyOf(row.values().keySet());
        if (ids.size() > MOST_GUESSED_COLUMNS) {
            return false;
        }
        List<FieldType> kinds =
                List.of(
                        FieldType.of(FieldType.LONGLONG, 0, 20, 0),
                        FieldType.of(FieldType.LONGLONG, FieldType.UNSIGNED_FLAG, 20, 0),
                        FieldType.of(FieldType.BLOB, 0, 20, 0),
                        FieldType.of(FieldType.DOUBLE, 0, 20, 0));
        int combinations = 1 << (2 * ids.size());
        for (int combination = 0; combination < combinations; combination++) {
            List<ColumnSchema> columns = new ArrayList<>();
            boolean fits = true;
            for (int i = 0; i < ids.size(); i++) {
                FieldType kind = kinds.get(combination >> (2 * i) & 3);
                Key value = row.values().get(ids.get(i));
                int length = value == null ? 0 : value.length();
                boolean number = length == 1 || length == 2 || length == 4 || length == 8;
                fits &= kind.isString() || (kind.isInteger() ? number : length == 8);
                columns.add(ColumnSchema.of(ids.get(i), "c", kind));
            }
            if (fits && RowChecksum.ofColumns(row, columns) == crc32) {
                return true;
            }
        }
        return false;
    }
}
