package io.garrick.raft;

import com.google.protobuf.ByteString;

/**
 * The answer to a read index request: a read started before it was asked may run once {@code index}
 * is applied.
 *
 * @param context the bytes given to {@link RaftNode#readIndex}, possibly rewritten by the leader's
 *     store
 */
public record ReadState(long index, ByteString context) {}
