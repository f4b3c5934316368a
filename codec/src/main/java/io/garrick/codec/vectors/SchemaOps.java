package io.garrick.codec.vectors;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.codec.SchemaMismatchException;
import io.garrick.codec.row.ColumnDecoder;
import io.garrick.codec.row.DefaultValues;
import io.garrick.codec.row.HeapRows;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.DbInfoJson;
import io.garrick.codec.schema.DbSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.PartitionSchema;
import io.garrick.codec.schema.SchemaDiffJson;
import io.garrick.codec.schema.TableInfoJson;
import io.garrick.codec.schema.TableSchema;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.jspecify.annotations.Nullable;

/** TiDB's documents, and what absent columns read as. */
final class SchemaOps {
    /** Ops whose vectors name only some of the facts that a document tells. */
    static final Set<String> PARTIAL = Set.of("tableinfo_json", "schema_diff_json", "dbinfo_json");

    private static final Pattern SIZED = Pattern.compile("([A-Za-z]+)\\((\\d+)\\)");

    private SchemaOps() {}

    static void addTo(Map<String, Op> ops) {
        ops.put("tableinfo_json", SchemaOps::tableInfo);
        ops.put("dbinfo_json", SchemaOps::dbInfo);
        ops.put("schema_diff_json", SchemaOps::schemaDiff);
        ops.put(
                "tableinfo_json_invalid",
                NumberOps.invalid(vector -> TableInfoJson.parse("", vector.bytes())));
        ops.put("need_restored_data", SchemaOps::needRestoredData);
        ops.put("absent_column_fill", SchemaOps::absentColumn);
        ops.put("origin_default_binary", SchemaOps::originDefaultBinary);
        ops.put("default_bit", SchemaOps::defaultBit);
        ops.put("default_year", SchemaOps::defaultYear);
    }

    private static String tableInfo(Vector vector) {
        TableSchema table = TableInfoJson.parse("", vector.bytes());
        if (!TableInfoJson.parse("", TableInfoJson.emit(table)).equals(table)) {
            throw new Op.Complaint("written back as another table");
        }
        ObjectNode out =
                Spelling.object()
                        .put("id", table.logicalId())
                        .put("name", table.name())
                        .put("state", table.state().number())
                        .put("pk_is_handle", table.pkIsHandle())
                        .put("is_common_handle", table.isCommonHandle());
        ArrayNode columns = out.putArray("columns");
        for (ColumnSchema column : table.columns()) {
            columns.addArray()
                    .add(column.id())
                    .add(column.name())
                    .add(column.type().tp())
                    .add(column.type().flag())
                    .add(column.type().flen())
                    .add(column.type().decimal())
                    .add(column.state().number());
        }
        if (table.replicaCount() != null) {
            out.put("replica_count", table.replicaCount());
        }
        PartitionSchema partition = table.partition();
        if (partition != null) {
            ArrayNode ids = out.putArray("partition_ids");
            ArrayNode partitions = out.putArray("partitions");
            for (PartitionSchema.Definition definition : partition.definitions()) {
                ids.add(definition.id());
                partitions.addArray().add(definition.id()).add(definition.name());
            }
        }
        return Spelling.print(out);
    }

    private static String dbInfo(Vector vector) {
        DbSchema db = DbInfoJson.parse(vector.bytes());
        if (!DbInfoJson.parse(DbInfoJson.emit(db)).equals(db)) {
            throw new Op.Complaint("written back as another database");
        }
        return Spelling.print(
                Spelling.object()
                        .put("id", db.id())
                        .put("name", db.name())
                        .put("charset", db.charset())
                        .put("collate", db.collate())
                        .put("state", db.state().number()));
    }

    private static String schemaDiff(Vector vector) {
        return new String(SchemaDiffJson.emit(SchemaDiffJson.parse(vector.bytes())), UTF_8);
    }

    private static String needRestoredData(Vector vector) {
        String type = vector.inputs().path("type").asText().toLowerCase(Locale.ROOT);
        String collation = vector.inputs().path("collation").asText();
        int tp =
                switch (type) {
                    case "char", "binary" -> FieldType.STRING;
                    case "varchar", "varbinary" -> FieldType.VARCHAR;
                    case "varstring", "var_string" -> FieldType.VAR_STRING;
                    case "text", "blob" -> FieldType.BLOB;
                    case "tinytext", "tinyblob" -> FieldType.TINY_BLOB;
                    case "mediumtext", "mediumblob" -> FieldType.MEDIUM_BLOB;
                    case "longtext", "longblob" -> FieldType.LONG_BLOB;
                    case "int", "long" -> FieldType.LONG;
                    case "bigint", "longlong" -> FieldType.LONGLONG;
                    default -> throw new Op.Complaint("unknown type " + type);
                };
        FieldType field =
                new FieldType(
                        tp,
                        0,
                        -1,
                        0,
                        collation.equals(FieldType.BINARY) ? FieldType.BINARY : "utf8mb4",
                        collation,
                        List.of(),
                        false);
        return Spelling.print(
                Spelling.object()
                        .put("type", type)
                        .put("collation", collation)
                        .put("need", field.needsRestoredData(true)));
    }

    private static String absentColumn(Vector vector) {
        ObjectNode out = Spelling.object();
        JsonNode columnJson = vector.inputs().path("column");
        boolean force = vector.inputs().path("force_decode").asBoolean();
        out.set("column", columnJson);
        out.put("force_decode", force);
        ObjectNode table = Spelling.object().put("id", 1);
        table.putArray("cols").add(columnJson);
        TableSchema schema = TableInfoJson.parse("", table.toString().getBytes(UTF_8));
        ColumnDecoder decoder =
                ColumnDecoder.forColumn(
                        schema,
                        schema.columns().getFirst(),
                        force ? ColumnDecoder.Mismatch.FORCE : ColumnDecoder.Mismatch.REFUSE);
        try (BufferAllocator allocator = new RootAllocator();
                FieldVector values = decoder.field().createVector(allocator)) {
            decoder.decode(new HeapRows().add(1, vector.bytes()), 0, 1, values);
            putValue(out, values.getObject(0));
        } catch (SchemaMismatchException mismatch) {
            out.put("result", "resync");
        }
        return Spelling.print(out);
    }

    private static void putValue(ObjectNode out, @Nullable Object value) {
        switch (value) {
            case null -> out.putNull("result");
            case Long number -> out.put("result", number);
            case Integer number -> out.put("result", number);
            case Short number -> out.put("result", number);
            case Byte number -> out.put("result", number);
            case Float number -> out.put("result", number);
            case Double number -> out.put("result", number);
            case BigDecimal number -> out.put("result", number.toPlainString());
            case byte[] bytes -> out.put("result", HexFormat.of().formatHex(bytes));
            default -> out.put("result", value.toString());
        }
    }

    private static String originDefaultBinary(Vector vector) {
        JsonNode inputs = vector.inputs();
        Matcher type = SIZED.matcher(inputs.path("type").asText());
        if (!type.matches()) {
            throw new Op.Complaint("unknown type " + inputs.path("type"));
        }
        boolean fixed = type.group(1).equalsIgnoreCase("binary");
        FieldType field =
                FieldType.of(
                        fixed ? FieldType.STRING : FieldType.VARCHAR,
                        FieldType.BINARY_FLAG,
                        Long.parseLong(type.group(2)),
                        0);
        ColumnSchema column =
                ColumnSchema.of(1, "c", field).withOriginDefault(new String(vector.bytes(), UTF_8));
        byte[] value =
                DefaultValues.origin(column)
                        .orElseThrow(() -> new Op.Complaint("no origin default"));
        ObjectNode out = Spelling.object();
        out.set("type", inputs.path("type"));
        out.set("origin_default", inputs.path("origin_default"));
        return Spelling.print(out.put("bytes", HexFormat.of().formatHex(value)));
    }

    /** Base64 text of big-endian bytes. */
    private static String defaultBit(Vector vector) {
        JsonNode inputs = vector.inputs();
        ObjectNode out = Spelling.object();
        for (Map.Entry<String, JsonNode> field : inputs.properties()) {
            JsonNode value = field.getValue();
            out.set(field.getKey(), value);
            if (value.isIntegralNumber() && !field.getKey().equals("flen")) {
                out.set(field.getKey(), Spelling.unsigned(bits(inputs)));
            }
        }
        return Spelling.print(out);
    }

    private static long bits(JsonNode inputs) {
        for (String field :
                List.of("base64", "origin_default_bit", "default_bit", "text", "json")) {
            if (inputs.path(field).isTextual()) {
                byte[] bytes = Base64.getDecoder().decode(inputs.path(field).textValue());
                return new BigInteger(1, bytes).longValue();
            }
        }
        throw new Op.Complaint("no base64 text");
    }

    private static String defaultYear(Vector vector) {
        String text = vector.inputs().path("text").asText();
        return Spelling.print(
                Spelling.object().put("text", text).put("year", DefaultValues.year(text)));
    }
}
