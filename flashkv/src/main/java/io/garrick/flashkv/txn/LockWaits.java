package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.proto.kvrpc.Deadlock;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Pessimistic transactions that wait for a key's lock to go, the oldest first. Safe for use by many
 * threads; nothing here waits.
 */
final class LockWaits {
    /** When a key is free its oldest waiter tries first; the others so much later. */
    private static final long WAKE_UP_DELAY_MILLIS = 20;

    private static final Executor LATER =
            CompletableFuture.delayedExecutor(
                    WAKE_UP_DELAY_MILLIS, TimeUnit.MILLISECONDS, Thread::startVirtualThread);

    private final Map<Key, TreeSet<Waiter>> byKey = new HashMap<>();
    private long lastNumber;

    /**
     * One waiting request.
     *
     * @param outcome completes empty when it is worth another try, or with the deadlock that the
     *     waiting would be
     */
    record Waiter(
            Key key, long startTs, long number, CompletableFuture<Optional<Deadlock>> outcome) {
        void wake() {
            outcome.complete(Optional.empty());
        }
    }

    /** Called under the key's latch, so that no release falls in between. */
    synchronized Waiter enter(Key key, long startTs) {
        Waiter waiter = new Waiter(key, startTs, ++lastNumber, new CompletableFuture<>());
        byKey.computeIfAbsent(
                        key,
                        _ ->
                                new TreeSet<>(
                                        Comparator.comparingLong(Waiter::startTs)
                                                .thenComparingLong(Waiter::number)))
                .add(waiter);
        return waiter;
    }

    synchronized void leave(Waiter waiter) {
        TreeSet<Waiter> waiters = byKey.get(waiter.key());
        if (waiters != null && waiters.remove(waiter) && waiters.isEmpty()) {
            byKey.remove(waiter.key());
        }
    }

    /** The locks of these keys, or some of their owners, are gone. */
    void released(Collection<Key> keys) {
        for (Key key : keys) {
            List<Waiter> waiters = waiters(key);
            if (waiters.isEmpty()) {
                continue;
            }
            waiters.getFirst().wake();
            if (waiters.size() > 1) {
                List<Waiter> others = waiters.subList(1, waiters.size());
                LATER.execute(() -> others.forEach(Waiter::wake));
            }
        }
    }

    private synchronized List<Waiter> waiters(Key key) {
        TreeSet<Waiter> waiters = byKey.get(key);
        return waiters == null ? List.of() : List.copyOf(waiters);
    }

    synchronized int count() {
        return byKey.values().stream().mapToInt(TreeSet::size).sum();
    }
}
