package io.garrick.learner.peer;

import io.garrick.base.KeyRange;
import io.garrick.learner.ReadOutcome;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.raft.ReadState;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The reads that wait for one region: first for the leader's answer, then for apply.
 *
 * <p>A request is repeated under its id after some ticks, because a leader that has not committed
 * in its term stays silent, and so does a sleeping one. Owned by the region's worker.
 */
final class PeerReads {
    /** TiKV's raft-read-index-retry-interval-ticks. */
    private static final long RETRY_TICKS = 4;

    /** What a read needs of its peer. */
    interface Host {
        boolean knowsLeader();

        void askLeader(UUID id, long ts, KeyRange range);

        void wakeUp();

        long appliedIndex();

        /** A reason why the range cannot be read here, if there is one. */
        Optional<String> unreadable(KeyRange range);

        Optional<LockInfo> blockingLock(KeyRange range, long ts, Set<Long> bypass);

        ReadOutcome ready();
    }

    /**
     * Asks to read a part of one region.
     *
     * @param answer completed by the peer, or by the asker when it has waited long enough
     */
    record Request(
            long ts, KeyRange range, Set<Long> bypass, CompletableFuture<ReadOutcome> answer) {}

    private static final class Pending {
        final Request request;
        long askedTick;
        @Nullable Long readIndex;

        Pending(Request request) {
            this.request = request;
        }
    }

    private final Host host;
    private final Map<UUID, Pending> pending = new LinkedHashMap<>();

    PeerReads(Host host) {
        this.host = host;
    }

    void add(Request request, long tick) {
        Optional<String> reason = host.unreadable(request.range);
        if (reason.isPresent()) {
            request.answer.complete(new ReadOutcome.NotReady(reason.get()));
            return;
        }
        Pending read = new Pending(request);
        UUID id = UUID.randomUUID();
        pending.put(id, read);
        ask(id, read, tick);
    }

    private void ask(UUID id, Pending read, long tick) {
        read.askedTick = tick;
        if (host.knowsLeader()) {
            host.askLeader(id, read.request.ts, read.request.range);
        } else {
            host.wakeUp();
        }
    }

    /** A leader has become known: those who had nobody to ask, ask now. */
    void onLeader(long tick) {
        pending.forEach((id, read) -> {
            if (read.readIndex == null) {
                ask(id, read, tick);
            }
        });
    }

    void onTick(long tick) {
        pending.values().removeIf(read -> read.request.answer.isDone());
        pending.forEach((id, read) -> {
            if (read.readIndex == null && tick - read.askedTick >= RETRY_TICKS) {
                // The leader that is known may be gone, and the others asleep.
                host.wakeUp();
                ask(id, read, tick);
            }
        });
    }

    void onReadState(ReadState state) {
        ReadContext context = ReadContext.parse(state.context()).orElse(null);
        if (context == null) {
            return;
        }
        Pending read = pending.get(context.id());
        // Answers to a repeated question come twice.
        if (read == null || read.readIndex != null) {
            return;
        }
        Optional<LockInfo> locked =
                context.locked().filter(lock -> !bypassed(read.request, lock.getLockVersion()));
        if (locked.isPresent()) {
            pending.remove(context.id());
            read.request.answer.complete(new ReadOutcome.Locked(List.of(locked.get())));
            return;
        }
        read.readIndex = state.index();
        onApplied();
    }

    private static boolean bypassed(Request request, long startTs) {
        return request.bypass.contains(startTs);
    }

    void onApplied() {
        Iterator<Pending> reads = pending.values().iterator();
        while (reads.hasNext()) {
            Pending read = reads.next();
            if (read.readIndex != null && read.readIndex <= host.appliedIndex()) {
                reads.remove();
                read.request.answer.complete(outcome(read.request));
            }
        }
    }

    private ReadOutcome outcome(Request request) {
        Optional<String> reason = host.unreadable(request.range);
        if (reason.isPresent()) {
            return new ReadOutcome.NotReady(reason.get());
        }
        Optional<LockInfo> lock = host.blockingLock(request.range, request.ts, request.bypass);
        if (lock.isPresent()) {
            return new ReadOutcome.Locked(List.of(lock.get()));
        }
        return host.ready();
    }

    void failAll(String reason) {
        pending.values()
                .forEach(read -> read.request.answer.complete(new ReadOutcome.NotReady(reason)));
        pending.clear();
    }

    boolean isEmpty() {
        return pending.isEmpty();
    }
}
