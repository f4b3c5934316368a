/**
 * Words everyone shares, and the doors to the outside.
 *
 * <p>Words: {@link Key}, {@link KeyRange}, {@link Timestamp}. Doors: {@link Disk} for files, {@link
 * OrderedStore} for ordered key-value state; each has a real and a simulated implementation, so
 * that tests decide what a crash loses.
 */
@NullMarked
package io.garrick.base;

import org.jspecify.annotations.NullMarked;
