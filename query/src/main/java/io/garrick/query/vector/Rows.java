package io.garrick.query.vector;

import java.util.List;
import org.apache.arrow.vector.FieldVector;

/**
 * A chunk of a batch.
 *
 * @param rows which rows of the vectors; the first {@code count} are meant
 */
// Never compared: the array is the point.
@SuppressWarnings("ArrayRecordComponent")
record Rows(List<FieldVector> vectors, int[] rows, int count) {}
