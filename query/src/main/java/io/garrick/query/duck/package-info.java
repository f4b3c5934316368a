/**
 * Parts of a plan that run in an embedded DuckDB. The plan is rendered to DuckDB's SQL; its leaves
 * are our scans, handed over as Arrow C streams. Nothing else in the project touches {@code
 * org.duckdb}. Start at {@link io.garrick.query.duck.DuckDb}.
 */
@NullMarked
package io.garrick.query.duck;

import org.jspecify.annotations.NullMarked;
