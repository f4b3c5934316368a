/**
 * Statements that write.
 *
 * <p>In: plans of INSERT, UPDATE, DELETE and schema changes. Out: rows in the form that TiDB
 * stores, given to whoever keeps them: {@link io.garrick.query.write.StatementWriter} is what this
 * module needs of a writer, in its own words. Values are checked and converted as MySQL's strict
 * mode does. Start at {@link io.garrick.query.write.WriteRunner}.
 */
@NullMarked
package io.garrick.query.write;

import org.jspecify.annotations.NullMarked;
