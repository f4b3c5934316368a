/**
 * Region cache, merge tree and apply loop on a simulated machine that crashes, against a naive
 * model.
 *
 * <p>{@link Leader} generates raft logs as TiKV's leaders would; {@link Replica} applies them on
 * simulated disks, with splits, merges, snapshots, removals, garbage collection, flushes,
 * compactions and checkpoints in any order; {@link History} compares every snapshot read with
 * {@link Model}. One seed is one history, and repeats. Start at {@link Sim}.
 */
@NullMarked
package io.garrick.sim;

import org.jspecify.annotations.NullMarked;
