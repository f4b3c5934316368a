package io.garrick.sim;

import io.garrick.base.Key;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the leader's store holds of one key, as of the end of the log. */
final class LeaderKey {
    /** A transaction that holds the key. */
    record Pending(long startTs, LockRecord.Kind kind, Key value, long number) {}

    /** A commit whose value the log has not carried yet (point-in-time recovery). */
    record Late(long startTs, long commitTs, Key value, long number) {}

    /** By commit ts, or start ts for a rollback. */
    final NavigableMap<Long, WriteRecord> writes = new TreeMap<>();

    /** By start ts. */
    final NavigableMap<Long, Key> values = new TreeMap<>();

    final Model.Slot history = new Model.Slot();
    @Nullable Pending pending;
    @Nullable Late late;

    /** The next newer version behind a commit; 0 if there is none. */
    long successor(long commitTs) {
        for (Map.Entry<Long, WriteRecord> write : writes.tailMap(commitTs, false).entrySet()) {
            if (isVersion(write.getValue())) {
                return write.getKey();
            }
        }
        return 0;
    }

    static boolean isVersion(WriteRecord record) {
        return record instanceof WriteRecord.Put || record instanceof WriteRecord.Delete;
    }

    /**
     * Collects what no read at or above the safepoint needs.
     *
     * @param forgetFenced leave records with a gc fence behind, as a compaction filter may
     */
    void collect(long safepoint, boolean forgetFenced) {
        if (late != null) {
            return;
        }
        boolean newestSeen = false;
        List<Long> gone = new ArrayList<>();
        for (Map.Entry<Long, WriteRecord> write :
                writes.headMap(safepoint, true).descendingMap().entrySet()) {
            WriteRecord record = write.getValue();
            boolean keep = false;
            if (isVersion(record)) {
                keep =
                        !newestSeen
                                && record instanceof WriteRecord.Put
                                && record.isVisibleBehindFence(safepoint);
                newestSeen |= record.isVisibleBehindFence(safepoint);
                keep |= forgetFenced && fenced(record);
            }
            if (!keep) {
                gone.add(write.getKey());
            }
        }
        for (long ts : gone) {
            WriteRecord record = writes.remove(ts);
            if (record instanceof WriteRecord.Put put) {
                values.remove(put.startTs());
            }
        }
    }

    private static boolean fenced(WriteRecord record) {
        Long fence = record.details().gcFence();
        return fence != null && fence != 0;
    }
}
