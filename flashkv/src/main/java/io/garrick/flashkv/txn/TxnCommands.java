package io.garrick.flashkv.txn;

import io.garrick.proto.kvrpc.GCRequest;
import io.garrick.proto.kvrpc.GCResponse;

/** Everything that answers transactional requests of one store. */
record TxnCommands(
        SnapshotReads reads,
        Percolator percolator,
        PessimisticCommands locks,
        RangeCommands ranges,
        MvccDebug debug,
        VersionGc gc) {
    static TxnCommands over(
            Regions regions,
            ConcurrencyManager concurrency,
            LockWaits waits,
            DeadlockClient deadlocks) {
        LatchedWrites writes = new LatchedWrites(regions, concurrency, waits);
        return new TxnCommands(
                new SnapshotReads(regions, concurrency),
                new Percolator(regions, writes, concurrency),
                new PessimisticCommands(writes, concurrency, waits, deadlocks),
                new RangeCommands(regions),
                new MvccDebug(regions),
                new VersionGc(regions));
    }

    GCResponse collect(GCRequest request) {
        gc.collect(request.getContext(), request.getSafePoint());
        return GCResponse.getDefaultInstance();
    }
}
