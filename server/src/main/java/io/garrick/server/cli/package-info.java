/**
 * The commands of {@code garrick}, one class each; they parse, call, and turn failures into one
 * clear line.
 */
@NullMarked
package io.garrick.server.cli;

import org.jspecify.annotations.NullMarked;
