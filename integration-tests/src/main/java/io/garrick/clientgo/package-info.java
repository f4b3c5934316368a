/**
 * FlashKV under TiKV's own Go client, the one that TiDB uses.
 *
 * <p>The cases are a Go program (integration-tests/peers/client-go); here it is built, given a
 * cluster, and judged by its exit code. Start at {@link io.garrick.clientgo.ClientGoPeer}.
 */
@NullMarked
package io.garrick.clientgo;

import org.jspecify.annotations.NullMarked;
