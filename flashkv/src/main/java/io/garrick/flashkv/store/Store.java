package io.garrick.flashkv.store;

import com.google.protobuf.InvalidProtocolBufferException;
import io.garrick.flashkv.kv.ReadIndexObserver;
import io.garrick.flashkv.kv.RegionKv;
import io.garrick.flashkv.kv.TransactionLayer;
import io.garrick.kv.PdClient;
import io.garrick.kv.PdException;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.meta.StoreState;
import io.garrick.proto.pd.StoreStats;
import io.garrick.proto.pd.TimeInterval;
import io.garrick.proto.raftserver.StoreIdent;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TiKV-compatible store: an address, a data directory, and the regions PD places on it.
 *
 * <p>The first store of a cluster creates its first region; later ones get replicas by PD's orders.
 */
public final class Store implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Store.class);
    private static final int MAX_MESSAGE_BYTES = 512 << 20;
    private static final int FLOW_CONTROL_WINDOW_BYTES = 4 << 20;

    private final StoreConfig config;
    private final Neighbours neighbours;
    private final InstantSource clock;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final RegionTable regions = new RegionTable();
    private final KvEngine kv;
    private final PdClient pd;
    private final PdLink pdLink;
    private final LinkFaults transport;
    private final RaftLog raftLog;
    private final StoreLoop loop;
    private final StoreRegions regionKv;
    private final TransactionLayer transactions;
    private final Server server;
    private final Thread thread;
    private final long storeId;
    private final long startSeconds;
    private boolean closed;

    private Store(
            StoreConfig config,
            TransactionLayer.Factory factory,
            InstantSource clock,
            RandomGenerator random,
            Neighbours neighbours)
            throws IOException {
        this.neighbours = neighbours;
        this.config = config;
        this.clock = clock;
        this.startSeconds = clock.instant().getEpochSecond();
        try {
            Files.createDirectories(config.directory());
            kv = keep(KvEngine.open(config.directory().resolve("kv")));
            raftLog = keep(new RaftLog(config.directory().resolve("raft"), config.sync()));
            pd = keep(PdClient.connect(config.pdAddresses(), PdClient.Options.DEFAULT));
            storeId = identify();
            transport =
                    keep(
                            new LinkFaults(
                                    new GrpcTransport(
                                            storeId,
                                            neighbours,
                                            this::addressOf,
                                            this::unreachable)));
            ExecutorService background =
                    Executors.newSingleThreadExecutor(
                            Thread.ofPlatform()
                                    .name("flashkv-background-" + storeId)
                                    .daemon()
                                    .factory());
            keep(() -> await(background));
            pdLink =
                    keep(
                            new PdLink(
                                    pd,
                                    storeId,
                                    order -> loop().order(order),
                                    () -> loop().heartbeatAll()));
            AtomicReference<ReadIndexObserver> observer =
                    new AtomicReference<>(ReadIndexObserver.NONE);
            loop =
                    new StoreLoop(
                            config,
                            storeId,
                            kv,
                            raftLog,
                            regions,
                            transport,
                            pdLink,
                            (region, ts, ranges) ->
                                    observer.get().beforeReadIndex(region, ts, ranges),
                            background,
                            clock,
                            random);
            regionKv = new StoreRegions(storeId, loop, regions, kv);
            transactions = keep(factory.create(regionKv, new PdView(storeId, pd)));
            observer.set(transactions.readIndexObserver());
            server = serve();
            thread = Thread.ofPlatform().name("flashkv-store-" + storeId).unstarted(loop);
            join();
        } catch (IOException | RuntimeException | java.lang.Error failure) {
            release();
            throw failure;
        }
    }

    /**
     * Returns once the store is registered and serves. Blocks until PD answers.
     *
     * @param neighbours the stores of this process that may talk to each other directly
     */
    public static Store start(
            StoreConfig config,
            TransactionLayer.Factory factory,
            InstantSource clock,
            RandomGenerator random,
            Neighbours neighbours)
            throws IOException {
        return new Store(config, factory, clock, random, neighbours);
    }

    public long id() {
        return storeId;
    }

    /** {@code host:port}, for clients and other stores alike. */
    public String address() {
        return config.host().getHostAddress() + ":" + server.getPort();
    }

    /** How other parts of this process may use the store's regions. */
    public RegionKv regions() {
        return regionKv;
    }

    /** Regions with a peer here, as this store last applied them. */
    public List<Region> regionList() {
        return regions.handles().stream().map(handle -> handle.view().region()).toList();
    }

    /** Regions led from here. */
    public List<Region> ledRegions() {
        return regions.handles().stream()
                .map(PeerHandle::view)
                .filter(PeerHandle.View::leading)
                .map(PeerHandle.View::region)
                .toList();
    }

    /** A fault on demand: raft messages from here to another store are lost, until healed. */
    public void setLinkCut(long toStoreId, boolean cut) {
        transport.setCut(toStoreId, cut);
    }

    /** A fault on demand: see {@code Faults.disturb}. */
    public void disturbLinks(
            double lossRate,
            double repeatRate,
            double delayRate,
            Duration maxDelay,
            RandomGenerator own) {
        transport.disturb(lossRate, repeatRate, delayRate, maxDelay, own);
    }

    public void calmLinks() {
        transport.calm();
    }

    /** A fault on demand: the store's thread stands still until {@link #resume}. */
    public void pause() {
        loop.pause();
    }

    public void resume() {
        loop.resume();
    }

    /** A fault on demand: each write of the raft log takes so much longer. */
    public void slowDisk(Duration perWrite) {
        loop.slowDisk(perWrite.toMillis());
    }

    /** From here on {@link #crash} knows what was synced. */
    public void watchSyncs() {
        loop.runAndWait(() -> {
            raftLog.watchSyncs();
            kv.watchSyncs();
        });
    }

    /**
     * A fault on demand: ends like a machine without power. Returns how many bytes of the logs were
     * lost.
     */
    public synchronized long crash(RandomGenerator own) throws IOException {
        close();
        long lost = raftLog.tail().lose(own) + kv.tail().lose(own);
        log.info("store crashed storeId={} lostBytes={}", storeId, lost);
        return lost;
    }

    /** Asks a region led from here to end in a neighbour, which must be in just this state. */
    public void merge(long sourceId, Region target) {
        loop.merge(sourceId, target);
    }

    private StoreLoop loop() {
        return loop;
    }

    private <T extends AutoCloseable> T keep(T resource) {
        opened.add(resource);
        return resource;
    }

    // ---- identity

    private long identify() throws IOException {
        byte[] bytes = kv.getLocal(LocalKeys.STORE_IDENT);
        if (bytes != null) {
            StoreIdent ident = parse(bytes);
            if (ident.getClusterId() != pd.clusterId()) {
                throw new IOException(
                        "%s belongs to cluster %s, but PD is of cluster %s"
                                .formatted(
                                        config.directory(),
                                        Long.toUnsignedString(ident.getClusterId()),
                                        Long.toUnsignedString(pd.clusterId())));
            }
            return ident.getStoreId();
        }
        long id = pd.allocId();
        try (KvEngine.Batch batch = kv.newBatch()) {
            batch.putLocal(
                    LocalKeys.STORE_IDENT,
                    StoreIdent.newBuilder()
                            .setClusterId(pd.clusterId())
                            .setStoreId(id)
                            .build()
                            .toByteArray());
            kv.write(batch, true);
        }
        return id;
    }

    private static StoreIdent parse(byte[] bytes) throws IOException {
        try {
            return StoreIdent.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
            throw new IOException("store ident is unreadable", e);
        }
    }

    private io.garrick.proto.meta.Store metadata() {
        return io.garrick.proto.meta.Store.newBuilder()
                .setId(storeId)
                .setAddress(address())
                .setPeerAddress(address())
                .setState(StoreState.Up)
                .setVersion(StoreConfig.VERSION)
                .setStartTimestamp(startSeconds)
                .setDeployPath(config.directory().toString())
                .build();
    }

    // ---- joining the cluster

    private void join() {
        if (!pd.isBootstrapped()) {
            bootstrap();
        }
        loop.load();
        thread.start();
        neighbours.join(storeId, loop::receive);
        pd.putStore(metadata());
        pdLink.startStoreHeartbeats(config.storeHeartbeat(), this::stats);
        log.info("store started storeId={} address={}", storeId, address());
    }

    private void bootstrap() {
        Region region = firstRegion();
        loop.bootstrap(region);
        try {
            pd.bootstrap(metadata(), region);
            log.info("cluster bootstrapped storeId={} regionId={}", storeId, region.getId());
        } catch (PdException e) {
            if (!pd.isBootstrapped()) {
                throw e;
            }
            loop.unbootstrap(region); // another store was first
        }
    }

    private Region firstRegion() {
        long regionId = pd.allocId();
        return Region.newBuilder()
                .setId(regionId)
                .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(1).setVersion(1))
                .addPeers(Peer.newBuilder().setId(pd.allocId()).setStoreId(storeId))
                .build();
    }

    private StoreStats stats() {
        long capacity = 0;
        long available = 0;
        try {
            FileStore disk = Files.getFileStore(config.directory());
            capacity = disk.getTotalSpace();
            available = disk.getUsableSpace();
        } catch (IOException e) {
            log.warn("disk size unknown directory={}", config.directory(), e);
        }
        long now = clock.instant().getEpochSecond();
        return StoreStats.newBuilder()
                .setStoreId(storeId)
                .setCapacity(capacity)
                .setAvailable(available)
                .setRegionCount(regions.handles().size())
                .setStartTime((int) startSeconds)
                .setInterval(
                        TimeInterval.newBuilder()
                                .setStartTimestamp(now - config.storeHeartbeat().toSeconds())
                                .setEndTimestamp(now))
                .build();
    }

    private @Nullable String addressOf(long store) {
        return pd.getStore(store)
                .filter(found -> found.getState() != StoreState.Tombstone)
                .map(found ->
                        found.getPeerAddress().isEmpty()
                                ? found.getAddress()
                                : found.getPeerAddress())
                .orElse(null);
    }

    private void unreachable(long store) {
        loop().storeUnreachable(store);
    }

    // ---- serving

    private Server serve() throws IOException {
        ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(new InetSocketAddress(config.host(), 0))
                        .addService(
                                merged(
                                        new StoreService(
                                                storeId, loop, config.directory().resolve("snap")),
                                        transactions.kvMethods()))
                        // Answers SERVING for the empty service name from the start.
                        .addService(new HealthStatusManager().getHealthService())
                        .executor(calls)
                        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                        .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
                        .permitKeepAliveTime(1, TimeUnit.SECONDS)
                        .permitKeepAliveWithoutCalls(true);
        transactions.services().forEach(builder::addService);
        Server started = builder.build().start();
        keep(() -> await(calls));
        keep(() -> {
            started.shutdownNow();
            started.awaitTermination(10, TimeUnit.SECONDS);
        });
        return started;
    }

    /**
     * One service of two halves: the store's methods, and all others from the transaction layer.
     */
    private static ServerServiceDefinition merged(BindableService own, BindableService kv) {
        ServerServiceDefinition.Builder merged =
                ServerServiceDefinition.builder(TikvGrpc.getServiceDescriptor());
        addMethods(merged, own.bindService().getMethods(), true);
        addMethods(merged, kv.bindService().getMethods(), false);
        return merged.build();
    }

    private static void addMethods(
            ServerServiceDefinition.Builder merged,
            Collection<ServerMethodDefinition<?, ?>> methods,
            boolean own) {
        for (ServerMethodDefinition<?, ?> method : methods) {
            String name = String.valueOf(method.getMethodDescriptor().getBareMethodName());
            if (StoreService.METHODS.contains(name) == own) {
                merged.addMethod(method);
            }
        }
    }

    // ---- end

    private static void await(ExecutorService executor) throws InterruptedException {
        executor.shutdown();
        if (!executor.awaitTermination(10, TimeUnit.SECONDS)) {
            log.warn("work is still running at close");
        }
    }

    /** Stops serving, then closes the files. Nothing acknowledged is lost. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        neighbours.leave(storeId);
        pdLink.close();
        loop.resume();
        loop.stop();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        release();
        log.info("store stopped storeId={}", storeId);
    }

    private void release() {
        for (AutoCloseable resource : opened.reversed()) {
            try {
                resource.close();
            } catch (Exception e) {
                log.warn("not closed cleanly directory={}", config.directory(), e);
            }
        }
        opened.clear();
    }
}
