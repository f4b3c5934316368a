package io.garrick.flashkv.store;

import io.garrick.proto.raftserver.RaftMessage;

/**
 * Carries raft messages to other stores. It may lose them, and drops what it cannot send; messages
 * of one region to one store stay in order. Called by the store's thread.
 */
interface RaftTransport extends AutoCloseable {
    /** May hold the message back until {@link #flush}. */
    void send(RaftMessage message);

    void flush();

    /** Sends a snapshot message with its files; {@code done} is called once, on any thread. */
    void sendSnapshot(RaftMessage message, SnapshotFiles files, SnapshotDone done);

    @Override
    void close();

    /** How sending a snapshot ended. */
    @FunctionalInterface
    interface SnapshotDone {
        void sent(boolean success);
    }
}
