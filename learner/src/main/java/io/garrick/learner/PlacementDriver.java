package io.garrick.learner;

import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.Store;
import io.garrick.proto.pd.StoreHeartbeatRequest;
import io.garrick.proto.pd.StoreHeartbeatResponse;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * What the learner asks of PD. Calls block and may be made by any thread; a failure that may pass
 * is an {@link IOException} or a gRPC status exception.
 */
public interface PlacementDriver {
    long clusterId() throws IOException;

    boolean isBootstrapped() throws IOException;

    long allocId() throws IOException;

    /** Every store that is not a tombstone. */
    List<Store> stores() throws IOException;

    /** Empty if PD does not know the id. */
    Optional<Store> store(long storeId) throws IOException;

    /**
     * Registers the store, or says what has changed.
     *
     * @throws StoreTombstoneException if PD has removed this store for good
     */
    void putStore(Store store) throws IOException;

    /**
     * Says that the store is alive, and how it is doing.
     *
     * @throws StoreTombstoneException if PD has removed this store for good
     */
    StoreHeartbeatResponse storeHeartbeat(StoreHeartbeatRequest request) throws IOException;

    /** Empty if PD does not know the id. */
    Optional<Region> region(long regionId) throws IOException;
}
