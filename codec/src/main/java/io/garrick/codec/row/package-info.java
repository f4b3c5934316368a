/**
 * Row values: formats v1 and v2, one columnar decoder per column type, and a plain decoder that
 * gives Java objects.
 */
@NullMarked
package io.garrick.codec.row;

import org.jspecify.annotations.NullMarked;
