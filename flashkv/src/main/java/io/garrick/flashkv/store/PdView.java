package io.garrick.flashkv.store;

import io.garrick.base.Key;
import io.garrick.flashkv.kv.ClusterView;
import io.garrick.kv.PdClient;
import java.util.Optional;
import java.util.OptionalLong;

/** {@link ClusterView} by asking PD each time. */
record PdView(long storeId, PdClient pd) implements ClusterView {
    @Override
    public long timestamp() {
        return pd.timestamp().value();
    }

    @Override
    public long gcSafePoint() {
        return pd.gcSafePoint().value();
    }

    @Override
    public OptionalLong leaderOfFirstRegion() {
        return pd.regionByKey(Key.EMPTY)
                .map(found -> found.leader())
                .map(leader -> OptionalLong.of(leader.getStoreId()))
                .orElse(OptionalLong.empty());
    }

    @Override
    public Optional<String> address(long store) {
        return pd.getStore(store).map(io.garrick.proto.meta.Store::getAddress);
    }
}
