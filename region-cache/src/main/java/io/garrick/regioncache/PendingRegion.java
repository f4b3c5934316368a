package io.garrick.regioncache;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one region wrote but has not committed, and what it committed but no checkpoint has saved.
 *
 * <p>Guarded by its own monitor: the region's apply thread changes it, readers ask for locks, a
 * checkpoint drains it. A whole command is applied inside the monitor, rows before locks, so a
 * reader that finds no lock finds the row.
 */
final class PendingRegion {
    /** {@code saved}: the {@code cache} store has exactly these bytes. */
    static final class Value {
        final byte[] bytes;
        boolean saved;

        Value(byte[] bytes, boolean saved) {
            this.bytes = bytes;
            this.saved = saved;
        }
    }

    /**
     * A write record whose value has not arrived (bulk loads and point-in-time recovery send them
     * in that order).
     */
    static final class Orphan {
        final long commitTs;

        /**
         * The version is there already, by a flush before a crash. Its value comes again, and must
         * not stay; no reader waits for it.
         */
        final boolean known;

        boolean saved;

        Orphan(long commitTs, boolean known, boolean saved) {
            this.commitTs = commitTs;
            this.known = known;
            this.saved = saved;
        }
    }

    private RegionState state;

    /** By encoded key with start ts, as in TiKV's default CF. */
    final Map<Key, Value> values = new HashMap<>();

    final LockTable locks = new LockTable();

    /** By encoded key with start ts. */
    final Map<Key, Orphan> orphans = new HashMap<>();

    /** Keys the {@code cache} store has and this region no longer needs. */
    final Set<Key> staleValues = new HashSet<>();

    final Set<Key> staleLocks = new HashSet<>();
    final Set<Key> staleOrphans = new HashSet<>();

    private List<CommittedRow> unsavedRows = new ArrayList<>();
    private boolean dirty = true;
    private boolean removed;

    PendingRegion(RegionState state) {
        this.state = state;
    }

    synchronized RegionState state() {
        return state;
    }

    synchronized boolean dirty() {
        return dirty;
    }

    /**
     * Applies one command and hands its rows on. Everything of an index at or below the applied one
     * is a replay.
     */
    synchronized void apply(long index, long term, List<CfWrite> writes, CommittedRows sink) {
        if (removed) {
            throw new IllegalStateException("region " + state.regionId() + " was removed");
        }
        if (index <= state.appliedIndex()) {
            return;
        }
        List<CommittedRow> rows = List.of();
        for (CfWrite write : writes) {
            CommittedRow row = apply(index, rows.size(), write, sink);
            if (row != null) {
                if (rows.isEmpty()) {
                    rows = new ArrayList<>();
                }
                rows.add(row);
            }
        }
        if (!rows.isEmpty()) {
            sink.append(rows);
            unsavedRows.addAll(rows);
        }
        // Locks leave after their rows are visible.
        for (CfWrite write : writes) {
            if (write.family() == CfWrite.Family.LOCK) {
                applyLock(write);
            }
        }
        state = state.advanced(index, term);
        dirty = true;
    }

    private @Nullable CommittedRow apply(
            long index, int ordinal, CfWrite write, CommittedRows sink) {
        return switch (write.family()) {
            case DEFAULT -> applyValue(index, ordinal, write);
            case WRITE ->
                    write.op() == CfWrite.Op.PUT ? applyCommit(index, ordinal, write, sink) : null;
            case LOCK -> null;
        };
    }

    private @Nullable CommittedRow applyValue(long index, int ordinal, CfWrite write) {
        Key key = write.key();
        if (write.op() == CfWrite.Op.DELETE) {
            takeValue(key);
            return null;
        }
        Orphan orphan = orphans.remove(key);
        if (orphan == null) {
            values.put(key, new Value(write.value().unsafeBytes(), false));
            return null;
        }
        if (orphan.saved) {
            staleOrphans.add(key);
        }
        Key rawKey = Memcomparable.decode(MvccKey.split(write.key()).encodedKey());
        return row(index, ordinal, rawKey, orphan.commitTs, false, write.value());
    }

    private @Nullable CommittedRow applyCommit(
            long index, int ordinal, CfWrite write, CommittedRows sink) {
        MvccKey split = MvccKey.split(write.key());
        Key encodedKey = split.encodedKey();
        long commitTs = split.ts();
        Key rawKey = Memcomparable.decode(encodedKey);
        return switch (WriteRecord.parse(write.value().unsafeBytes())) {
            // A rewritten record: the commit it repeats was received before (tikv/tikv,
            // components/txn_types/src/write.rs, overlapped rollback).
            case WriteRecord.Put put when put.details().gcFence() != null -> null;
            case WriteRecord.Delete delete when delete.details().gcFence() != null -> null;
            case WriteRecord.Put put -> {
                Key shortValue = put.shortValue();
                if (shortValue != null) {
                    yield row(index, ordinal, rawKey, commitTs, false, shortValue);
                }
                Key valueKey = MvccKey.append(encodedKey, put.startTs());
                Value value = takeValue(valueKey);
                if (value != null) {
                    yield row(index, ordinal, rawKey, commitTs, false, Key.wrap(value.bytes));
                }
                if (TableKeys.isRecordKey(rawKey.unsafeBytes())) {
                    boolean known = sink.hasVersion(rawKey, commitTs);
                    orphans.put(valueKey, new Orphan(commitTs, known, false));
                }
                yield null;
            }
            case WriteRecord.Delete _ -> row(index, ordinal, rawKey, commitTs, true, Key.EMPTY);
            case WriteRecord.Rollback rollback -> {
                takeValue(MvccKey.append(encodedKey, rollback.startTs()));
                yield null;
            }
            case WriteRecord.LockOnly lockOnly -> {
                takeValue(MvccKey.append(encodedKey, lockOnly.startTs()));
                yield null;
            }
        };
    }

    /** Null for keys that hold no row: index and meta keys may share the region. */
    private @Nullable CommittedRow row(
            long index, int ordinal, Key rawKey, long commitTs, boolean delete, Key value) {
        return TableKeys.isRecordKey(rawKey.unsafeBytes())
                ? new CommittedRow(
                        state.regionId(), index, ordinal, rawKey, commitTs, delete, value)
                : null;
    }

    private @Nullable Value takeValue(Key key) {
        Value value = values.remove(key);
        if (value != null && value.saved) {
            staleValues.add(key);
        }
        return value;
    }

    private void applyLock(CfWrite write) {
        Key key = write.key();
        if (write.op() == CfWrite.Op.PUT) {
            locks.put(
                    key,
                    new LockTable.Entry(
                            LockRecord.parse(write.value().unsafeBytes()),
                            write.value().unsafeBytes(),
                            false));
        } else {
            LockTable.Entry previous = locks.remove(key);
            if (previous != null && previous.saved) {
                staleLocks.add(key);
            }
        }
    }

    synchronized Optional<BlockingLock> blockingLock(KeyRange range, long ts, Set<Long> bypass) {
        return locks.blocking(range, ts, bypass);
    }

    /**
     * The smallest commit ts of a row whose value has not arrived: reads at or above it are not
     * ready.
     */
    synchronized Optional<Long> firstOrphanCommitTs() {
        return orphans.values().stream()
                .filter(orphan -> !orphan.known)
                .map(orphan -> orphan.commitTs)
                .min(Long::compare);
    }

    /**
     * Takes the rows that no checkpoint has saved, and the state they belong to. The caller saves
     * both.
     */
    synchronized Drained drain() {
        Drained drained = new Drained(state, unsavedRows);
        unsavedRows = new ArrayList<>();
        dirty = false;
        return drained;
    }

    record Drained(RegionState state, List<CommittedRow> rows) {}

    /** The state becomes {@code next}; entries outside its range are handed to {@code moved}. */
    synchronized void reshape(RegionState next, PendingRegion moved) {
        state = next;
        dirty = true;
        KeyRange range = next.range();
        moveOutside(values, range, moved.values);
        moveOutside(orphans, range, moved.orphans);
        for (Key key : List.copyOf(locks.all().keySet())) {
            if (!range.contains(key)) {
                LockTable.Entry entry = locks.remove(key);
                if (entry != null) {
                    moved.locks.put(key, entry);
                }
            }
        }
    }

    private static <V> void moveOutside(Map<Key, V> from, KeyRange range, Map<Key, V> to) {
        from.entrySet()
                .removeIf(entry -> {
                    if (range.contains(entry.getKey())) {
                        return false;
                    }
                    to.put(entry.getKey(), entry.getValue());
                    return true;
                });
    }

    /** Takes from {@code pool} what lies in this region's range. */
    synchronized void adopt(PendingRegion pool) {
        KeyRange outside = state.range();
        pool.values.entrySet().removeIf(e -> outside.contains(e.getKey()) && add(values, e));
        pool.orphans.entrySet().removeIf(e -> outside.contains(e.getKey()) && add(orphans, e));
        for (Key key : List.copyOf(pool.locks.within(outside).keySet())) {
            LockTable.Entry entry = pool.locks.remove(key);
            if (entry != null) {
                locks.put(key, entry);
            }
        }
        dirty = true;
    }

    private static <V> boolean add(Map<Key, V> to, Map.Entry<Key, V> entry) {
        to.put(entry.getKey(), entry.getValue());
        return true;
    }

    /** Forgets unsaved rows inside the range: a snapshot or a removal has replaced them. */
    synchronized void dropUnsaved(KeyRange encodedRange) {
        unsavedRows.removeIf(row -> encodedRange.contains(Memcomparable.encode(row.rawKey())));
    }

    synchronized void markRemoved() {
        removed = true;
    }

    /** Bytes of pending values. */
    synchronized long pendingBytes() {
        long bytes = 0;
        for (Map.Entry<Key, Value> value : values.entrySet()) {
            bytes += value.getKey().length() + value.getValue().bytes.length;
        }
        return bytes;
    }
}
