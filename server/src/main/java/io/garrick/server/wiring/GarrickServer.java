package io.garrick.server.wiring;

import io.garrick.base.FileDisk;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.codec.key.TableKeys;
import io.garrick.flashkv.pd.EmbeddedPd;
import io.garrick.flashkv.writer.SchemaWriter;
import io.garrick.kv.KvClient;
import io.garrick.kv.PdClient;
import io.garrick.kv.Tls;
import io.garrick.learner.Learner;
import io.garrick.learner.LearnerConfig;
import io.garrick.learner.LearnerStatus;
import io.garrick.mergetree.StoreSettings;
import io.garrick.mergetree.StoreStats;
import io.garrick.mergetree.TableStore;
import io.garrick.query.QueryConfig;
import io.garrick.query.QueryServer;
import io.garrick.query.write.StatementWriter;
import io.garrick.regioncache.RegionCache;
import io.garrick.schemasync.SchemaSync;
import io.garrick.server.FailureText;
import io.garrick.server.UserError;
import io.garrick.server.config.Address;
import io.garrick.server.status.NodeStatus;
import io.garrick.server.status.StatusServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running node: everything constructed, in the order it depends on each other; closed the other
 * way round.
 */
public final class GarrickServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(GarrickServer.class);

    /**
     * What to run.
     *
     * @param pd addresses of the cluster's PDs
     * @param advertise where the cluster reaches this store; port 0 takes a free one
     * @param tls for everything but Flight SQL; absent: plain text
     * @param labels location labels for PD
     * @param capacityBytes for PD; absent: the file system's size
     */
    public record Settings(
            List<String> pd,
            Path dataDir,
            Address advertise,
            Address flight,
            Address status,
            Duration heartbeat,
            Duration raftTick,
            Duration schemaPoll,
            Duration checkpoint,
            long queryMemoryBytes,
            Optional<Tls.Config> tls,
            Map<String, String> labels,
            OptionalLong capacityBytes) {

        public Settings {
            pd = List.copyOf(pd);
            labels = Map.copyOf(labels);
        }
    }

    private final Settings settings;
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final Learner learner;
    private final TableStore store;
    private final RegionCache cache;
    private final QueryServer query;
    private final StatusServer status;

    private GarrickServer(Settings settings) throws IOException {
        this.settings = settings;
        try {
            DataDirectory data = keep(DataDirectory.open(settings.dataDir()));
            Tls tls = loadTls(settings.tls());
            PdClient pd = keep(connect(settings.pd(), tls));
            KvClient kv = keep(KvClient.connect(pd));

            List<String> durableFamilies = new ArrayList<>(Learner.FAMILIES);
            durableFamilies.add(TableStore.MANIFEST_FAMILY);
            durableFamilies.add(SchemaSync.FAMILY);
            OrderedStore durable =
                    keep(
                            RocksStore.open(
                                    data.path("durable"),
                                    OrderedStore.Mode.LOGGED,
                                    durableFamilies));
            OrderedStore cacheStore =
                    keep(
                            RocksStore.open(
                                    data.path("cache"),
                                    OrderedStore.Mode.ATOMIC_FLUSH,
                                    RegionCache.FAMILIES));
            SchemaSync schemas = keep(SchemaSync.start(kv, durable, settings.schemaPoll()));
            BufferAllocator root = keep(new RootAllocator());
            BufferAllocator storage = keep(root.newChildAllocator("storage", 0, Long.MAX_VALUE));
            this.store =
                    keep(
                            TableStore.open(
                                    new FileDisk(data.path("")),
                                    durable,
                                    new TableSchemas(schemas),
                                    storage,
                                    InstantSource.system(),
                                    StoreSettings.defaults()));
            RowSink rows = new RowSink(store);
            this.cache = RegionCache.open(cacheStore, rows);
            SafepointFollower safepoint = keep(new SafepointFollower(pd, store));
            Checkpointer checkpointer =
                    keep(new Checkpointer(store, cache, rows, settings.checkpoint()));

            Address advertise = settings.advertise();
            Lazy status = new Lazy();
            this.status = keep(StatusServer.start(settings.status().socketAddress(), tls, status));
            LearnerConfig learnerConfig =
                    LearnerConfig.of(data.path("snap"))
                            .withListen(advertise.host(), advertise.port())
                            .withAddresses(
                                    advertise.port() == 0 ? "" : advertise.toString(),
                                    settings.status().host() + ":" + this.status.port())
                            .withClocks(settings.raftTick(), settings.heartbeat())
                            .withIdentity(
                                    settings.labels(), settings.capacityBytes(), Optional.empty())
                            .withTls(tls);
            LongReads longReads = keep(LongReads.at(pd, "garrick-" + advertise));
            longReads.start();
            // Every port is bound before PD hears of this store.
            LateGate gate = new LateGate();
            this.query =
                    keep(
                            QueryServer.start(
                                    QueryConfig.local()
                                            .withAddress(
                                                    settings.flight().host(),
                                                    settings.flight().port())
                                            .withQueryMemory(settings.queryMemoryBytes()),
                                    new LocalReplica(
                                            pd, schemas, gate, kv.locks(), cache, store, longReads),
                                    writer(pd, kv),
                                    root));
            this.learner =
                    keep(
                            Learner.start(
                                    learnerConfig,
                                    pd,
                                    durable,
                                    new StorageSink(
                                            cache,
                                            store,
                                            safepoint::follow,
                                            Pressure.of(
                                                    Files.getFileStore(data.path("")),
                                                    () ->
                                                            store.stats().memtableBytes()
                                                                    + cache.stats().pendingBytes()),
                                            data::usedBytes)));
            gate.open(learner.readGate());
            keep(gate::shut);
            learner.registerMetrics(PrometheusRegistry.defaultRegistry);
            StorageMetrics.register(PrometheusRegistry.defaultRegistry, store::stats, cache::stats);
            checkpointer.start();
            safepoint.start();
            query.engine().register(PrometheusRegistry.defaultRegistry);
            status.node = new Status();
            // The first plans are slow; better now than for the first user.
            Thread.ofPlatform().daemon().name("warm-up").start(() -> warmUp(query));
            log.info("server is up flight={} status={}", flightAddress(), statusAddress());
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Only an embedded cluster is written to, and it says itself that it is one. */
    private static Optional<StatementWriter> writer(PdClient pd, KvClient kv) {
        Optional<StatementWriter> writer =
                EmbeddedPd.httpAddress(pd.leadingMember())
                        .map(http -> new FlashKvWriter(kv, new SchemaWriter(kv, http)));
        log.info("statements may write={}", writer.isPresent());
        return writer;
    }

    private static void warmUp(QueryServer query) {
        try {
            query.engine().warmUp();
        } catch (RuntimeException e) {
            log.debug("warm-up was cut short", e);
        }
    }

    /** Starts a node and blocks until PD knows it. */
    public static GarrickServer start(Settings settings) throws IOException {
        return new GarrickServer(settings);
    }

    private static @Nullable Tls loadTls(Optional<Tls.Config> config) {
        try {
            return config.isPresent() ? Tls.load(config.get()) : null;
        } catch (IOException e) {
            throw new UserError("TLS: " + FailureText.of(e), e);
        }
    }

    private static PdClient connect(List<String> addresses, @Nullable Tls tls) {
        try {
            return PdClient.connect(addresses, PdClient.Options.DEFAULT, tls);
        } catch (RuntimeException e) {
            throw new UserError(
                    "no PD answers at " + String.join(",", addresses) + ": " + e.getMessage(), e);
        }
    }

    private <T extends AutoCloseable> T keep(T resource) {
        resources.push(resource);
        return resource;
    }

    public String flightAddress() {
        return settings.flight().host() + ":" + query.port();
    }

    public String statusAddress() {
        return settings.status().host() + ":" + status.port();
    }

    /**
     * Completed with the reason when the node cannot go on: its disk failed, or PD removed the
     * store.
     */
    public CompletableFuture<Throwable> stopped() {
        return learner.stopped();
    }

    @Override
    public void close() {
        while (!resources.isEmpty()) {
            try {
                resources.pop().close();
            } catch (Exception e) {
                log.warn("closing failed", e);
            }
        }
    }

    /** The pages are served before the node is complete: until then it is starting. */
    private static final class Lazy implements NodeStatus {
        private volatile @Nullable NodeStatus node;

        @Override
        public Map<String, Object> summary() {
            NodeStatus ready = node;
            return ready == null ? Map.of("state", "starting") : ready.summary();
        }

        @Override
        public String notReadyReason() {
            NodeStatus ready = node;
            return ready == null ? "starting" : ready.notReadyReason();
        }

        @Override
        public Map<String, Object> configuration() {
            NodeStatus ready = node;
            return ready == null ? Map.of() : ready.configuration();
        }

        @Override
        public List<Long> regionsOfTable(long physicalTableId) {
            NodeStatus ready = node;
            return ready == null ? List.of() : ready.regionsOfTable(physicalTableId);
        }

        @Override
        public String storeStatus() {
            return node == null ? "Idle" : "Running";
        }
    }

    private final class Status implements NodeStatus {
        @Override
        public Map<String, Object> summary() {
            LearnerStatus now = learner.status();
            StoreStats tables = store.stats();
            RegionCache.Stats pending = cache.stats();
            Map<String, Object> summary = new LinkedHashMap<>();
            summary.put("state", "running");
            summary.put("cluster_id", Long.toUnsignedString(now.clusterId()));
            summary.put("store_id", now.storeId());
            summary.put("address", now.address());
            summary.put("flight", flightAddress());
            summary.put("regions", now.regions().size());
            summary.put(
                    "regions_initialized",
                    now.regions().stream().filter(LearnerStatus.Region::initialized).count());
            summary.put("snapshots_received", now.snapshotsReceived());
            summary.put("raft_entries_applied", now.entriesApplied());
            summary.put("messages_received", now.messagesReceived());
            summary.put("messages_refused", now.messagesRefused());
            summary.put("max_lag_entries", now.maxLag());
            summary.put("parts", tables.partCount());
            summary.put("part_rows", tables.partRows());
            summary.put("part_bytes", tables.partBytes());
            summary.put("memtable_rows", tables.memtableRows());
            summary.put("memtable_bytes", tables.memtableBytes());
            summary.put("pending_bytes", pending.pendingBytes());
            summary.put("locks", pending.locks());
            summary.put("orphans", pending.orphans());
            summary.put("leftovers", pending.leftovers());
            return summary;
        }

        @Override
        public String notReadyReason() {
            long waiting =
                    learner.status().regions().stream().filter(r -> !r.initialized()).count();
            return waiting == 0 ? "" : waiting + " regions wait for a snapshot";
        }

        @Override
        public Map<String, Object> configuration() {
            Map<String, Object> config = new LinkedHashMap<>();
            config.put("pd", settings.pd());
            config.put("data-dir", settings.dataDir().toString());
            config.put("advertise-addr", learner.address());
            config.put("flight-addr", flightAddress());
            config.put("status-addr", statusAddress());
            config.put("heartbeat-millis", settings.heartbeat().toMillis());
            config.put("raft-tick-millis", settings.raftTick().toMillis());
            config.put("schema-poll-millis", settings.schemaPoll().toMillis());
            config.put("checkpoint-millis", settings.checkpoint().toMillis());
            config.put("query-memory-bytes", settings.queryMemoryBytes());
            // Where older TiDBs look for the status port of a columnar store.
            config.put("engine-store", Map.of("http_port", status.port()));
            return config;
        }

        @Override
        public List<Long> regionsOfTable(long physicalTableId) {
            var table = TableKeys.encodedRecordRange(physicalTableId);
            return learner.status().regions().stream()
                    .filter(LearnerStatus.Region::initialized)
                    .filter(region -> !region.lagging() && region.range().overlaps(table))
                    .map(LearnerStatus.Region::regionId)
                    .toList();
        }

        @Override
        public String storeStatus() {
            return "Running";
        }
    }
}
