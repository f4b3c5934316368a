package io.garrick.query.duck;

import java.util.List;
import org.apache.calcite.plan.RelOptAbstractTable;
import org.apache.calcite.plan.RelOptSchema;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/** A stream that the rendered SQL names like a table. */
final class StreamTable extends RelOptAbstractTable {
    StreamTable(@Nullable RelOptSchema schema, String name, RelDataType row) {
        super(schema, name, row);
    }

    @Override
    public List<String> getQualifiedName() {
        return List.of(name);
    }
}
