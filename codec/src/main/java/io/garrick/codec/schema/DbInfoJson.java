package io.garrick.codec.schema;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;

/** TiDB's description of a database (TiDB, pkg/meta/model/db.go). */
public final class DbInfoJson {
    private DbInfoJson() {}

    public static DbSchema parse(byte[] utf8) {
        JsonNode root = Json.parseObject(utf8);
        return new DbSchema(
                Json.number(root, "id"),
                Json.name(root, "db_name"),
                Json.text(root, "charset"),
                Json.text(root, "collate"),
                Json.state(root, "state"));
    }

    public static byte[] emit(DbSchema db) {
        return Json.print(
                        Json.object()
                                .put("id", db.id())
                                .<com.fasterxml.jackson.databind.node.ObjectNode>set(
                                        "db_name", Json.name(db.name()))
                                .put("charset", db.charset())
                                .put("collate", db.collate())
                                .put("state", db.state().number())
                                .putNull("policy_ref_info"))
                .getBytes(UTF_8);
    }
}
