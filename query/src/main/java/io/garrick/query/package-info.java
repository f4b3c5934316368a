/**
 * SQL over snapshots of TiDB tables, in process and over Arrow Flight SQL.
 *
 * <p>In: SQL text, and a {@link Replica} that gives timestamps, schemas and column scans. Out:
 * Arrow batches. A statement is parsed and planned by Calcite ({@code .sql}); the plan is cut into
 * parts that run in our own vectorized operators ({@code .vector}) and parts that run in an
 * embedded DuckDB whose leaves are our scans ({@code .duck}); {@code .flight} is the server, {@code
 * .client} a small client. Start at {@link QueryEngine} and {@link QueryServer}.
 */
@NullMarked
package io.garrick.query;

import org.jspecify.annotations.NullMarked;
