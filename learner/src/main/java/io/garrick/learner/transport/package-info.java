/**
 * gRPC to and from the other stores.
 *
 * <p>In: raft messages, snapshot streams and small questions from TiKV and TiDB ({@link
 * io.garrick.learner.transport.RaftServer}). Out: one BatchRaft stream per store ({@link
 * io.garrick.learner.transport.RaftClient}); answers to raft messages travel there, never back on
 * the incoming stream.
 */
@NullMarked
package io.garrick.learner.transport;

import org.jspecify.annotations.NullMarked;
