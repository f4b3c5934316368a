package io.garrick.query.sql;

import io.garrick.query.QueryException;
import io.garrick.query.QueryException.Kind;
import java.util.List;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.util.SqlShuttle;
import org.jspecify.annotations.Nullable;

/** Puts values in the place of {@code ?} before validation, so that a plan sees constants. */
final class Parameters {
    private Parameters() {}

    static SqlNode bind(SqlNode statement, List<SqlNode> values) {
        SqlNode bound =
                statement.accept(
                        new SqlShuttle() {
                            @Override
                            public @Nullable SqlNode visit(SqlDynamicParam mark) {
                                if (mark.getIndex() >= values.size()) {
                                    throw new QueryException(
                                            Kind.INVALID,
                                            "parameter " + (mark.getIndex() + 1) + " has no value");
                                }
                                return values.get(mark.getIndex());
                            }
                        });
        if (bound == null) {
            throw new IllegalStateException("a statement vanished while parameters were bound");
        }
        return bound;
    }
}
