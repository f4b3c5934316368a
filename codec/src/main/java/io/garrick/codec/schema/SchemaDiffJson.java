package io.garrick.codec.schema;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** TiDB's description of one schema step (TiDB, pkg/meta/model/job.go, SchemaDiff). */
public final class SchemaDiffJson {
    private SchemaDiffJson() {}

    public static SchemaDiff parse(byte[] utf8) {
        JsonNode root = Json.parseObject(utf8);
        return new SchemaDiff(
                Json.number(root, "version"),
                Json.smallNumber(root, "type"),
                Json.number(root, "schema_id"),
                Json.number(root, "table_id"),
                Json.number(root, "old_table_id"),
                Json.number(root, "old_schema_id"),
                Json.flag(root, "regenerate_schema_map"),
                Json.flag(root, "read_table_from_meta"),
                Json.list(root, "sub_action_types", JsonNode::asInt),
                Json.list(root, "affected_options", SchemaDiffJson::parseAffected));
    }

    public static byte[] emit(SchemaDiff diff) {
        ObjectNode out =
                Json.object()
                        .put("version", diff.version())
                        .put("type", diff.type())
                        .put("schema_id", diff.schemaId())
                        .put("table_id", diff.tableId());
        if (!diff.subActionTypes().isEmpty()) {
            var types = out.putArray("sub_action_types");
            diff.subActionTypes().forEach(types::add);
        }
        out.put("old_table_id", diff.oldTableId())
                .put("old_schema_id", diff.oldSchemaId())
                .put("regenerate_schema_map", diff.regenerateSchemaMap());
        if (diff.readTableFromMeta()) {
            out.put("read_table_from_meta", true);
        }
        Json.putList(out, "affected_options", diff.affected(), SchemaDiffJson::emitAffected);
        return Json.print(out).getBytes(UTF_8);
    }

    private static SchemaDiff.Affected parseAffected(JsonNode item) {
        return new SchemaDiff.Affected(
                Json.number(item, "schema_id"),
                Json.number(item, "table_id"),
                Json.number(item, "old_table_id"),
                Json.number(item, "old_schema_id"));
    }

    private static JsonNode emitAffected(SchemaDiff.Affected item) {
        return Json.object()
                .put("schema_id", item.schemaId())
                .put("table_id", item.tableId())
                .put("old_table_id", item.oldTableId())
                .put("old_schema_id", item.oldSchemaId());
    }
}
