package io.garrick.flashkv.txn;

import io.garrick.base.Key;
import io.garrick.flashkv.kv.Modify;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.proto.kvrpc.Context;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Read, decide, write, as one step for everybody who writes the same keys. Then whoever waits for a
 * lock that went is woken. Safe for use by many threads; blocks.
 */
final class LatchedWrites {
    /** Bytes being written at once; beyond, the store says that it is busy. */
    private static final long MAX_PENDING_BYTES = 100L << 20;

    private final Regions regions;
    private final ConcurrencyManager concurrency;
    private final LockWaits waits;
    private final Latches latches = new Latches();
    private final AtomicLong pendingBytes = new AtomicLong();

    LatchedWrites(Regions regions, ConcurrencyManager concurrency, LockWaits waits) {
        this.regions = regions;
        this.concurrency = concurrency;
        this.waits = waits;
    }

    interface Decision<T> {
        T decide(MvccReader reader, Changes changes);
    }

    /**
     * @throws Regions.Refusal with the region error to answer
     */
    <T> T update(Context context, Collection<Key> keys, Decision<T> decision) {
        Changes changes = new Changes();
        T result;
        try (Latches.Held _ = latches.acquire(keys)) {
            try {
                long term;
                try (RegionSnapshot snapshot = regions.snapshot(context);
                        MvccReader reader = new MvccReader(snapshot)) {
                    Regions.requireInside(snapshot, keys);
                    term = snapshot.term();
                    result = decision.decide(reader, changes);
                }
                write(context, term, changes);
            } finally {
                concurrency.release(changes.guarded());
            }
        }
        waits.released(changes.released());
        return result;
    }

    private void write(Context context, long term, Changes changes) {
        long sizeBytes = 0;
        for (Modify modify : changes.modifies()) {
            sizeBytes += modify.key().size();
            sizeBytes += modify instanceof Modify.Put put ? put.value().size() : 0;
        }
        try {
            if (pendingBytes.addAndGet(sizeBytes) > MAX_PENDING_BYTES + sizeBytes) {
                throw Regions.busy("too much is being written");
            }
            regions.write(context, term, changes.modifies());
        } finally {
            pendingBytes.addAndGet(-sizeBytes);
        }
    }
}
