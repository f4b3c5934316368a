package io.garrick.regioncache;

import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Commands as a TiKV leader would log them: prewrites, commits, rollbacks, one-phase commits; and
 * what they mean.
 */
final class RegionLog {
    static final long TABLE = 77;

    private record Pending(long handle, long startTs, boolean delete, Key value) {}

    private final RandomGenerator random;
    private final Map<Long, Pending> locked = new HashMap<>();

    /**
     * Handle, commit ts and value of everything committed, as {@link ModelStore#contents} spells
     * it.
     */
    final List<String> committed = new ArrayList<>();

    private long ts = 100;

    RegionLog(RandomGenerator random) {
        this.random = random;
    }

    static Key rawKey(long handle) {
        return TableKeys.recordKey(TABLE, handle);
    }

    static Key encodedKey(long handle) {
        return Memcomparable.encode(rawKey(handle));
    }

    /** The next command over handles in {@code [from, to)}. */
    List<CfWrite> next(long from, long to) {
        long handle = random.nextLong(from, to);
        Pending pending = locked.get(handle);
        if (pending == null) {
            return random.nextInt(5) == 0 ? onePhase(handle) : prewrite(handle);
        }
        return random.nextInt(4) == 0 ? rollback(pending) : commit(pending);
    }

    private Key value() {
        // Above 255 bytes a value travels in the default family.
        byte[] bytes = new byte[random.nextBoolean() ? 8 : 300];
        random.nextBytes(bytes);
        return Key.wrap(bytes);
    }

    private static boolean isShort(Key value) {
        return value.length() <= WriteRecord.LONGEST_SHORT_VALUE;
    }

    private List<CfWrite> prewrite(long handle) {
        boolean delete = random.nextInt(5) == 0;
        Pending pending = new Pending(handle, ts++, delete, delete ? Key.EMPTY : value());
        locked.put(handle, pending);
        List<CfWrite> writes = new ArrayList<>();
        LockRecord.Single lock =
                LockRecord.Single.of(
                        delete ? LockRecord.Kind.DELETE : LockRecord.Kind.PUT,
                        rawKey(handle),
                        pending.startTs,
                        3000);
        if (!delete && isShort(pending.value)) {
            lock = lock.withShortValue(pending.value);
        } else if (!delete) {
            writes.add(
                    put(
                            CfWrite.Family.DEFAULT,
                            MvccKey.append(encodedKey(handle), pending.startTs),
                            pending.value));
        }
        writes.add(put(CfWrite.Family.LOCK, encodedKey(handle), Key.wrap(lock.encode())));
        return writes;
    }

    private List<CfWrite> commit(Pending pending) {
        locked.remove(pending.handle);
        long commitTs = ts++;
        return List.of(
                write(pending, commitTs),
                new CfWrite(
                        CfWrite.Family.LOCK,
                        CfWrite.Op.DELETE,
                        encodedKey(pending.handle),
                        Key.EMPTY));
    }

    private CfWrite write(Pending pending, long commitTs) {
        WriteRecord record;
        if (pending.delete) {
            record = new WriteRecord.Delete(pending.startTs);
            committed.add(rawKey(pending.handle) + "@" + commitTs + " deleted");
        } else {
            record =
                    isShort(pending.value)
                            ? new WriteRecord.Put(pending.startTs, pending.value)
                            : new WriteRecord.Put(pending.startTs);
            committed.add(rawKey(pending.handle) + "@" + commitTs + "=" + pending.value);
        }
        return put(
                CfWrite.Family.WRITE,
                MvccKey.append(encodedKey(pending.handle), commitTs),
                Key.wrap(record.encode()));
    }

    private List<CfWrite> onePhase(long handle) {
        Pending pending = new Pending(handle, ts++, false, value());
        CfWrite write = write(pending, ts++);
        return isShort(pending.value)
                ? List.of(write)
                : List.of(
                        put(
                                CfWrite.Family.DEFAULT,
                                MvccKey.append(encodedKey(handle), pending.startTs),
                                pending.value),
                        write);
    }

    private List<CfWrite> rollback(Pending pending) {
        locked.remove(pending.handle);
        List<CfWrite> writes = new ArrayList<>();
        if (!pending.delete && !isShort(pending.value)) {
            writes.add(
                    new CfWrite(
                            CfWrite.Family.DEFAULT,
                            CfWrite.Op.DELETE,
                            MvccKey.append(encodedKey(pending.handle), pending.startTs),
                            Key.EMPTY));
        }
        writes.add(
                put(
                        CfWrite.Family.WRITE,
                        MvccKey.append(encodedKey(pending.handle), pending.startTs),
                        Key.wrap(new WriteRecord.Rollback(pending.startTs).encode())));
        writes.add(
                new CfWrite(
                        CfWrite.Family.LOCK,
                        CfWrite.Op.DELETE,
                        encodedKey(pending.handle),
                        Key.EMPTY));
        return writes;
    }

    /** Handles that are locked now. */
    List<Long> lockedHandles() {
        return locked.keySet().stream().sorted().toList();
    }

    long nextTs() {
        return ts;
    }

    static CfWrite put(CfWrite.Family family, Key key, Key value) {
        return new CfWrite(family, CfWrite.Op.PUT, key, value);
    }
}
