package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.codec.record.LockRecord;
import io.garrick.proto.kvrpc.CheckSecondaryLocksResponse;
import java.util.List;

/**
 * Whether an async-commit transaction is committed: it is if all its locks are down. Where one is
 * missing it can never come again (tikv/tikv {@code
 * src/storage/txn/commands/check_secondary_locks.rs}).
 */
final class SecondaryLocks {
    private SecondaryLocks() {}

    /** All locks; or none of them, and the commit ts, 0 if it is rolled back for good. */
    static CheckSecondaryLocksResponse check(
            MvccReader reader, Changes changes, List<Key> keys, long startTs) {
        CheckSecondaryLocksResponse.Builder response = CheckSecondaryLocksResponse.newBuilder();
        for (Key key : keys) {
            LockRecord held = reader.lock(key).orElse(null);
            if (held instanceof LockRecord.Single lock && lock.startTs() == startTs) {
                if (lock.kind() != LockRecord.Kind.PESSIMISTIC) {
                    response.addLocks(KeyErrors.lockInfo(key, lock));
                    continue;
                }
                changes.removeLock(key);
            }
            return CheckSecondaryLocksResponse.newBuilder()
                    .setCommitTs(fate(reader, changes, key, startTs))
                    .build();
        }
        return response.build();
    }

    private static long fate(MvccReader reader, Changes changes, Key key, long startTs) {
        return switch (reader.txnRecord(key, startTs)) {
            case MvccReader.TxnRecord.Committed(long commitTs) -> commitTs;
            case MvccReader.TxnRecord.RolledBack _ -> 0;
            case MvccReader.TxnRecord.Nothing nothing -> {
                Rollback.missing(reader, changes, key, startTs, Rollback.Trace.PROTECTED, nothing);
                Rollback.collapse(reader, changes, key, startTs);
                yield 0;
            }
        };
    }
}
