package io.garrick.raft;

import io.garrick.proto.eraft.Entry;
import io.garrick.proto.eraft.Message;
import java.util.List;
import java.util.OptionalLong;

/**
 * What became possible because a {@link Ready} is persisted. Nothing in it needs a sync.
 *
 * @param commitIndex the commit index if it moved; may be written lazily
 * @param committedEntries to apply, in order
 * @param messages to send at once
 */
public record LightReady(
        OptionalLong commitIndex, List<Entry> committedEntries, List<Message> messages) {
    public LightReady {
        committedEntries = List.copyOf(committedEntries);
        messages = List.copyOf(messages);
    }
}
