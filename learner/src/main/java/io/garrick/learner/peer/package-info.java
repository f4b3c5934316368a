/**
 * One region's peer, and the store that holds many.
 *
 * <p>In: raft messages, ticks, finished snapshot installations. Out: messages to send, commands to
 * the {@link io.garrick.learner.ApplySink}. Rules are pure and stand alone: {@link MessageRules}
 * (what to do with a message), {@link EpochRules} (is a command still valid), {@link RegionChanges}
 * (what an admin command does to a region), {@link Commands} (bytes to commands). {@link Peer} owns
 * one region on one {@link Worker} thread; {@link Store} routes. Start at {@link Store}.
 */
@NullMarked
package io.garrick.learner.peer;

import org.jspecify.annotations.NullMarked;
