/**
 * FlashKV: a whole TiKV-compatible cluster in one process, with real sockets and real files.
 *
 * <p>A PD and its stores run beside each other and talk as they would across machines, so that
 * clients and columnar learners from outside cannot tell the difference. Start at {@link FlashKv}.
 */
@NullMarked
package io.garrick.flashkv;

import org.jspecify.annotations.NullMarked;
