/**
 * From SQL text to an optimized plan. In: text, a catalog. Out: a relational tree whose types are
 * exact, or a one-line error with its position. Pure: nothing here reads data. Start at {@link
 * io.garrick.query.sql.SqlPlanner}; statements that are not queries are told apart by {@link
 * io.garrick.query.sql.Statement}.
 */
@NullMarked
package io.garrick.query.sql;

import org.jspecify.annotations.NullMarked;
