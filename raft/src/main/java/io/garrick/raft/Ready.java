package io.garrick.raft;

import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.HardState;
import io.garrick.proto.eraft.Message;
import io.garrick.proto.eraft.Snapshot;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a driver must now do. Persist first, only then send what depends on it:
 *
 * <ol>
 *   <li>send {@code messages} (they may leave before anything is written),
 *   <li>apply {@code snapshot} to the log, then append {@code entries} (they replace a conflicting
 *       tail), then write {@code hardState}; sync if {@code mustSync},
 *   <li>only after the sync send {@code persistedMessages},
 *   <li>apply {@code committedEntries} (after the snapshot, if any),
 *   <li>answer {@link RaftNode#advanceAppend}; or {@link RaftNode#advanceAppendAsync} once the
 *       entries are readable and {@link RaftNode#onPersistReady} once they are synced. Later {@link
 *       RaftNode#advanceApplyTo}.
 * </ol>
 *
 * @param number grows by one with each Ready
 * @param softState set when leadership changed
 * @param hardState set when term, vote or commit changed
 * @param readStates reads that may run once their index is applied
 * @param entries to append to the log
 * @param snapshot replaces the whole log and state
 * @param committedEntries to apply, in order
 * @param messages to send at once
 * @param persistedMessages to send after this Ready and all before it are synced
 * @param mustSync false when losing this Ready's writes in a crash breaks no promise
 */
public record Ready(
        long number,
        @Nullable SoftState softState,
        @Nullable HardState hardState,
        List<ReadState> readStates,
        List<Entry> entries,
        @Nullable Snapshot snapshot,
        List<Entry> committedEntries,
        List<Message> messages,
        List<Message> persistedMessages,
        boolean mustSync) {
    public Ready {
        readStates = List.copyOf(readStates);
        entries = List.copyOf(entries);
        committedEntries = List.copyOf(committedEntries);
        messages = List.copyOf(messages);
        persistedMessages = List.copyOf(persistedMessages);
    }
}
