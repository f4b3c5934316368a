package io.garrick.flashkv.txn;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.record.LastChange;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.kvrpc.MvccGetByKeyRequest;
import io.garrick.proto.kvrpc.MvccGetByKeyResponse;
import io.garrick.proto.kvrpc.MvccGetByStartTsRequest;
import io.garrick.proto.kvrpc.MvccGetByStartTsResponse;
import io.garrick.proto.kvrpc.MvccInfo;
import io.garrick.proto.kvrpc.MvccLock;
import io.garrick.proto.kvrpc.MvccValue;
import io.garrick.proto.kvrpc.MvccWrite;
import io.garrick.proto.kvrpc.Op;
import java.util.List;
import java.util.Optional;

/** Everything that is kept of a key, for people who look for a mistake. */
final class MvccDebug {
    private final Regions regions;

    MvccDebug(Regions regions) {
        this.regions = regions;
    }

    MvccGetByKeyResponse byKey(MvccGetByKeyRequest request) {
        Key key = RawKeys.encoded(request.getKey());
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                MvccReader reader = new MvccReader(snapshot)) {
            Regions.requireInside(snapshot, List.of(key));
            return MvccGetByKeyResponse.newBuilder().setInfo(info(snapshot, reader, key)).build();
        }
    }

    /** The first key of the region that a transaction wrote or locks. Reads the whole region. */
    MvccGetByStartTsResponse byStartTs(MvccGetByStartTsRequest request) {
        MvccGetByStartTsResponse.Builder response = MvccGetByStartTsResponse.newBuilder();
        try (RegionSnapshot snapshot = regions.snapshot(request.getContext());
                MvccReader reader = new MvccReader(snapshot)) {
            firstKey(snapshot, request.getStartTs())
                    .ifPresent(key ->
                            response.setKey(KeyErrors.raw(key))
                                    .setInfo(info(snapshot, reader, key)));
        }
        return response.build();
    }

    private static Optional<Key> firstKey(RegionSnapshot snapshot, long startTs) {
        Optional<Key> locked = Optional.empty();
        try (RegionSnapshot.Cursor locks = snapshot.cursor(Cf.LOCK, KeyRange.ALL)) {
            for (boolean more = locks.seekToFirst();
                    more && locked.isEmpty();
                    more = locks.next()) {
                if (MvccReader.lockOf(Optional.of(LockRecord.parse(locks.value())), startTs)
                        .isPresent()) {
                    locked = Optional.of(Key.wrap(locks.key()));
                }
            }
        }
        try (RegionSnapshot.Cursor writes = snapshot.cursor(Cf.WRITE, KeyRange.ALL)) {
            for (boolean more = writes.seekToFirst(); more; more = writes.next()) {
                if (WriteRecord.parse(writes.value()).startTs() == startTs) {
                    Key written = MvccKey.split(writes.key()).encodedKey();
                    return locked.isPresent() && locked.get().compareTo(written) < 0
                            ? locked
                            : Optional.of(written);
                }
            }
        }
        return locked;
    }

    private static MvccInfo info(RegionSnapshot snapshot, MvccReader reader, Key key) {
        MvccInfo.Builder info = MvccInfo.newBuilder();
        reader.lock(key).ifPresent(lock -> info.setLock(described(lock)));
        Optional<MvccReader.Found> found = reader.seekWrite(key, -1L);
        while (found.isPresent()) {
            info.addWrites(described(found.get()));
            found = reader.below(key, found.get().commitTs());
        }
        try (RegionSnapshot.Cursor cursor = snapshot.cursor(Cf.DEFAULT, snapshot.range())) {
            for (boolean more = cursor.seek(MvccKey.append(key.unsafeBytes(), -1L));
                    more && MvccReader.isVersionOf(cursor.key(), key);
                    more = cursor.next()) {
                info.addValues(
                        MvccValue.newBuilder()
                                .setStartTs(MvccKey.tsOf(cursor.key()))
                                .setValue(ByteString.copyFrom(cursor.value())));
            }
        }
        return info.build();
    }

    /** Of a shared lock only that it is one: its owners show in a lock scan. */
    private static MvccLock described(LockRecord lock) {
        return switch (lock) {
            case LockRecord.Single single -> described(single);
            case LockRecord.Shared _ -> MvccLock.newBuilder().setType(Op.SharedLock).build();
        };
    }

    private static MvccLock described(LockRecord.Single lock) {
        MvccLock.Builder described =
                MvccLock.newBuilder()
                        .setType(KeyErrors.op(lock.kind()))
                        .setStartTs(lock.startTs())
                        .setPrimary(Changes.bytes(lock.primary()))
                        .setTtl(lock.ttlMillis())
                        .setForUpdateTs(lock.forUpdateTs())
                        .setTxnSize(lock.txnSize())
                        .setUseAsyncCommit(lock.usesAsyncCommit())
                        .addAllRollbackTs(lock.rollbackTs());
        List<Key> secondaries = lock.secondaries();
        if (secondaries != null) {
            secondaries.forEach(key -> described.addSecondaries(Changes.bytes(key)));
        }
        Key shortValue = lock.shortValue();
        if (shortValue != null) {
            described.setShortValue(Changes.bytes(shortValue));
        }
        LastChange lastChange = lock.lastChange();
        if (lastChange != null) {
            described
                    .setLastChangeTs(lastChange.ts())
                    .setVersionsToLastChange(lastChange.versions());
        }
        return described.build();
    }

    private static MvccWrite described(MvccReader.Found found) {
        WriteRecord write = found.write();
        MvccWrite.Builder described =
                MvccWrite.newBuilder()
                        .setType(
                                switch (write) {
                                    case WriteRecord.Put _ -> Op.Put;
                                    case WriteRecord.Delete _ -> Op.Del;
                                    case WriteRecord.LockOnly _ -> Op.Lock;
                                    case WriteRecord.Rollback _ -> Op.Rollback;
                                })
                        .setStartTs(write.startTs())
                        .setCommitTs(found.commitTs())
                        .setHasOverlappedRollback(write.details().overlappedRollback());
        Key shortValue = write.shortValue();
        if (shortValue != null) {
            described.setShortValue(Changes.bytes(shortValue));
        }
        Long gcFence = write.details().gcFence();
        if (gcFence != null) {
            described.setHasGcFence(true).setGcFence(gcFence);
        }
        LastChange lastChange = write.details().lastChange();
        if (lastChange != null) {
            described
                    .setLastChangeTs(lastChange.ts())
                    .setVersionsToLastChange(lastChange.versions());
        }
        return described.build();
    }
}
