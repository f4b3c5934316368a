/**
 * Who belongs to a group, how membership changes, and how far a leader knows each member to be.
 *
 * <p>In: conf changes, acknowledgements, votes. Out: the next configuration, what may be sent to
 * whom, quorum verdicts. Pure and owned by the node's thread. Start at {@link
 * io.garrick.raft.member.Members}.
 */
@NullMarked
package io.garrick.raft.member;

import org.jspecify.annotations.NullMarked;
