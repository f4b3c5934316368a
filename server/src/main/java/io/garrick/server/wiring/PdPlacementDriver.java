package io.garrick.server.wiring;

import io.garrick.kv.PdClient;
import io.garrick.kv.RegionInfo;
import io.garrick.learner.PlacementDriver;
import io.garrick.learner.StoreTombstoneException;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.Store;
import io.garrick.proto.meta.StoreState;
import io.garrick.proto.pd.StoreHeartbeatRequest;
import io.garrick.proto.pd.StoreHeartbeatResponse;
import java.util.List;
import java.util.Optional;

/** The PD client as the learner sees it. */
record PdPlacementDriver(PdClient pd) implements PlacementDriver {
    @Override
    public long clusterId() {
        return pd.clusterId();
    }

    @Override
    public boolean isBootstrapped() {
        return pd.isBootstrapped();
    }

    @Override
    public long allocId() {
        return pd.allocId();
    }

    @Override
    public List<Store> stores() {
        return pd.getAllStores().stream()
                .filter(store -> store.getState() != StoreState.Tombstone)
                .toList();
    }

    @Override
    public Optional<Store> store(long storeId) {
        return pd.getStore(storeId);
    }

    @Override
    public void putStore(Store store) throws StoreTombstoneException {
        try {
            pd.putStore(store);
        } catch (io.garrick.kv.StoreTombstoneException e) {
            throw tombstone(e);
        }
    }

    @Override
    public StoreHeartbeatResponse storeHeartbeat(StoreHeartbeatRequest request)
            throws StoreTombstoneException {
        try {
            return pd.storeHeartbeat(
                    request.getStats(), request.hasStoreReport() ? request.getStoreReport() : null);
        } catch (io.garrick.kv.StoreTombstoneException e) {
            throw tombstone(e);
        }
    }

    private static StoreTombstoneException tombstone(io.garrick.kv.StoreTombstoneException e) {
        return new StoreTombstoneException(String.valueOf(e.getMessage()));
    }

    @Override
    public Optional<Region> region(long regionId) {
        return pd.regionById(regionId).map(RegionInfo::region);
    }
}
