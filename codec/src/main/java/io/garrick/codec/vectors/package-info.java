/**
 * Runs files of encoding facts against this module: {@code ./dev vectors DIR [--emit]}.
 *
 * <p>A file is tab-separated, with a header that names its columns: id, op, hex, expected, origin,
 * source, note. Each op has one answer here; start at {@link VectorRunner}.
 */
@NullMarked
package io.garrick.codec.vectors;

import org.jspecify.annotations.NullMarked;
