package io.garrick.kv;

import io.garrick.proto.meta.Store;
import io.garrick.proto.meta.StoreState;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/** Where each store listens, and which of them did not answer lately. */
final class Stores implements AutoCloseable {
    // Long enough to try the other peers first, short enough to come back soon.
    private static final long AVOID_NANOS = 2_000_000_000L;

    private final PdClient pd;
    private final Channels channels;
    private final Map<Long, Client> clients = new ConcurrentHashMap<>();
    private final Map<String, BatchedCalls> batches = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(
                    1, Thread.ofPlatform().daemon().name("kv-client-deadlines").factory());
    private final Map<Long, Long> failedAtNanos = new ConcurrentHashMap<>();

    private record Client(String address, TikvGrpc.TikvBlockingStub stub) {}

    Stores(PdClient pd) {
        this.pd = pd;
        this.channels = new Channels(pd.tls());
        timer.setRemoveOnCancelPolicy(true);
    }

    /** Empty if PD does not know the store or it was removed. */
    Optional<TikvGrpc.TikvBlockingStub> stub(long storeId) {
        Client client = clients.get(storeId);
        if (client == null) {
            Optional<Store> store = pd.getStore(storeId);
            if (store.isEmpty() || store.get().getState() == StoreState.Tombstone) {
                return Optional.empty();
            }
            String address = store.get().getAddress();
            client = new Client(address, TikvGrpc.newBlockingStub(batched(address)));
            clients.put(storeId, client);
        }
        return Optional.of(client.stub());
    }

    private Channel batched(String address) {
        ManagedChannel channel = channels.to(address);
        return ClientInterceptors.intercept(
                channel, batches.computeIfAbsent(address, _ -> new BatchedCalls(channel, timer)));
    }

    /** Its address is looked up again, and for a while other peers are preferred. */
    void failed(long storeId) {
        failedAtNanos.put(storeId, System.nanoTime());
        forget(storeId);
    }

    void forget(long storeId) {
        Client client = clients.remove(storeId);
        if (client != null) {
            channels.wake(client.address());
        }
    }

    boolean reachable(long storeId) {
        Long failedAt = failedAtNanos.get(storeId);
        if (failedAt == null) {
            return true;
        }
        if (System.nanoTime() - failedAt < AVOID_NANOS) {
            return false;
        }
        failedAtNanos.remove(storeId, failedAt);
        return true;
    }

    @Override
    public void close() {
        channels.close();
        timer.shutdownNow();
    }
}
