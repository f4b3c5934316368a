package io.garrick.learner.peer;

import io.garrick.proto.raftserver.RaftMessage;

/** Where messages for other stores go. Must not block; may drop, as the network does. */
public interface Outbox {
    void send(RaftMessage message);
}
