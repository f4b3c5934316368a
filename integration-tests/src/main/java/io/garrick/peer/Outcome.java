package io.garrick.peer;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.ConfState;
import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Snapshot;
import io.garrick.raft.RaftRole;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link Op} led to.
 *
 * @param effects in order
 * @param text why it was dropped or failed; empty otherwise
 * @param status the peer's state afterwards; null when there is no such peer any more
 */
record Outcome(List<Effect> effects, Result result, String text, @Nullable Status status) {
    enum Result {
        TAKEN,
        /** The peer refused, as it may: no leader, not a member, a transfer in progress. */
        DROPPED,
        /** The peer is broken. */
        FAILED
    }

    /**
     * Where a peer stands.
     *
     * @param last index of the last entry in the log
     */
    record Status(
            long term,
            long vote,
            long leader,
            RaftRole role,
            long commit,
            long applied,
            long first,
            long last) {}

    /** One thing a peer did. */
    sealed interface Effect {
        /** A message for the network, an encoded eraftpb.Message. */
        record Sent(ByteString message) implements Effect {}

        record Installed(Snapshot snapshot) implements Effect {}

        record Applied(Entry entry) implements Effect {}

        /** The entry applied just before changed the configuration to this. */
        record Configured(ConfState conf) implements Effect {}

        record ReadAnswered(long index, ByteString context) implements Effect {}

        /** It has to send a snapshot and has none; {@link Op.Offer} one. */
        record SnapshotWanted() implements Effect {}

        /** An entry in the log. */
        record Stored(Entry entry) implements Effect {}
    }

    Outcome {
        effects = List.copyOf(effects);
    }
}
