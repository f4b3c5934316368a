package io.garrick.flashkv.txn;

import io.garrick.flashkv.kv.ClusterView;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalLong;

/** A cluster of one store, whose PD gives out timestamps that say nothing. */
final class MemoryCluster implements ClusterView {
    static TxnCommands commands(Regions regions) {
        return TxnCommands.over(
                regions,
                new ConcurrencyManager(() -> 0),
                new LockWaits(),
                new DeadlockClient(new MemoryCluster(), InstantSource.system()));
    }

    @Override
    public long storeId() {
        return 1;
    }

    @Override
    public long timestamp() {
        return 0;
    }

    @Override
    public long gcSafePoint() {
        return 0;
    }

    @Override
    public OptionalLong leaderOfFirstRegion() {
        return OptionalLong.of(1);
    }

    @Override
    public Optional<String> address(long storeId) {
        return Optional.empty();
    }
}
