package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Local reads that wait: first for a read index, then for apply to reach it. Owned by the store's
 * thread.
 */
final class PendingReads {
    private final long peerId;
    private long nextId;
    private List<Waiter> unasked = new ArrayList<>();
    private final Map<ByteString, Round> asked = new HashMap<>();
    private final List<Ready> ready = new ArrayList<>();

    /** Given null when the read may run, else the error. */
    record Waiter(long deadlineTick, Consumer<io.garrick.proto.error.@Nullable Error> reader) {}

    /** Reads that share one read index. */
    record Round(long askedNanos, List<Waiter> waiters) {}

    private record Ready(long index, List<Waiter> waiters) {}

    PendingReads(long peerId) {
        this.peerId = peerId;
    }

    void add(Waiter waiter) {
        unasked.add(waiter);
    }

    boolean hasUnasked() {
        return !unasked.isEmpty();
    }

    /** Starts a round with all reads that came since the last one; its context identifies it. */
    ByteString ask(long nowNanos) {
        ByteString context =
                ByteString.copyFrom(
                        ByteBuffer.allocate(16).putLong(peerId).putLong(nextId++).array());
        asked.put(context, new Round(nowNanos, unasked));
        unasked = new ArrayList<>();
        return context;
    }

    /** The round answered by this context, null if it is not one of ours or expired. */
    @Nullable Round answered(ByteString context, long index) {
        Round round = asked.remove(context);
        if (round != null) {
            ready.add(new Ready(index, round.waiters()));
        }
        return round;
    }

    boolean hasAsked() {
        return !asked.isEmpty();
    }

    List<Waiter> takeReady(long appliedIndex) {
        if (ready.isEmpty()) {
            return List.of();
        }
        List<Waiter> waiters = new ArrayList<>();
        for (Iterator<Ready> each = ready.iterator(); each.hasNext(); ) {
            Ready one = each.next();
            if (one.index() <= appliedIndex) {
                waiters.addAll(one.waiters());
                each.remove();
            }
        }
        return waiters;
    }

    /** Drops rounds that got no answer; their reads are asked again unless they are too old. */
    void retry(long tick, io.garrick.proto.error.Error tooLate) {
        List<Waiter> all = new ArrayList<>(unasked);
        asked.values().forEach(round -> all.addAll(round.waiters()));
        asked.clear();
        unasked = new ArrayList<>();
        for (Waiter waiter : all) {
            if (waiter.deadlineTick() <= tick) {
                waiter.reader().accept(tooLate);
            } else {
                unasked.add(waiter);
            }
        }
    }

    void abandon(io.garrick.proto.error.Error error) {
        List<Waiter> all = new ArrayList<>(unasked);
        asked.values().forEach(round -> all.addAll(round.waiters()));
        ready.forEach(one -> all.addAll(one.waiters()));
        unasked = new ArrayList<>();
        asked.clear();
        ready.clear();
        all.forEach(waiter -> waiter.reader().accept(error));
    }
}
