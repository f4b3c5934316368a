package io.garrick.regioncache;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A column store to test against: all versions in a sorted map, some of them "on disk" behind a
 * fence per region. A crash forgets the others.
 */
final class ModelStore implements CommittedRows, CommittedRows.Fences {
    private record Position(long index, int ordinal) implements Comparable<Position> {
        @Override
        public int compareTo(Position other) {
            return index != other.index
                    ? Long.compare(index, other.index)
                    : Integer.compare(ordinal, other.ordinal);
        }
    }

    private final TreeMap<Key, NavigableMap<Long, CommittedRow>> versions = new TreeMap<>();
    private final TreeMap<Key, NavigableMap<Long, CommittedRow>> durable = new TreeMap<>();
    private final Map<Long, Position> fences = new HashMap<>();
    private final Map<OpId, KeyRange> open = new HashMap<>();
    private final Map<Long, Position> newest = new HashMap<>();

    @Override
    public void append(List<CommittedRow> rows) {
        for (CommittedRow row : rows) {
            Position position = new Position(row.index(), row.ordinal());
            if (!covers(row)) {
                CommittedRow previous =
                        versions.computeIfAbsent(row.rawKey(), _ -> new TreeMap<>())
                                .putIfAbsent(row.commitTs(), row);
                if (previous != null
                        && (previous.regionId() != row.regionId()
                                || previous.index() != row.index()
                                || previous.ordinal() != row.ordinal())) {
                    throw new AssertionError("doubled: " + previous + " and " + row);
                }
                newest.merge(row.regionId(), position, (a, b) -> a.compareTo(b) >= 0 ? a : b);
            }
        }
    }

    @Override
    public boolean covers(CommittedRow row) {
        Position fence = fences.get(row.regionId());
        return fence != null && fence.compareTo(new Position(row.index(), row.ordinal())) >= 0;
    }

    /** Everything appended so far becomes durable. */
    void flush() {
        durable.clear();
        versions.forEach((key, byTs) -> durable.put(key, new TreeMap<>(byTs)));
        fences.putAll(newest);
    }

    /** What the next process finds. */
    void crash() {
        versions.clear();
        newest.clear();
        durable.forEach((key, byTs) -> versions.put(key, new TreeMap<>(byTs)));
    }

    @Override
    public boolean hasVersion(Key rawKey, long commitTs) {
        NavigableMap<Long, CommittedRow> byTs = versions.get(rawKey);
        return byTs != null && byTs.containsKey(commitTs);
    }

    @Override
    public void replaceRange(OpId op, KeyRange encodedRange, Iterator<CommittedRow> rows) {
        boolean repeated = open.containsKey(op);
        clear(versions, encodedRange, repeated);
        if (repeated) {
            return;
        }
        clear(durable, encodedRange, false);
        rows.forEachRemaining(row -> {
            versions.computeIfAbsent(row.rawKey(), _ -> new TreeMap<>()).put(row.commitTs(), row);
            durable.computeIfAbsent(row.rawKey(), _ -> new TreeMap<>()).put(row.commitTs(), row);
        });
        open.put(op, encodedRange);
    }

    /**
     * A repeated operation drops what only memory has, and keeps what the first run made durable.
     */
    private void clear(
            Map<Key, NavigableMap<Long, CommittedRow>> from, KeyRange range, boolean keepDurable) {
        from.entrySet()
                .removeIf(entry -> {
                    if (!range.contains(Memcomparable.encode(entry.getKey()))) {
                        return false;
                    }
                    NavigableMap<Long, CommittedRow> kept = durable.get(entry.getKey());
                    if (keepDurable && kept != null) {
                        entry.getValue().keySet().retainAll(kept.keySet());
                        return entry.getValue().isEmpty();
                    }
                    return true;
                });
    }

    @Override
    public void purgeRange(OpId op, KeyRange encodedRange) {
        clear(versions, encodedRange, false);
        clear(durable, encodedRange, false);
        open.put(op, encodedRange);
    }

    @Override
    public Map<OpId, KeyRange> openOperations() {
        return Map.copyOf(open);
    }

    @Override
    public void closeOperation(OpId op) {
        open.remove(op);
    }

    /** {@code key@ts=value}, sorted; a deletion has no value. */
    List<String> contents() {
        return versions.values().stream()
                .flatMap(byTs -> byTs.values().stream())
                .map(row ->
                        row.rawKey()
                                + "@"
                                + row.commitTs()
                                + (row.delete() ? " deleted" : "=" + row.value()))
                .toList();
    }
}
