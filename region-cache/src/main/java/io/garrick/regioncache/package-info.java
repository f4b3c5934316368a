/**
 * What each region wrote but has not committed; pairs a prewrite with its commit.
 *
 * <p>In: the CF writes of committed raft commands, in order, region by region. Out: committed rows,
 * through {@link CommittedRows}, each exactly when its write record meets its value; and answers to
 * "which lock blocks this read".
 *
 * <p>State is durable in the {@code cache} store, which has no log of its own: the raft log is its
 * log. A {@link RegionCache#checkpoint checkpoint} writes pending values, locks, rows that no part
 * holds yet (leftovers) and the applied index of every region in one batch, so that the store is
 * always a prefix of what was applied.
 *
 * <p>One thread at a time applies to a region; readers ask for locks from any thread. Start at
 * {@link RegionCache}.
 */
@NullMarked
package io.garrick.regioncache;

import org.jspecify.annotations.NullMarked;
