/**
 * The Raft protocol as a pure, deterministic state machine, wire-compatible with raft-rs.
 *
 * <p>In: messages of other peers, ticks, proposals, "this Ready is on disk", "this index is
 * applied". Out: a {@link io.garrick.raft.Ready} that says what to persist, send and apply, in that
 * order. No thread, clock, socket or file lives here, and chance comes in as a RandomGenerator, so
 * the same inputs give the same outputs. One thread at a time may be inside a node. The learner and
 * the voters of the embedded cluster run the same code. Start at {@link io.garrick.raft.RaftNode};
 * the protocol itself is in {@code Raft}, the log in {@code RaftLog}, membership in the {@code
 * member} package, majorities in {@code quorum}.
 */
@NullMarked
package io.garrick.raft;

import org.jspecify.annotations.NullMarked;
