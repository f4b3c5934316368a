package io.garrick.regioncache;

import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.record.WriteRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Queue;

/**
 * Joins the write and default streams of a region snapshot into committed rows, key by key, in
 * bounded memory: one key's values at a time.
 *
 * <p>Values that no write record takes belong to transactions in flight; they are left in {@link
 * #values}. After the iteration, {@link #values} and {@link #orphans} are what the region starts
 * with.
 *
 * <p>A rewritten commit record in a snapshot is the only copy there is (unlike in the log): with a
 * fence of another commit ts the row ends there, because its successor may already have been
 * collected.
 */
final class SnapshotMerge implements Iterator<CommittedRow> {
    private final RegionState state;
    private final SnapshotSource.Entries writes;
    private final SnapshotSource.Entries defaults;
    private final long safepoint;
    private boolean hasWrite;
    private boolean hasDefault;

    private byte[] currentKey = new byte[0];
    private Key currentRawKey = Key.EMPTY;
    private boolean currentIsRecord;
    private long newerCommitTs;
    private final Map<Long, byte[]> currentValues = new HashMap<>();
    private final Queue<CommittedRow> ready = new ArrayDeque<>();
    private int ordinal;

    /** By encoded key with start ts. */
    final Map<Key, byte[]> values = new HashMap<>();

    /** By encoded key with start ts; the value is the commit ts. */
    final Map<Key, Long> orphans = new HashMap<>();

    /** The same, of versions that no reader needs. */
    final Map<Key, Long> collectedOrphans = new HashMap<>();

    /**
     * @param safepoint bounds what the sender may have begun to collect
     */
    SnapshotMerge(
            RegionState state,
            SnapshotSource.Entries writes,
            SnapshotSource.Entries defaults,
            long safepoint)
            throws IOException {
        this.safepoint = safepoint;
        this.state = state;
        this.writes = writes;
        this.defaults = defaults;
        this.hasWrite = writes.next();
        this.hasDefault = defaults.next();
    }

    @Override
    public boolean hasNext() {
        try {
            while (ready.isEmpty() && hasWrite) {
                takeWrite();
                hasWrite = writes.next();
            }
            if (ready.isEmpty()) {
                finish();
            }
            return !ready.isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public CommittedRow next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return ready.remove();
    }

    private void takeWrite() throws IOException {
        byte[] encodedKey = encodedKeyOf(writes.key());
        if (!Arrays.equals(encodedKey, currentKey)) {
            startKey(encodedKey);
        }
        long commitTs = MvccKey.tsOf(writes.key());
        switch (WriteRecord.parse(writes.value())) {
            case WriteRecord.Put put -> {
                Key shortValue = put.shortValue();
                byte[] value =
                        shortValue != null
                                ? shortValue.unsafeBytes()
                                : currentValues.remove(put.startTs());
                if (value != null) {
                    fence(commitTs, put.details());
                    emit(commitTs, false, value);
                } else if (put.details().gcFence() == null) {
                    // Should the value come after all, it must not stay in the cache.
                    (mayBeCollected() ? collectedOrphans : orphans)
                            .put(Key.wrap(MvccKey.append(encodedKey, put.startTs())), commitTs);
                }
                newerCommitTs = commitTs;
            }
            case WriteRecord.Delete delete -> {
                fence(commitTs, delete.details());
                emit(commitTs, true, new byte[0]);
                newerCommitTs = commitTs;
            }
            case WriteRecord.Rollback rollback -> currentValues.remove(rollback.startTs());
            case WriteRecord.LockOnly lockOnly -> currentValues.remove(lockOnly.startTs());
        }
    }

    /** A sender removes values before write records; and only of versions that nobody reads. */
    private boolean mayBeCollected() {
        return newerCommitTs != 0 && newerCommitTs <= safepoint;
    }

    private void startKey(byte[] encodedKey) throws IOException {
        leaveValues();
        currentKey = encodedKey;
        currentRawKey = Key.wrap(Memcomparable.decode(encodedKey));
        currentIsRecord = TableKeys.isRecordKey(currentRawKey.unsafeBytes());
        newerCommitTs = 0;
        while (hasDefault) {
            byte[] valueKey = defaults.key();
            int order = Arrays.compareUnsigned(encodedKeyOf(valueKey), encodedKey);
            if (order > 0) {
                return;
            }
            if (order == 0) {
                currentValues.put(MvccKey.tsOf(valueKey), defaults.value());
            } else {
                values.put(Key.wrap(valueKey), defaults.value());
            }
            hasDefault = defaults.next();
        }
    }

    private void finish() throws IOException {
        leaveValues();
        while (hasDefault) {
            values.put(Key.wrap(defaults.key()), defaults.value());
            hasDefault = defaults.next();
        }
    }

    private static byte[] encodedKeyOf(byte[] keyWithTs) {
        return MvccKey.split(keyWithTs).encodedKey().unsafeBytes();
    }

    private void leaveValues() {
        currentValues.forEach((startTs, value) ->
                values.put(Key.wrap(MvccKey.append(currentKey, startTs)), value));
        currentValues.clear();
    }

    /** Ends the version at {@code fence}, unless the successor itself is in the snapshot. */
    private void fence(long commitTs, WriteRecord.Details details) {
        long fence = details.gcFence() == null ? 0 : details.gcFence();
        if (fence > commitTs && (newerCommitTs == 0 || newerCommitTs > fence)) {
            emit(fence, true, new byte[0]);
        }
    }

    private void emit(long commitTs, boolean delete, byte[] value) {
        if (currentIsRecord) {
            ready.add(
                    new CommittedRow(
                            state.regionId(),
                            state.appliedIndex(),
                            ordinal++,
                            currentRawKey,
                            commitTs,
                            delete,
                            Key.wrap(value)));
        }
    }
}
