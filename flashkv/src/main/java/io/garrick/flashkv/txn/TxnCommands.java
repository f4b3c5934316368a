package io.garrick.flashkv.txn;

/** Everything that answers transactional requests of one store. */
record TxnCommands(
        SnapshotReads reads,
        Percolator percolator,
        PessimisticCommands locks,
        RangeCommands ranges,
        MvccDebug debug) {
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
                new MvccDebug(regions));
    }
}
