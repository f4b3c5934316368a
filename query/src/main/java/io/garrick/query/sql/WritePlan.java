package io.garrick.query.sql;

import io.garrick.codec.schema.TableSchema;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A statement that writes rows, with names resolved. Columns are offsets into the table's columns;
 * positions are {@code "line 1, column 8: "}.
 */
public sealed interface WritePlan {
    TableSchema table();

    /** What a column gets. */
    sealed interface Cell {
        String position();
    }

    /** A literal: text, number, truth, bytes; null is NULL. */
    record Constant(@Nullable Object value, String position) implements Cell {}

    /** The column's DEFAULT. */
    record Default(String position) implements Cell {}

    /** The value of a column of the plan's query. */
    record Computed(int column, String position) implements Cell {}

    /** A new value for a column. */
    record Assignment(int offset, Cell cell) {}

    /**
     * Rows of expressions.
     *
     * @param offsets the columns that each row gives, in the rows' order
     * @param computed one row with every expression that is not a constant
     */
    record Insert(
            TableSchema table,
            List<Integer> offsets,
            List<List<Cell>> rows,
            Optional<Plan> computed)
            implements WritePlan {}

    /** Rows of a query, one column for each offset. */
    record InsertSelect(TableSchema table, List<Integer> offsets, Plan query, String position)
            implements WritePlan {}

    /**
     * New values for rows that a query finds.
     *
     * @param find the key's columns of each row that changes, then what is computed for it
     */
    record Update(TableSchema table, List<Assignment> assignments, Plan find)
            implements WritePlan {}

    /**
     * Rows that a query finds go.
     *
     * @param find the key's columns of each row that goes
     */
    record Delete(TableSchema table, Plan find) implements WritePlan {}
}
