/** Index keys and index values; a columnar replica only needs to recognise and show them. */
@NullMarked
package io.garrick.codec.index;

import org.jspecify.annotations.NullMarked;
