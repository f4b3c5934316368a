package io.garrick.server.demo;

import io.garrick.codec.schema.TableSchema;
import java.util.Iterator;
import java.util.List;

/**
 * A table of the demo and where its first rows come from.
 *
 * @param definition without ids that only the cluster gives
 * @param rows the rows of slice {@code i} of {@code n}, one value per column
 */
record DemoTable(TableSchema definition, Rows rows) {
    @FunctionalInterface
    interface Rows {
        Iterator<List<Object>> slice(int index, int count);
    }

    String name() {
        return definition.name();
    }
}
