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
import java.util.List;

/** What a command is going to write, in order. Keys are encoded. */
final class Changes {
    private final List<Modify> modifies = new ArrayList<>();

    void putLock(Key key, LockRecord.Single lock) {
        put(Cf.LOCK, key, lock.encode());
    }

    void removeLock(Key key) {
        delete(Cf.LOCK, key);
    }

    void putWrite(Key key, long commitTs, WriteRecord write) {
        put(Cf.WRITE, MvccKey.append(key, commitTs), write.encode());
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

    List<Modify> modifies() {
        return modifies;
    }

    // Keys never change after they are made.
    static ByteString bytes(Key key) {
        return UnsafeByteOperations.unsafeWrap(key.unsafeBytes());
    }
}
