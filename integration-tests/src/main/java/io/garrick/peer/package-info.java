/**
 * Our raft core and raft-rs in one group, over a real socket.
 *
 * <p>A Rust process (integration-tests/peers/raft-rs) hosts the peers that run raft-rs; ours run
 * here. {@link io.garrick.peer.World} owns time, network, disks and chance, so that a seed repeats
 * a run: the Rust process moves only when told, and every message is an encoded eraftpb message
 * that the world may lose, double, delay or overtake. {@link io.garrick.peer.Ledger} judges what
 * both kinds of peers did. One thread drives a world and its process. Start at {@link
 * io.garrick.peer.RaftRsPeer}.
 */
@NullMarked
package io.garrick.peer;

import org.jspecify.annotations.NullMarked;
