package io.garrick.query.write;

import io.garrick.codec.schema.ColumnSchema;
import java.util.Optional;

/** One part of ALTER TABLE. Columns are named; their ids are the writer's to give. */
public sealed interface ColumnChange {
    /** Where a column stands; empty: where it stood, and at the end if it is added. */
    sealed interface Position {
        /** Before all others. */
        record First() implements Position {}

        /** Behind the named column. */
        record After(String column) implements Position {}
    }

    record Add(ColumnSchema column, Optional<Position> position) implements ColumnChange {}

    record Drop(String column) implements ColumnChange {}

    record Rename(String from, String to) implements ColumnChange {}

    /** The column {@code name} as it is from now on, under its name in {@code column}. */
    record Modify(String name, ColumnSchema column, Optional<Position> position)
            implements ColumnChange {}

    /** A new DEFAULT for rows to come, taken from {@code column}. */
    record SetDefault(String name, ColumnSchema column) implements ColumnChange {}
}
