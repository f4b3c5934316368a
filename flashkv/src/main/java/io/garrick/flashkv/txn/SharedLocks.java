package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.codec.record.LockRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Changes of a lock that several transactions share (tikv/tikv {@code
 * components/txn_types/src/lock.rs}). Owners are pessimistic or only-lock; none writes data.
 */
final class SharedLocks {
    /** No more owners may join: somebody waits for the key to be free. */
    private static final int SHRINK_ONLY = 1;

    private SharedLocks() {}

    static boolean isShrinkOnly(LockRecord.Shared shared) {
        Integer flags = shared.flags();
        return flags != null && (flags & SHRINK_ONLY) != 0;
    }

    static LockRecord.Shared shrinkOnly(LockRecord.Shared shared) {
        Integer flags = shared.flags();
        return new LockRecord.Shared((flags == null ? 0 : flags) | SHRINK_ONLY, shared.locks());
    }

    static Optional<LockRecord.Single> owner(LockRecord.Shared shared, long startTs) {
        return shared.locks().stream().filter(lock -> lock.startTs() == startTs).findFirst();
    }

    /** With {@code lock} in the place of its transaction's, or added; owners in order of start. */
    static LockRecord.Shared with(LockRecord.@Nullable Shared shared, LockRecord.Single lock) {
        List<LockRecord.Single> owners =
                new ArrayList<>(shared == null ? List.of() : shared.locks());
        owners.removeIf(owner -> owner.startTs() == lock.startTs());
        owners.add(lock);
        owners.sort((a, b) -> Long.compareUnsigned(a.startTs(), b.startTs()));
        return new LockRecord.Shared(shared == null ? null : shared.flags(), owners);
    }

    /** Takes one owner out of the key's lock; the last one takes the lock along. */
    static void remove(Changes changes, Key key, LockRecord.Shared shared, long startTs) {
        List<LockRecord.Single> owners =
                shared.locks().stream().filter(lock -> lock.startTs() != startTs).toList();
        if (owners.isEmpty()) {
            changes.removeLock(key);
        } else {
            changes.putLock(key, new LockRecord.Shared(shared.flags(), owners));
            changes.release(key);
        }
    }
}
