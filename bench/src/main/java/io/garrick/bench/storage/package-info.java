/**
 * Benchmarks of the storage engine: files, versions, the way in, the way back after a restart.
 *
 * <p>Each class states its question, its peer and its target in a comment.
 */
@NullMarked
package io.garrick.bench.storage;

import org.jspecify.annotations.NullMarked;
