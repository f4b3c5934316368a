/**
 * Committed rows as columns, with versions.
 *
 * <p>In: committed rows in apply order ({@link CommittedRow}), whole ranges ({@link BulkSource}),
 * purges, and the safepoint. Out: snapshots of one table at a timestamp ({@link Snapshot}), read as
 * column batches with a visibility mask. Nothing is merged on read: every version carries the
 * interval in which it is visible, kept as kills beside immutable part files.
 *
 * <p>Any thread may call. Appends never wait for reads. Start at {@link TableStore}.
 */
@NullMarked
package io.garrick.mergetree;

import org.jspecify.annotations.NullMarked;
