/**
 * The binary forms of single values: decimals, packed times, durations, JSON documents, vectors,
 * and self-describing datums.
 */
@NullMarked
package io.garrick.codec.value;

import org.jspecify.annotations.NullMarked;
