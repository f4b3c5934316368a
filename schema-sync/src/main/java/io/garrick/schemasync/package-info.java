/**
 * Follows TiDB's schema: which tables exist, what their columns are, and what changed when.
 *
 * <p>In: TiDB's meta keys, read at a timestamp. Out: immutable {@link SchemaView}s. A view is
 * brought forward by the differences TiDB writes for each schema version, or loaded whole. The last
 * one is kept on disk, so that rows can be decoded after a restart before the cluster answers.
 * Start at {@link SchemaSync}; what each kind of change means stands in {@code Effect}.
 */
@NullMarked
package io.garrick.schemasync;

import org.jspecify.annotations.NullMarked;
