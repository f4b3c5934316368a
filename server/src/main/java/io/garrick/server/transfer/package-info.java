/**
 * Tables as Parquet files: a consistent snapshot out of a replica, and back into a cluster.
 *
 * <p>An export is a directory of {@code data-N.parquet} and a {@code manifest.json} that is written
 * last ({@link ExportManifest}); without it, the directory is no export.
 */
@NullMarked
package io.garrick.server.transfer;

import org.jspecify.annotations.NullMarked;
