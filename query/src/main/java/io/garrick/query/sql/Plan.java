package io.garrick.query.sql;

import java.util.List;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.rel.RelNode;

/**
 * An optimized query.
 *
 * @param rel without sub-queries and correlations; its leaves are scans of {@link ReplicaTable}s
 * @param schema of the result; names as the statement gives them
 * @param parameters the types of {@code ?}, in order
 */
public record Plan(RelNode rel, Schema schema, Schema parameters) {
    /** Names of the result's columns. */
    public List<String> names() {
        return schema.getFields().stream().map(field -> field.getName()).toList();
    }
}
