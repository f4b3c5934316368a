package io.garrick.raft;

import io.garrick.proto.eraft.Entry;
import java.util.List;

/** Sizes of entries. */
final class Entries {
    private Entries() {}

    /**
     * The longest prefix within {@code maxBytes} of serialized size, but at least one entry if
     * there is any.
     */
    static List<Entry> limit(List<Entry> entries, long maxBytes) {
        if (maxBytes == RaftConfig.NO_LIMIT || entries.size() <= 1) {
            return List.copyOf(entries);
        }
        long bytes = 0;
        int count = 0;
        for (Entry entry : entries) {
            bytes += entry.getSerializedSize();
            if (count > 0 && bytes > maxBytes) {
                break;
            }
            count++;
        }
        return List.copyOf(entries.subList(0, count));
    }

    static long payloadBytes(List<Entry> entries) {
        long bytes = 0;
        for (Entry entry : entries) {
            bytes += entry.getData().size();
        }
        return bytes;
    }
}
