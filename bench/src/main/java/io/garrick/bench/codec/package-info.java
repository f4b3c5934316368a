/**
 * Benchmarks of the codec: raw rows of TiDB into Arrow vectors.
 *
 * <p>Each class states its question, its peer and its target in a comment.
 */
@NullMarked
package io.garrick.bench.codec;

import org.jspecify.annotations.NullMarked;
