/**
 * Reads the files of a region snapshot.
 *
 * <p>In: SST files and TiKV's plain lock files. Out: key-value pairs in key order. Start at {@link
 * io.garrick.learner.snapshot.SnapshotCursors}.
 */
@NullMarked
package io.garrick.learner.snapshot;

import org.jspecify.annotations.NullMarked;
