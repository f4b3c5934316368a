/**
 * Table scans as SQL wants them: only visible rows, dense, in the types of {@code SqlTypes}. In:
 * masked batches of the store. Out: Arrow batches owned by the caller. Start at {@link
 * io.garrick.query.scan.Scan}.
 */
@NullMarked
package io.garrick.query.scan;

import org.jspecify.annotations.NullMarked;
