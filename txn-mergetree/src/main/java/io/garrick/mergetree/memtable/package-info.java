/**
 * Newest rows: raw, with columns decoded on demand.
 *
 * <p>In: committed rows, by any thread. Out: for each row its raw bytes, and columns, each value
 * decoded at most once, when a read or a flush first needs it. Start at {@link Memtable}.
 */
@NullMarked
package io.garrick.mergetree.memtable;

import org.jspecify.annotations.NullMarked;
