package io.garrick.flashkv.txn;

import io.garrick.proto.kvrpc.Deadlock;
import io.garrick.proto.kvrpc.WaitForEntry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which transaction waits for which, and whether one more wait would close a circle (tikv/tikv
 * {@code src/server/lock_manager/deadlock.rs}). Time is given in. Guarded by its user.
 *
 * <p>A wait that its store forgot to take back is forgotten here after a while; a circle that is
 * missed by that is found when its members ask again.
 */
final class WaitForGraph {
    static final long TTL_MILLIS = 10_000;

    /** By waiting transaction, then by the one it waits for. */
    private final Map<Long, Map<Long, Edge>> edges = new LinkedHashMap<>();

    private record Edge(WaitForEntry entry, long sinceMillis) {}

    /**
     * Remembers the wait, unless it closes a circle.
     *
     * @return the circle: the entries from the lock that {@code wait} is about back to its own
     *     transaction, in the order of waiting; {@code wait} itself is not among them
     */
    Optional<Deadlock> detect(WaitForEntry wait, long nowMillis) {
        expire(nowMillis);
        Optional<List<WaitForEntry>> circle = path(wait.getWaitForTxn(), wait.getTxn());
        if (circle.isEmpty()) {
            edges.computeIfAbsent(wait.getTxn(), _ -> new LinkedHashMap<>())
                    .put(wait.getWaitForTxn(), new Edge(wait, nowMillis));
            return Optional.empty();
        }
        WaitForEntry last = circle.get().getLast();
        return Optional.of(
                Deadlock.newBuilder()
                        .setLockTs(wait.getWaitForTxn())
                        .setLockKey(wait.getKey())
                        .setDeadlockKeyHash(last.getKeyHash())
                        .setDeadlockKey(last.getKey())
                        .addAllWaitChain(circle.get())
                        .build());
    }

    /** The shortest chain of waits from one transaction to another. */
    private Optional<List<WaitForEntry>> path(long from, long to) {
        record Step(long txn, List<WaitForEntry> way) {}
        Deque<Step> open = new ArrayDeque<>(List.of(new Step(from, List.of())));
        Set<Long> seen = new HashSet<>(Set.of(from));
        while (!open.isEmpty()) {
            Step step = open.remove();
            for (var next : edges.getOrDefault(step.txn(), Map.of()).entrySet()) {
                List<WaitForEntry> way = new ArrayList<>(step.way());
                way.add(next.getValue().entry());
                if (next.getKey() == to) {
                    return Optional.of(way);
                }
                if (seen.add(next.getKey())) {
                    open.add(new Step(next.getKey(), way));
                }
            }
        }
        return Optional.empty();
    }

    void remove(long txn, long waitForTxn) {
        edges.computeIfPresent(
                txn,
                (_, waits) -> {
                    waits.remove(waitForTxn);
                    return waits.isEmpty() ? null : waits;
                });
    }

    void removeAll(long txn) {
        edges.remove(txn);
    }

    List<WaitForEntry> entries() {
        return edges.values().stream()
                .flatMap(waits -> waits.values().stream())
                .map(Edge::entry)
                .toList();
    }

    private void expire(long nowMillis) {
        edges.values()
                .forEach(waits ->
                        waits.values()
                                .removeIf(edge -> nowMillis - edge.sinceMillis() > TTL_MILLIS));
        edges.values().removeIf(Map::isEmpty);
    }
}
