package io.garrick.raft;

import com.google.protobuf.ByteString;
import io.garrick.proto.eraft.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads that wait for a round of heartbeats to prove that this leader still leads.
 *
 * <p>The context of the youngest read rides on the heartbeats; once a quorum has echoed it, that
 * read and all older ones are answered.
 */
final class ReadOnlyQueue {
    /** A read request and the commit index when it came in. */
    record Pending(Message request, long index, Set<Long> acks) {}

    private final Map<ByteString, Pending> pending = new LinkedHashMap<>();
    private @Nullable ByteString youngest;

    /** A request whose context is waiting already is the same read asked again. */
    void add(ByteString context, Message request, long index, long self) {
        if (pending.containsKey(context)) {
            return;
        }
        Set<Long> acks = new TreeSet<>();
        acks.add(self);
        pending.put(context, new Pending(request, index, acks));
        youngest = context;
    }

    /** Who has acknowledged this context by now; empty for one that is not waiting. */
    Set<Long> acknowledge(ByteString context, long from) {
        Pending read = pending.get(context);
        if (read == null) {
            return Set.of();
        }
        read.acks().add(from);
        return read.acks();
    }

    /** Takes out this read and all older ones. */
    List<Pending> takeUpTo(ByteString context) {
        List<Pending> taken = new ArrayList<>();
        if (!pending.containsKey(context)) {
            return taken;
        }
        var reads = pending.entrySet().iterator();
        while (reads.hasNext()) {
            Map.Entry<ByteString, Pending> read = reads.next();
            taken.add(read.getValue());
            reads.remove();
            if (read.getKey().equals(context)) {
                break;
            }
        }
        if (pending.isEmpty()) {
            youngest = null;
        }
        return taken;
    }

    /** What heartbeats carry; empty when nobody waits. */
    ByteString heartbeatContext() {
        return youngest == null ? ByteString.EMPTY : youngest;
    }

    int size() {
        return pending.size();
    }

    void clear() {
        pending.clear();
        youngest = null;
    }
}
