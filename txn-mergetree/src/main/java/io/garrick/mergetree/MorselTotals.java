package io.garrick.mergetree;

import java.math.BigInteger;
import java.util.List;

/**
 * Sums of a morsel.
 *
 * @param rowCount visible rows
 * @param columns in the order of the scan's columns
 */
public record MorselTotals(long rowCount, List<Column> columns) {
    public MorselTotals {
        columns = List.copyOf(columns);
    }

    /**
     * One column.
     *
     * @param count visible values that are not NULL
     * @param sum of these; of decimals, their unscaled values at the stored scale
     */
    public record Column(long count, BigInteger sum) {}
}
