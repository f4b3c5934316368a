package io.garrick.flashkv.pd;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.proto.meta.Region;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running PD: gRPC for stores and clients, HTTP for placement rules, one data directory. */
public final class PdServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PdServer.class);

    private static final int MAX_MESSAGE_BYTES = 512 << 20;
    private static final long PATROL_MILLIS = 200;
    private static final long CLOSE_SECONDS = 10;

    private final PdConfig config;
    private final PdMeta meta;
    private final Cluster cluster;
    private final PdGrpc service;
    private final Server server;
    private final PdHttp http;
    private final ExecutorService calls;
    private final Thread patrol;

    private PdServer(PdConfig config, OrderedStore store) throws IOException {
        this.config = config;
        this.meta = new PdMeta(store);
        this.cluster = new Cluster(config, meta, new SecureRandom());
        Supplier<String> url = this::address;
        this.http = PdHttp.start(config, cluster);
        this.service = new PdGrpc(config, cluster, url, httpAddress());
        EtcdGrpc etcd = new EtcdGrpc(new EtcdValues(meta), cluster.clusterId(), url);
        this.calls = Executors.newVirtualThreadPerTaskExecutor();
        // The health service answers SERVING for the empty service name from the start.
        this.server =
                NettyServerBuilder.forAddress(config.listen())
                        .addService(service)
                        .addService(new HealthStatusManager().getHealthService())
                        .addServices(
                                etcd.services().stream().map(BindableService::bindService).toList())
                        .executor(calls)
                        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                        .permitKeepAliveTime(1, TimeUnit.SECONDS)
                        .permitKeepAliveWithoutCalls(true)
                        .build()
                        .start();
        this.patrol = Thread.ofVirtual().name("pd-patrol").start(this::patrol);
    }

    /** Returns once the PD answers. The data directory is locked until {@link #close}. */
    public static PdServer start(PdConfig config) throws IOException {
        OrderedStore store =
                RocksStore.open(config.dataDir(), OrderedStore.Mode.LOGGED, List.of("default"));
        try {
            PdServer pd = new PdServer(config, store);
            log.info(
                    "pd started clusterId={} address={} http={}",
                    pd.clusterId(),
                    pd.address(),
                    pd.httpAddress());
            return pd;
        } catch (IOException | RuntimeException | Error failure) {
            store.close();
            throw failure;
        }
    }

    /** host:port of the gRPC service. */
    public String address() {
        return host(config.listen()) + ":" + server.getPort();
    }

    /** host:port of the HTTP API, whose paths start with {@code /pd/api/v1}. */
    public String httpAddress() {
        InetSocketAddress bound = http.address();
        return host(config.httpListen()) + ":" + bound.getPort();
    }

    private static String host(InetSocketAddress listen) {
        return listen.isUnresolved()
                ? listen.getHostString()
                : listen.getAddress().getHostAddress();
    }

    /** Asks for a region to become part of a neighbour; done by the stores in their own time. */
    public void mergeRegion(long sourceId, long targetId) {
        cluster.ask(sourceId, new AdminOperators.Goal.MergeInto(targetId));
    }

    /** Asks for a region to be led from a store that has a voter of it. */
    public void transferLeader(long regionId, long toStoreId) {
        cluster.ask(regionId, new AdminOperators.Goal.LeadFrom(toStoreId));
    }

    /** Asks for a region's replica to move between stores. */
    public void movePeer(long regionId, long fromStoreId, long toStoreId) {
        cluster.ask(regionId, new AdminOperators.Goal.MovePeer(fromStoreId, toStoreId));
    }

    /** Asks for a region to be cut at encoded keys. */
    public void splitRegion(long regionId, List<Key> keys) {
        cluster.ask(regionId, new AdminOperators.Goal.SplitAt(keys));
    }

    /** While halted, PD orders only what was asked for. */
    public void haltScheduling(boolean halt) {
        cluster.haltScheduling(halt);
    }

    /** What region leaders last reported, in key order. */
    public List<Region> regions() {
        return cluster.regions(KeyRange.ALL, 0).stream().map(RegionInfo::region).toList();
    }

    public long clusterId() {
        return cluster.clusterId();
    }

    /**
     * Orders reach leaders also between their heartbeats: a new rule should not wait for the next
     * one.
     */
    private void patrol() {
        try {
            while (true) {
                Thread.sleep(PATROL_MILLIS);
                try {
                    service.patrol();
                } catch (RuntimeException e) {
                    log.warn("patrol failed", e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        patrol.interrupt();
        http.close();
        server.shutdownNow();
        try {
            patrol.join();
            // The server still runs its last calls, so their executor goes after it.
            if (!server.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                log.warn("pd streams still open at close clusterId={}", clusterId());
            }
            calls.shutdown();
            if (!calls.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                log.warn("pd calls still running at close clusterId={}", clusterId());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        meta.close();
        log.info("pd stopped clusterId={}", clusterId());
    }
}
