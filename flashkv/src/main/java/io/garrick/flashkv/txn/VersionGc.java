package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.record.WriteRecord;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.kvrpc.Context;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Removes versions that no reader at or above a safe point can see, through the log (tikv/tikv
 * {@code src/storage/txn/actions/gc.rs}). Whoever moves the safe point has resolved all locks at or
 * below it before, as TiDB does: the records removed here are what older locks are resolved by.
 *
 * <p>Blocks; a region error is thrown as {@link Regions.Refusal}.
 */
final class VersionGc {
    /** Records removed per raft command. */
    private static final int BATCH = 512;

    private final Regions regions;

    VersionGc(Regions regions) {
        this.regions = regions;
    }

    /** One region, as it is now. Returns how many records were removed. */
    long collect(Context context, long safePoint) {
        Changes changes = new Changes();
        long removed = 0;
        try (RegionSnapshot snapshot = regions.snapshot(context);
                RegionSnapshot.Cursor writes = snapshot.cursor(Cf.WRITE, KeyRange.ALL)) {
            OneKey key = null;
            for (boolean more = writes.seekToFirst(); more; more = writes.next()) {
                byte[] at = writes.key();
                if (key == null || !MvccReader.isVersionOf(at, key.key)) {
                    finish(key, changes);
                    key = new OneKey(MvccKey.split(at).encodedKey(), safePoint);
                }
                key.add(MvccKey.tsOf(at), WriteRecord.parse(writes.value()), changes);
                if (changes.modifies().size() >= BATCH) {
                    removed += changes.modifies().size();
                    regions.write(context, snapshot.term(), changes.modifies());
                    changes.clear();
                }
            }
            finish(key, changes);
            removed += changes.modifies().size();
            regions.write(context, snapshot.term(), changes.modifies());
        }
        return removed;
    }

    private static void finish(@Nullable OneKey key, Changes changes) {
        if (key != null) {
            key.finish(changes);
        }
    }

    /** One key's records, from the newest down. */
    private static final class OneKey {
        private final Key key;
        private final long safePoint;
        private boolean decided;
        private final List<Long> tombstones = new ArrayList<>();

        OneKey(Key key, long safePoint) {
            this.key = key;
            this.safePoint = safePoint;
        }

        void add(long commitTs, WriteRecord write, Changes changes) {
            if (Long.compareUnsigned(commitTs, safePoint) > 0) {
                return;
            }
            boolean visible = !decided && MvccReader.hasVersion(write);
            if (visible) {
                decided = true;
                switch (write) {
                    case WriteRecord.Delete _ -> tombstones.add(commitTs);
                    case WriteRecord.Put _, WriteRecord.LockOnly _, WriteRecord.Rollback _ -> {}
                }
                return;
            }
            changes.deleteWrite(key, commitTs);
            if (write instanceof WriteRecord.Put && write.shortValue() == null) {
                changes.deleteValue(key, write.startTs());
            }
        }

        /** The delete itself goes last: before, it hides what is still there. */
        void finish(Changes changes) {
            tombstones.forEach(commitTs -> changes.deleteWrite(key, commitTs));
        }
    }
}
