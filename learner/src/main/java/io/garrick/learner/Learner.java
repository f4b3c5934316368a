package io.garrick.learner;

import io.garrick.base.OrderedStore;
import io.garrick.kv.PdClient;
import io.garrick.learner.peer.Store;
import io.garrick.learner.snapshot.SnapshotStore;
import io.garrick.learner.transport.RaftClient;
import io.garrick.learner.transport.RaftServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A store attached to PD. {@link #start} registers it; {@link #close} stops it, keeping its data.
 */
public final class Learner implements AutoCloseable {
    /** Column families that the durable store must have. */
    public static final List<String> FAMILIES = List.of("raft", "peer");

    private final Store store;
    private final RaftServer server;
    private final RaftClient client;
    private final Membership membership;
    private final String address;
    private final CompletableFuture<Throwable> stopped;

    private Learner(
            Store store,
            RaftServer server,
            RaftClient client,
            Membership membership,
            String address,
            CompletableFuture<Throwable> stopped) {
        this.store = store;
        this.server = server;
        this.client = client;
        this.membership = membership;
        this.address = address;
        this.stopped = stopped;
    }

    /** {@link #start(LearnerConfig, PlacementDriver, OrderedStore, ApplySink)} with a PD client. */
    public static Learner start(
            LearnerConfig config, PdClient pd, OrderedStore durable, ApplySink sink)
            throws IOException {
        return start(config, new KvPlacementDriver(pd), durable, sink);
    }

    /**
     * Recovers the peers, listens, registers with PD and begins to heartbeat. Blocks until the
     * cluster is bootstrapped and PD knows the store.
     *
     * @param durable synced state, opened with a log and {@link #FAMILIES}; stays the caller's to
     *     close
     * @param sink stays the caller's to close
     */
    public static Learner start(
            LearnerConfig config, PlacementDriver pd, OrderedStore durable, ApplySink sink)
            throws IOException {
        Membership.awaitBootstrap(pd);
        CompletableFuture<Throwable> stopped = new CompletableFuture<>();
        Store store =
                new Store(
                        new Store.Options(config.workers(), config.tick()),
                        durable,
                        sink,
                        pd,
                        new SnapshotStore(config.snapshotDirectory()),
                        stopped::complete);
        RaftClient client = new RaftClient(pd, store.storeId(), config.tls());
        RaftServer server = null;
        try {
            store.start(client);
            server = new RaftServer(config.listenHost(), config.listenPort(), store, config.tls());
            String address =
                    config.advertiseAddress().isEmpty()
                            ? config.listenHost() + ":" + server.port()
                            : config.advertiseAddress();
            Membership membership =
                    new Membership(
                            config,
                            pd,
                            sink,
                            store,
                            address,
                            InstantSource.system(),
                            stopped::complete);
            membership.join();
            return new Learner(store, server, client, membership, address, stopped);
        } catch (IOException | RuntimeException failure) {
            if (server != null) {
                server.close();
            }
            client.close();
            store.close();
            throw failure;
        }
    }

    public ReadGate readGate() {
        return store.readGate();
    }

    public long storeId() {
        return store.storeId();
    }

    /** host:port that PD tells others. */
    public String address() {
        return address;
    }

    /** Completed with the reason when the store cannot go on: its disk failed, or PD removed it. */
    public CompletableFuture<Throwable> stopped() {
        return stopped.copy();
    }

    public LearnerStatus status() {
        List<LearnerStatus.Region> regions = store.regions();
        return new LearnerStatus(
                store.clusterId(),
                store.storeId(),
                address,
                regions,
                store.counters().snapshotsInstalled(),
                store.counters().entriesApplied(),
                store.counters().messagesReceived(),
                store.counters().messagesRefused(),
                store.counters().regionsQuarantined(),
                regions.stream().mapToLong(LearnerStatus.Region::lag).max().orElse(0));
    }

    /** How often each kind of message or stream was not taken in. */
    public Map<String, Long> refusals() {
        return store.counters().refusals().byReason();
    }

    /** Publishes this learner's numbers; a registry takes one learner. */
    public void registerMetrics(PrometheusRegistry registry) {
        LearnerMetrics.register(registry, this::status, this::refusals);
    }

    @Override
    public void close() {
        membership.close();
        server.close();
        store.close();
        client.close();
    }
}
