package io.garrick.mergetree;

import io.garrick.codec.schema.TableSchema;
import java.util.Optional;

/** Where the store asks for the newest known schema of a table, when it flushes. Thread-safe. */
@FunctionalInterface
public interface SchemaProvider {
    /** Empty if the table is not known (not yet synced, or dropped): its rows stay unflushed. */
    Optional<TableSchema> byPhysicalId(long physicalTableId);
}
