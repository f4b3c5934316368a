/**
 * The stores of FlashKV: many raft groups on one thread per store, with TiKV's wire and disk rules.
 *
 * <p>In: raft messages and snapshots of other stores, writes and reads of the KV service, orders of
 * PD. Out: the same wire a TiKV talks, so that a columnar learner cannot tell the difference. One
 * thread, the store's {@link StoreLoop}, owns every {@link Peer}: it steps them, writes their logs
 * in one batch, sends, and applies. Other threads see a region only through its {@link PeerHandle}.
 * Start at {@link Store}.
 */
@NullMarked
package io.garrick.flashkv.store;

import org.jspecify.annotations.NullMarked;
