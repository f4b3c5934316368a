/**
 * The values of the Percolator column families: {@link WriteRecord} and {@link LockRecord}.
 *
 * <p>Bytes in, records out, and back to the same bytes. Nothing here knows what a value means.
 */
@NullMarked
package io.garrick.codec.record;

import org.jspecify.annotations.NullMarked;
