/**
 * Record, index and meta keys, and the order-preserving encodings they are made of.
 *
 * <p>A raw key is TiDB's ({@code t{id}_r{handle}}); an encoded key is {@link Memcomparable} over
 * the raw key, as regions and column families use it; an MVCC key adds a ts ({@link MvccKey}).
 * Start at {@link TableKeys}.
 */
@NullMarked
package io.garrick.codec.key;

import org.jspecify.annotations.NullMarked;
