/**
 * Percolator: transactions over the regions of one store.
 *
 * <p>In: TiKV's key-value requests. Out: their answers, and writes to replicate. Every write reads,
 * decides and writes under the latches of its keys; what is decided is pure code over one {@link
 * io.garrick.flashkv.kv.RegionSnapshot} ({@code Prewrite}, {@code Commit}, {@code Rollback}, {@code
 * TxnStatus}), so that tests need no cluster. Handlers block: each call runs on its own virtual
 * thread. Start at {@link Transactions}.
 *
 * <p>Transactions that choose their own commit ts (async commit, one-phase commit) are locked in
 * memory, in {@code ConcurrencyManager}, while their locks are on the way; every reader looks there
 * first. Pessimistic requests wait in {@code LockWaits}; the store that leads the first region
 * finds deadlocks for all ({@code DeadlockDetector}).
 *
 * <p>Facts: tikv/tikv {@code src/storage/txn/actions}, {@code src/storage/mvcc}, {@code
 * src/server/lock_manager}. Not done: pipelined transactions (Flush), transaction files, amending a
 * lost pessimistic lock, pessimistic locks held in memory only.
 */
@NullMarked
package io.garrick.flashkv.txn;

import org.jspecify.annotations.NullMarked;
