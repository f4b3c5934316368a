/**
 * How TiDB orders strings: sort keys and comparison, one algorithm per family of collations.
 *
 * <p>Start at {@link Collation}. Comparing two strings is comparing their sort keys as unsigned
 * bytes. A collation whose weights are not available ends in {@link UnsupportedCollationException},
 * never in another collation's answer.
 */
@NullMarked
package io.garrick.codec.collation;

import org.jspecify.annotations.NullMarked;
