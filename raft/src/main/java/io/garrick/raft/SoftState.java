package io.garrick.raft;

/**
 * What a peer believes about leadership; never persisted.
 *
 * @param leaderId the leader's peer id, 0 when none is known
 */
public record SoftState(long leaderId, RaftRole role) {}
