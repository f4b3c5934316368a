/**
 * The immutable description of a table that decoding reads, and the JSON TiDB keeps it in.
 *
 * <p>Start at {@link TableSchema}; {@link TableInfoJson}, {@link DbInfoJson} and {@link
 * SchemaDiffJson} read and write TiDB's documents (TiDB, pkg/meta/model). Missing fields read as
 * zero values, unknown ones are skipped.
 */
@NullMarked
package io.garrick.codec.schema;

import org.jspecify.annotations.NullMarked;
