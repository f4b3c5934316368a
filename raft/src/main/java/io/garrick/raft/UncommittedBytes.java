package io.garrick.raft;

import io.garrick.proto.eraft.Entry;
import java.util.List;

/** Keeps a leader from taking in more payload than it can commit. */
final class UncommittedBytes {
    private final long limit;
    private long bytes;
    // Entries up to here are from before this leader's term and were never counted.
    private long uncountedUpTo;

    UncommittedBytes(long limit) {
        this.limit = limit;
    }

    void startTerm(long lastIndex) {
        bytes = 0;
        uncountedUpTo = lastIndex;
    }

    /** Entries without payload always fit, and so does anything when nothing is waiting. */
    boolean tryAdd(List<Entry> entries) {
        if (limit == RaftConfig.NO_LIMIT) {
            return true;
        }
        long added = Entries.payloadBytes(entries);
        if (added != 0 && bytes != 0 && bytes + added > limit) {
            return false;
        }
        bytes += added;
        return true;
    }

    void committed(List<Entry> entries) {
        if (limit == RaftConfig.NO_LIMIT) {
            return;
        }
        for (Entry entry : entries) {
            if (entry.getIndex() > uncountedUpTo) {
                bytes -= entry.getData().size();
            }
        }
        bytes = Math.max(bytes, 0);
    }
}
