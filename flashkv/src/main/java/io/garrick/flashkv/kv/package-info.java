/**
 * The seam between transactions and replication.
 *
 * <p>In: a request's {@code kvrpcpb.Context}. Out: a consistent view of that region's data, or the
 * region error to answer with; and a way to replicate writes. The stores implement {@link
 * RegionKv}; the transaction layer uses it and knows nothing of raft. All keys here are encoded
 * (memcomparable), without the {@code 'z'} prefix. Start at {@link RegionKv}.
 */
@NullMarked
package io.garrick.flashkv.kv;

import org.jspecify.annotations.NullMarked;
