/**
 * Kills and masks: which version a read timestamp sees.
 *
 * <p>A version begins at its commit ts and ends at the smallest end of all kills against it, never
 * if there is none. Adding a kill can only lower an end, so kills may be added in any order, any
 * number of times, and the result is the same: replay and late arrivals need no special case. Start
 * at {@link KillSet}.
 */
@NullMarked
package io.garrick.mergetree.mvcc;

import org.jspecify.annotations.NullMarked;
