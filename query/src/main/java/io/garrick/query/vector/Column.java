package io.garrick.query.vector;

import org.apache.arrow.vector.BaseVariableWidthVector;
import org.jspecify.annotations.Nullable;

/** Values of one expression for the rows of a chunk. A null array of nulls: there are none. */
// Never compared: the arrays are the point.
@SuppressWarnings("ArrayRecordComponent")
sealed interface Column {
    boolean @Nullable [] nulls();

    default boolean isNull(int i) {
        boolean[] nulls = nulls();
        return nulls != null && nulls[i];
    }

    /** Integers, booleans, days, microseconds, and unscaled decimals. */
    record Longs(long[] values, boolean @Nullable [] nulls) implements Column {}

    record Doubles(double[] values, boolean @Nullable [] nulls) implements Column {}

    /** Text i stands in row {@code rows[i]} of the vector. */
    record Texts(BaseVariableWidthVector vector, int[] rows, boolean @Nullable [] nulls)
            implements Column {}

    /** The same text for every row. */
    record ConstantText(byte[] text) implements Column {
        @Override
        public boolean @Nullable [] nulls() {
            return null;
        }
    }
}
