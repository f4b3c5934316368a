package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.record.LockRecord;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.flashkv.kv.RegionSnapshot.Cursor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Walks the keys of an encoded range, in either direction, that have a write record or a lock; the
 * two families are merged as if they were one list of keys. The caller reads each key.
 */
final class Scanner implements AutoCloseable {
    enum Direction {
        FORWARD,
        REVERSE
    }

    /** Versions stepped over one by one before seeking past the rest of a key. */
    private static final int NEXT_LIMIT = 8;

    private final Cursor writes;
    private final Cursor locks;
    private final Direction direction;
    private @Nullable Key writeKey;
    private @Nullable Key lockKey;
    private boolean started;

    Scanner(RegionSnapshot snapshot, KeyRange range, Direction direction) {
        this.writes = snapshot.cursor(Cf.WRITE, range);
        this.locks = snapshot.cursor(Cf.LOCK, range);
        this.direction = direction;
    }

    /** A key, and its lock if it has one. */
    record Entry(Key key, Optional<LockRecord> lock) {}

    /** Null at the end of the range. */
    @Nullable Entry next() {
        if (!started) {
            started = true;
            boolean forward = direction == Direction.FORWARD;
            writeKey = userKey(forward ? writes.seekToFirst() : writes.seekToLast());
            lockKey = lockKey(forward ? locks.seekToFirst() : locks.seekToLast());
        }
        Key write = writeKey;
        Key lock = lockKey;
        if (write == null && lock == null) {
            return null;
        }
        boolean takeLock = lock != null && (write == null || compare(lock, write) <= 0);
        boolean takeWrite = write != null && (lock == null || compare(write, lock) <= 0);
        Optional<LockRecord> found = Optional.empty();
        if (takeLock) {
            found = Optional.of(LockRecord.parse(locks.value()));
            lockKey = lockKey(direction == Direction.FORWARD ? locks.next() : locks.prev());
        }
        if (takeWrite && write != null) {
            writeKey =
                    userKey(direction == Direction.FORWARD ? leave(write) : leaveBackwards(write));
            return new Entry(write, found);
        }
        if (lock == null) {
            throw new IllegalStateException("neither a lock nor a write");
        }
        return new Entry(lock, found);
    }

    private int compare(Key a, Key b) {
        return direction == Direction.FORWARD ? a.compareTo(b) : b.compareTo(a);
    }

    private boolean leave(Key key) {
        for (int i = 0; i < NEXT_LIMIT; i++) {
            if (!writes.next() || !MvccReader.isVersionOf(writes.key(), key)) {
                return writes.valid();
            }
        }
        // Ts 0 sorts last among the versions of a key, and nothing is ever written at it.
        return writes.seek(MvccKey.append(key.unsafeBytes(), 0));
    }

    private boolean leaveBackwards(Key key) {
        for (int i = 0; i < NEXT_LIMIT; i++) {
            if (!writes.prev() || !MvccReader.isVersionOf(writes.key(), key)) {
                return writes.valid();
            }
        }
        // The ts of all ones sorts first, and nothing is ever written at it.
        return writes.seekForPrev(MvccKey.append(key.unsafeBytes(), -1L));
    }

    private @Nullable Key userKey(boolean valid) {
        return valid ? MvccKey.split(writes.key()).encodedKey() : null;
    }

    private @Nullable Key lockKey(boolean valid) {
        return valid ? Key.wrap(locks.key()) : null;
    }

    @Override
    public void close() {
        locks.close();
        writes.close();
    }
}
