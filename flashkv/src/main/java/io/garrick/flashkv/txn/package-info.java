/**
 * Percolator: transactions over the regions of one store.
 *
 * <p>In: TiKV's key-value requests. Out: their answers, and writes to replicate. Every write reads,
 * decides and writes under the latches of its keys; what is decided is pure code over one {@link
 * io.garrick.flashkv.kv.RegionSnapshot} ({@code Prewrite}, {@code Commit}, {@code Rollback}, {@code
 * TxnStatus}), so that tests need no cluster. Handlers block: each call runs on its own virtual
 * thread. Start at {@link Transactions}.
 *
 * <p>Facts: tikv/tikv {@code src/storage/txn/actions}, {@code src/storage/mvcc}. Not done: async
 * commit and one-phase commit (asked for, the answer says "not possible" and clients fall back),
 * waiting for pessimistic locks and deadlock detection, pipelined transactions.
 */
@NullMarked
package io.garrick.flashkv.txn;

import org.jspecify.annotations.NullMarked;
