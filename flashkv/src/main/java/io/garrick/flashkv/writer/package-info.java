/**
 * Writes databases, tables and rows as TiDB does, so that a cluster without TiDB has SQL data.
 *
 * <p>In: table definitions and rows as Java values. Out: meta keys, record keys and PD placement
 * rules, all through ordinary transactions of {@link io.garrick.kv.KvClient}. Start at {@link
 * SchemaWriter} for tables, {@link TableWriter} for rows. Secondary indexes are not written:
 * nothing here reads them.
 */
@NullMarked
package io.garrick.flashkv.writer;

import org.jspecify.annotations.NullMarked;
