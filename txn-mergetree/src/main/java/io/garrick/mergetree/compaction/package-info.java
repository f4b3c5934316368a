/**
 * Which parts to merge: a pure policy.
 *
 * <p>Scans do not care how many parts there are, but lookups and file counts do; garbage costs
 * space and decoding. Start at {@link CompactionPolicy}.
 */
@NullMarked
package io.garrick.mergetree.compaction;

import org.jspecify.annotations.NullMarked;
