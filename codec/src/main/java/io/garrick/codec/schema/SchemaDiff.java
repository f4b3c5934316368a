package io.garrick.codec.schema;

import java.util.List;

/**
 * One step of the schema: what a version changed.
 *
 * @param type TiDB's number of the action
 * @param regenerateSchemaMap discard everything and load all schemas again
 */
public record SchemaDiff(
        long version,
        int type,
        long schemaId,
        long tableId,
        long oldTableId,
        long oldSchemaId,
        boolean regenerateSchemaMap,
        boolean readTableFromMeta,
        List<Integer> subActionTypes,
        List<Affected> affected) {
    /** Another table the same step changed. */
    public record Affected(long schemaId, long tableId, long oldTableId, long oldSchemaId) {}

    public SchemaDiff {
        subActionTypes = List.copyOf(subActionTypes);
        affected = List.copyOf(affected);
    }
}
