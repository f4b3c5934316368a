/**
 * A client of the KV cluster, the same against TiKV and FlashKV.
 *
 * <p>In: raw keys, timestamps. Out: values as of a timestamp, and transactions committed in two
 * phases. {@link PdClient} knows members, stores, regions and time; {@link KvClient} sends each
 * request to the region that holds its keys and answers every region error with a bounded retry;
 * {@link LockResolver} decides the fate of transactions whose locks are in the way. Everything
 * public is safe for many threads, except {@link KvTransaction}, which one thread uses at a time.
 * Calls block; they are meant for virtual threads where parallelism is wanted.
 */
@NullMarked
package io.garrick.kv;

import org.jspecify.annotations.NullMarked;
