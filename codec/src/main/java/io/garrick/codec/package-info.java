/**
 * TiDB bytes in, Arrow columns out.
 *
 * <p>In: keys, row values and Percolator records as TiKV stores them, and table descriptions as
 * TiDB writes them. Out: Java values or Arrow vectors. Nothing here blocks, locks or keeps state.
 *
 * <p>Rooms: {@code key} (record, index and meta keys), {@code record} (write and lock column
 * families), {@code schema} (the immutable table description), {@code datum} (self-describing
 * values), {@code row} (row formats and column decoders), {@code collation} (sort keys). Every
 * reader checks a length before it allocates; wrong bytes end in {@link CodecException}.
 */
@NullMarked
package io.garrick.codec;

import org.jspecify.annotations.NullMarked;
