/**
 * MySQL's and TiDB's statements that change the schema, parsed by Druid's parser.
 *
 * <p>In: the text of a statement. Out: a {@link io.garrick.query.write.SchemaChange}, checked as
 * far as the statement alone tells. Start at {@link io.garrick.query.ddl.DdlParser}.
 */
@NullMarked
package io.garrick.query.ddl;

import org.jspecify.annotations.NullMarked;
