package io.garrick.codec.schema;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.codec.CodecException;
import java.util.List;

/**
 * TiDB's description of a table (TiDB, pkg/meta/model/table.go, column.go, index.go).
 *
 * <p>What is written back has TiDB's fields in TiDB's order, but only what {@link TableSchema}
 * keeps: auto-increment bases, foreign keys, placement and such return as zero values.
 */
public final class TableInfoJson {
    private static final int TABLE_INFO_VERSION = 5;

    private TableInfoJson() {}

    /** The database's name is not in the document. */
    public static TableSchema parse(String dbName, byte[] utf8) {
        return parse(dbName, utf8, new SharedParts());
    }

    /** Equal parts of tables that are parsed with the same {@code shared} are one object. */
    public static TableSchema parse(String dbName, byte[] utf8, SharedParts shared) {
        JsonNode root = Json.parseObject(utf8);
        TableSchema.Builder table =
                TableSchema.builder(Json.number(root, "id"), dbName, Json.name(root, "name"))
                        .charset(
                                shared.one(Json.text(root, "charset")),
                                shared.one(Json.text(root, "collate")))
                        .parsedColumns(
                                Json.list(
                                        root,
                                        "cols",
                                        column -> shared.one(parseColumn(column, shared))))
                        .state(Json.state(root, "state"))
                        .kind(kindOf(root))
                        .updateTimestamp(Json.number(root, "update_timestamp"))
                        .revision(Json.number(root, "revision"))
                        .comment(Json.text(root, "comment"));
        Json.list(root, "index_info", index -> shared.one(parseIndex(index))).forEach(table::index);
        table.maxIds(Json.number(root, "max_col_id"), Json.number(root, "max_idx_id"));
        if (Json.flag(root, "pk_is_handle")) {
            table.pkIsHandle();
        }
        if (Json.flag(root, "is_common_handle")) {
            table.commonHandle(Json.smallNumber(root, "common_handle_version"));
            checkPrimaryIndex(root);
        }
        if (Json.isPresent(root, "partition")) {
            table.partition(parsePartition(root.path("partition")));
        }
        if (Json.isPresent(root, "tiflash_replica")) {
            JsonNode replica = root.path("tiflash_replica");
            table.replica(Json.smallNumber(replica, "Count"), Json.flag(replica, "Available"));
        }
        return table.build();
    }

    public static byte[] emit(TableSchema table) {
        ObjectNode out = Json.object().put("id", table.logicalId());
        out.set("name", Json.name(table.name()));
        out.put("charset", table.charset()).put("collate", table.collate());
        Json.putList(out, "cols", table.columns(), TableInfoJson::emitColumn);
        Json.putList(out, "index_info", table.indexes(), index -> emitIndex(table, index));
        out.putNull("constraint_info")
                .putNull("fk_info")
                .put("state", table.state().number())
                .put("pk_is_handle", table.pkIsHandle())
                .put("is_common_handle", table.isCommonHandle())
                .put("common_handle_version", table.commonHandleVersion())
                .put("comment", table.comment())
                .put("auto_inc_id", 0)
                .put("auto_id_cache", 0)
                .put("auto_rand_id", 0)
                .put("max_col_id", table.maxColumnId())
                .put("max_idx_id", table.maxIndexId())
                .put("max_fk_id", 0)
                .put("max_cst_id", 0)
                .put("update_timestamp", table.updateTimestamp())
                .put("ShardRowIDBits", 0)
                .put("max_shard_row_id_bits", 0)
                .put("auto_random_bits", 0)
                .put("auto_random_range_bits", 0)
                .put("pre_split_regions", 0);
        if (table.partition() == null) {
            out.putNull("partition");
        } else {
            out.set("partition", emitPartition(table.partition()));
        }
        out.put("compression", "").putNull("view").putNull("sequence").putNull("Lock");
        out.put("version", TABLE_INFO_VERSION);
        if (table.replicaCount() == null) {
            out.putNull("tiflash_replica");
        } else {
            ObjectNode replica = out.putObject("tiflash_replica");
            replica.put("Count", table.replicaCount()).putArray("LocationLabels");
            replica.put("Available", table.replicaAvailable()).putNull("AvailablePartitionIDs");
        }
        out.put("is_columnar", false)
                .put("temp_table_type", 0)
                .put("cache_table_status", 0)
                .putNull("policy_ref_info")
                .putNull("stats_options")
                .putNull("exchange_partition_info")
                .putNull("ttl_info")
                .put("revision", table.revision());
        return Json.print(out).getBytes(UTF_8);
    }

    private static void checkPrimaryIndex(JsonNode root) {
        int columnCount = root.path("cols").size();
        for (JsonNode index : root.path("index_info")) {
            if (Json.flag(index, "is_primary")) {
                for (JsonNode part : index.path("idx_cols")) {
                    long offset = Json.number(part, "offset");
                    if (offset < 0 || offset >= columnCount) {
                        throw new CodecException(0, "primary index has no column " + offset);
                    }
                }
                return;
            }
        }
        throw new CodecException(0, "clustered table without primary index");
    }

    private static ColumnSchema parseColumn(JsonNode node, SharedParts shared) {
        FieldType type = shared.one(parseType(node.path("type"), shared));
        type.complaint()
                .ifPresent(complaint -> {
                    throw new CodecException(
                            0, "column " + Json.name(node, "name") + ": " + complaint);
                });
        return new ColumnSchema(
                Json.number(node, "id"),
                shared.one(Json.name(node, "name")),
                Json.smallNumber(node, "offset"),
                type,
                Json.state(node, "state"),
                Json.literal(node, "origin_default"),
                Json.literal(node, "origin_default_bit"),
                Json.literal(node, "default"),
                Json.literal(node, "default_bit"),
                Json.flag(node, "default_is_expr"),
                Json.text(node, "generated_expr_string"),
                Json.flag(node, "generated_stored"),
                Json.flag(node, "hidden"),
                Json.text(node, "comment"),
                Json.smallNumber(node, "version"));
    }

    private static FieldType parseType(JsonNode node, SharedParts shared) {
        return new FieldType(
                Json.smallNumber(node, "Tp") & 0xff,
                Json.number(node, "Flag"),
                Json.number(node, "Flen"),
                Json.smallNumber(node, "Decimal"),
                shared.one(Json.text(node, "Charset")),
                shared.one(Json.text(node, "Collate")),
                Json.texts(node.path("Elems")),
                Json.flag(node, "Array"));
    }

    private static IndexSchema parseIndex(JsonNode node) {
        return new IndexSchema(
                Json.number(node, "id"),
                Json.name(node, "idx_name"),
                Json.list(
                        node,
                        "idx_cols",
                        part ->
                                new IndexSchema.IndexColumn(
                                        Json.name(part, "name"),
                                        Json.smallNumber(part, "offset"),
                                        Json.smallNumber(part, "length"))),
                Json.state(node, "state"),
                Json.smallNumber(node, "index_type"),
                Json.flag(node, "is_unique"),
                Json.flag(node, "is_primary"),
                Json.flag(node, "is_invisible"),
                Json.flag(node, "is_global"));
    }

    private static PartitionSchema parsePartition(JsonNode node) {
        return new PartitionSchema(
                Json.smallNumber(node, "type"),
                Json.text(node, "expr"),
                Json.list(node, "columns", column -> Json.text(column, "O")),
                Json.flag(node, "enable"),
                Json.list(node, "definitions", TableInfoJson::parseDefinition),
                Json.list(node, "adding_definitions", TableInfoJson::parseDefinition),
                Json.list(node, "dropping_definitions", TableInfoJson::parseDefinition));
    }

    private static PartitionSchema.Definition parseDefinition(JsonNode node) {
        return new PartitionSchema.Definition(
                Json.number(node, "id"),
                Json.name(node, "name"),
                Json.texts(node.path("less_than")),
                Json.list(node, "in_values", Json::texts));
    }

    private static TableSchema.Kind kindOf(JsonNode root) {
        if (Json.isPresent(root, "view")) {
            return TableSchema.Kind.VIEW;
        }
        if (Json.isPresent(root, "sequence")) {
            return TableSchema.Kind.SEQUENCE;
        }
        return Json.number(root, "temp_table_type") != 0
                ? TableSchema.Kind.TEMPORARY
                : TableSchema.Kind.TABLE;
    }

    private static JsonNode emitColumn(ColumnSchema column) {
        ObjectNode out = Json.object().put("id", column.id());
        out.set("name", Json.name(column.name()));
        out.put("offset", column.offset())
                .put("origin_default", column.originDefault())
                .put("origin_default_bit", column.originDefaultBit())
                .put("default", column.defaultValue())
                .put("default_bit", column.defaultBit())
                .put("default_is_expr", column.defaultIsExpression())
                .put("generated_expr_string", column.generatedExpression())
                .put("generated_stored", column.generatedStored())
                .putNull("dependences");
        FieldType type = column.type();
        ObjectNode typeOut =
                out.putObject("type")
                        .put("Tp", type.tp())
                        .put("Flag", type.flag())
                        .put("Flen", type.flen())
                        .put("Decimal", type.decimal())
                        .put("Charset", type.charset())
                        .put("Collate", type.collate());
        Json.putList(typeOut, "Elems", type.elems(), Json::text);
        typeOut.putNull("ElemsIsBinaryLit").put("Array", type.array());
        return out.put("state", column.state().number())
                .put("comment", column.comment())
                .put("hidden", column.hidden())
                .putNull("change_state_info")
                .put("version", column.version());
    }

    private static JsonNode emitIndex(TableSchema table, IndexSchema index) {
        ObjectNode out = Json.object().put("id", index.id());
        out.set("idx_name", Json.name(index.name()));
        out.set("tbl_name", Json.name(table.name()));
        ArrayNode parts = out.putArray("idx_cols");
        for (IndexSchema.IndexColumn part : index.columns()) {
            ObjectNode item = parts.addObject();
            item.set("name", Json.name(part.name()));
            item.put("offset", part.offset()).put("length", part.length());
        }
        return out.put("state", index.state().number())
                .put("backfill_state", 0)
                .put("comment", "")
                .put("index_type", index.kind())
                .put("is_unique", index.unique())
                .put("is_primary", index.primary())
                .put("is_invisible", index.invisible())
                .put("is_global", index.global())
                .put("mv_index", false);
    }

    private static JsonNode emitPartition(PartitionSchema partition) {
        ObjectNode out =
                Json.object().put("type", partition.type()).put("expr", partition.expression());
        Json.putList(out, "columns", partition.columns(), Json::name);
        out.put("enable", partition.enabled());
        emitDefinitions(out, "definitions", partition.definitions());
        emitDefinitions(out, "adding_definitions", partition.adding());
        emitDefinitions(out, "dropping_definitions", partition.dropping());
        return out.putNull("states")
                .put("num", partition.definitions().size())
                .put("ddl_state", 0)
                .put("new_table_id", 0);
    }

    private static void emitDefinitions(
            ObjectNode out, String field, List<PartitionSchema.Definition> definitions) {
        Json.putList(
                out,
                field,
                definitions,
                definition -> {
                    ObjectNode item = Json.object().put("id", definition.id());
                    item.set("name", Json.name(definition.name()));
                    Json.putList(item, "less_than", definition.lessThan(), Json::text);
                    ArrayNode inValues = item.putArray("in_values");
                    definition
                            .inValues()
                            .forEach(values -> {
                                ArrayNode tuple = inValues.addArray();
                                values.forEach(tuple::add);
                            });
                    return item.putNull("policy_ref_info");
                });
    }
}
