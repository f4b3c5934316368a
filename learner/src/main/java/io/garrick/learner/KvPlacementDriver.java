package io.garrick.learner;

import io.garrick.kv.PdClient;
import io.garrick.kv.PdException;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.Store;
import io.garrick.proto.pd.StoreHeartbeatRequest;
import io.garrick.proto.pd.StoreHeartbeatResponse;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** PD through the KV client. */
final class KvPlacementDriver implements PlacementDriver {
    private final PdClient pd;

    KvPlacementDriver(PdClient pd) {
        this.pd = pd;
    }

    private static <T> T ask(Supplier<T> call) throws IOException {
        try {
            return call.get();
        } catch (io.garrick.kv.StoreTombstoneException e) {
            StoreTombstoneException gone =
                    new StoreTombstoneException(
                            "PD has removed this store: wipe its data directory to join again");
            gone.initCause(e);
            throw gone;
        } catch (PdException e) {
            throw new IOException(e);
        }
    }

    @Override
    public long clusterId() {
        return pd.clusterId();
    }

    @Override
    public boolean isBootstrapped() throws IOException {
        return ask(pd::isBootstrapped);
    }

    @Override
    public long allocId() throws IOException {
        return ask(pd::allocId);
    }

    @Override
    public List<Store> stores() throws IOException {
        return ask(pd::getAllStores);
    }

    @Override
    public Optional<Store> store(long storeId) throws IOException {
        return ask(() -> pd.getStore(storeId));
    }

    @Override
    public void putStore(Store store) throws IOException {
        ask(() -> {
            pd.putStore(store);
            return store;
        });
    }

    @Override
    public StoreHeartbeatResponse storeHeartbeat(StoreHeartbeatRequest request) throws IOException {
        return ask(() ->
                pd.storeHeartbeat(
                        request.getStats(),
                        request.hasStoreReport() ? request.getStoreReport() : null));
    }

    @Override
    public Optional<Region> region(long regionId) throws IOException {
        return ask(() -> pd.regionById(regionId).map(info -> info.region()));
    }
}
