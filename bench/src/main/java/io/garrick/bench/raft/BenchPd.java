package io.garrick.bench.raft;

import io.garrick.learner.PlacementDriver;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.Store;
import io.garrick.proto.pd.StoreHeartbeatRequest;
import io.garrick.proto.pd.StoreHeartbeatResponse;
import java.util.List;
import java.util.Optional;

/** A PD that knows the leader's store and all regions. */
final class BenchPd implements PlacementDriver {
    private final Store leader;
    private final int regions;

    BenchPd(int leaderPort, int regions) {
        this.regions = regions;
        leader =
                Store.newBuilder()
                        .setId(Layout.LEADER_STORE)
                        .setAddress("127.0.0.1:" + leaderPort)
                        .setVersion("8.5.0")
                        .build();
    }

    @Override
    public long clusterId() {
        return 1;
    }

    @Override
    public boolean isBootstrapped() {
        return true;
    }

    @Override
    public long allocId() {
        return Layout.LEARNER_STORE;
    }

    @Override
    public List<Store> stores() {
        return List.of(leader);
    }

    @Override
    public Optional<Store> store(long storeId) {
        return storeId == leader.getId() ? Optional.of(leader) : Optional.empty();
    }

    @Override
    public void putStore(Store store) {}

    @Override
    public StoreHeartbeatResponse storeHeartbeat(StoreHeartbeatRequest request) {
        return StoreHeartbeatResponse.getDefaultInstance();
    }

    @Override
    public Optional<Region> region(long regionId) {
        return regionId >= 1 && regionId <= regions
                ? Optional.of(Layout.region(regionId))
                : Optional.empty();
    }
}
