package io.garrick.flashkv.txn;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.garrick.base.Key;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.Modify;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a command is going to write, in order. Keys are encoded. */
final class Changes {
    private final List<Modify> modifies = new ArrayList<>();
    private final Map<Key, Optional<LockRecord>> locks = new LinkedHashMap<>();
    private final Set<Key> released = new LinkedHashSet<>();
    private final Set<Key> guarded = new LinkedHashSet<>();

    void putLock(Key key, LockRecord lock) {
        locks.put(key, Optional.of(lock));
        put(Cf.LOCK, key, lock.encode());
    }

    void removeLock(Key key) {
        locks.put(key, Optional.empty());
        released.add(key);
        delete(Cf.LOCK, key);
    }

    /** One owner of a shared lock is gone: who waits for the key may look again. */
    void release(Key key) {
        released.add(key);
    }

    /** Whether this command has changed the key's lock: several owners may share one. */
    boolean touchesLock(Key key) {
        return locks.containsKey(key);
    }

    /** What this command has made of a lock that it touches. */
    Optional<LockRecord> touchedLock(Key key) {
        return locks.getOrDefault(key, Optional.empty());
    }

    void putWrite(Key key, long commitTs, WriteRecord write) {
        put(Cf.WRITE, MvccKey.append(key, commitTs), write.encode());
    }

    void deleteWrite(Key key, long commitTs) {
        delete(Cf.WRITE, MvccKey.append(key, commitTs));
    }

    void putValue(Key key, long startTs, byte[] value) {
        put(Cf.DEFAULT, MvccKey.append(key, startTs), value);
    }

    void deleteValue(Key key, long startTs) {
        delete(Cf.DEFAULT, MvccKey.append(key, startTs));
    }

    void put(Cf cf, Key key, byte[] value) {
        modifies.add(new Modify.Put(cf, bytes(key), UnsafeByteOperations.unsafeWrap(value)));
    }

    void delete(Cf cf, Key key) {
        modifies.add(new Modify.Delete(cf, bytes(key)));
    }

    /** The key is locked in memory until this is applied. */
    void guard(Key key) {
        guarded.add(key);
    }

    List<Modify> modifies() {
        return modifies;
    }

    Set<Key> released() {
        return released;
    }

    Set<Key> guarded() {
        return guarded;
    }

    /** Drops everything; what is guarded stays so until the command ends. */
    void clear() {
        modifies.clear();
        locks.clear();
        released.clear();
    }

    /** Takes over all of {@code other}, after what is here. */
    void add(Changes other) {
        modifies.addAll(other.modifies);
        locks.putAll(other.locks);
        released.addAll(other.released);
        guarded.addAll(other.guarded);
    }

    // Keys never change after they are made.
    static ByteString bytes(Key key) {
        return UnsafeByteOperations.unsafeWrap(key.unsafeBytes());
    }
}
