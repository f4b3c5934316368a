/**
 * FlashKV's speed: a cluster in a process of its own, and clients in another. Start at {@link
 * io.garrick.bench.flashkv.FlashKvTransactions}.
 */
@NullMarked
package io.garrick.bench.flashkv;

import org.jspecify.annotations.NullMarked;
