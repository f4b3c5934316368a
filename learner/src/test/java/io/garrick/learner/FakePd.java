package io.garrick.learner;

import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.Store;
import io.garrick.proto.pd.RecoveryPlan;
import io.garrick.proto.pd.StoreHeartbeatRequest;
import io.garrick.proto.pd.StoreHeartbeatResponse;
import io.garrick.proto.pd.StoreReport;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** A PD in memory: hands out ids, knows stores and regions, counts heartbeats. */
final class FakePd implements PlacementDriver {
    final Map<Long, Store> stores = new ConcurrentHashMap<>();
    final Map<Long, Region> regions = new ConcurrentHashMap<>();
    final AtomicLong nextId = new AtomicLong(1000);
    final AtomicLong heartbeats = new AtomicLong();
    volatile long clusterId = 77;
    volatile boolean tombstone;
    volatile StoreHeartbeatRequest lastHeartbeat = StoreHeartbeatRequest.getDefaultInstance();
    final Queue<RecoveryPlan> plans = new ConcurrentLinkedQueue<>();
    final Queue<StoreReport> reports = new ConcurrentLinkedQueue<>();

    @Override
    public long clusterId() {
        return clusterId;
    }

    @Override
    public boolean isBootstrapped() {
        return true;
    }

    @Override
    public long allocId() {
        return nextId.incrementAndGet();
    }

    @Override
    public List<Store> stores() {
        return List.copyOf(stores.values());
    }

    @Override
    public Optional<Store> store(long storeId) {
        return Optional.ofNullable(stores.get(storeId));
    }

    @Override
    public void putStore(Store store) throws IOException {
        if (tombstone) {
            throw new StoreTombstoneException("removed");
        }
        stores.put(store.getId(), store);
    }

    @Override
    public StoreHeartbeatResponse storeHeartbeat(StoreHeartbeatRequest request) throws IOException {
        heartbeats.incrementAndGet();
        lastHeartbeat = request;
        if (tombstone) {
            throw new StoreTombstoneException("removed");
        }
        if (request.hasStoreReport()) {
            reports.add(request.getStoreReport());
        }
        RecoveryPlan plan = plans.poll();
        return plan == null
                ? StoreHeartbeatResponse.getDefaultInstance()
                : StoreHeartbeatResponse.newBuilder().setRecoveryPlan(plan).build();
    }

    @Override
    public Optional<Region> region(long regionId) {
        return Optional.ofNullable(regions.get(regionId));
    }
}
