package io.garrick.flashkv.store;

import io.garrick.proto.raftserver.RaftMessage;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Stores of one process. Raft messages between them need no network: they are immutable. Snapshots
 * and all other traffic use it all the same. Safe for many threads.
 */
public final class Neighbours {
    private final Map<Long, Consumer<List<RaftMessage>>> inboxes = new ConcurrentHashMap<>();

    void join(long storeId, Consumer<List<RaftMessage>> inbox) {
        inboxes.put(storeId, inbox);
    }

    void leave(long storeId) {
        inboxes.remove(storeId);
    }

    @Nullable Consumer<List<RaftMessage>> inboxOf(long storeId) {
        return inboxes.get(storeId);
    }
}
