/**
 * A store attached to PD: follows the raft log of every region placed here, without a vote.
 *
 * <p>In: raft messages and snapshots from TiKV, the answers of PD. Out: committed commands in order
 * to an {@link ApplySink}, and permission to read through a {@link ReadGate}. The server implements
 * the sink; nothing here knows rows or columns. Start at {@link Learner}.
 *
 * <p>Rooms: {@code peer} holds one region's raft log, apply loop and the store-level routing;
 * {@code transport} holds gRPC in and out; {@code snapshot} reads snapshot files.
 */
@NullMarked
package io.garrick.learner;

import org.jspecify.annotations.NullMarked;
