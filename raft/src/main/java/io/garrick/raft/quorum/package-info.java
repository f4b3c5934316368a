/**
 * Majorities, single and joint: who won a vote, and up to where a majority has the log.
 *
 * <p>In: a set of voters and what each has voted or acknowledged. Out: a verdict. Pure functions
 * over sorted sets. Start at {@link io.garrick.raft.quorum.JointQuorum}.
 */
@NullMarked
package io.garrick.raft.quorum;

import org.jspecify.annotations.NullMarked;
