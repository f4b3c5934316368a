/**
 * Our own vectorized operators: filter, project and hash aggregate over one table's scan. In:
 * masked batches. Out: dense batches, for DuckDB or for the client. An expression that is not
 * understood here is refused when it is compiled, and its part of the plan runs in DuckDB; a number
 * that outgrows 64 bits is found when it happens, and the query starts again in DuckDB. Start at
 * {@link io.garrick.query.vector.LeafProgram}.
 */
@NullMarked
package io.garrick.query.vector;

import org.jspecify.annotations.NullMarked;
