package io.garrick.flashkv;

import io.garrick.base.Key;
import io.garrick.flashkv.kv.TransactionLayer;
import io.garrick.flashkv.pd.PdConfig;
import io.garrick.flashkv.pd.PdServer;
import io.garrick.flashkv.store.Neighbours;
import io.garrick.flashkv.store.Store;
import io.garrick.flashkv.store.StoreConfig;
import io.garrick.flashkv.txn.Transactions;
import io.garrick.proto.meta.Region;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running embedded cluster: one PD and its stores. */
public final class FlashKv implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FlashKv.class);
    private static final Duration LOG_GC_INTERVAL = Duration.ofSeconds(3);
    private static final long LOG_GC_ENTRIES = 50_000;

    private final FlashKvConfig config;
    private final TransactionLayer.Factory transactions;
    private final InetAddress host;
    private final FileChannel lock;
    private final Neighbours neighbours = new Neighbours();
    // Null if the stores joined a PD that runs elsewhere.
    private final @Nullable PdServer pd;
    // By number from 1; a stopped store is null.
    private final List<@Nullable Store> stores = new ArrayList<>();

    private FlashKv(FlashKvConfig config, TransactionLayer.Factory transactions)
            throws IOException {
        this.config = config;
        this.transactions = transactions;
        this.host = InetAddress.getAllByName(config.host())[0];
        this.lock = lock(config.dataDirectory());
        PdServer started = null;
        try {
            keepMode();
            started = config.joinPds().isEmpty() ? startPd() : null;
            pd = started;
            int count = Math.max(config.stores(), storesOnDisk());
            for (int number = 1; number <= count; number++) {
                stores.add(null);
            }
            for (int number = 1; number <= count; number++) {
                startStore(number);
            }
        } catch (IOException | RuntimeException | Error failure) {
            for (Store store : stores) {
                if (store != null) {
                    store.close();
                }
            }
            if (started != null) {
                started.close();
            }
            lock.close();
            throw failure;
        }
    }

    /**
     * Starts, or starts again, the cluster in a directory.
     *
     * @throws IOException if the directory is in use or cannot be used
     */
    public static FlashKv start(FlashKvConfig config) throws IOException {
        Transactions.Options options = new Transactions.Options(config.rawTtl());
        return start(config, (regions, cluster) -> new Transactions(regions, cluster, options));
    }

    /** With another transaction layer on top of the regions. */
    static FlashKv start(FlashKvConfig config, TransactionLayer.Factory transactions)
            throws IOException {
        FlashKv cluster = new FlashKv(config, transactions);
        log.info("flashkv started pd={} stores={}", cluster.pdAddress(), cluster.storeAddresses());
        return cluster;
    }

    private static FileChannel lock(Path directory) throws IOException {
        Files.createDirectories(directory);
        FileChannel channel =
                FileChannel.open(
                        directory.resolve("flashkv.lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        FileLock held;
        try {
            held = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            held = null;
        }
        if (held == null) {
            channel.close();
            throw new IOException(directory + " is in use by another FlashKV");
        }
        return channel;
    }

    /** Values with and without an end cannot be told apart, so a directory keeps its kind. */
    private void keepMode() throws IOException {
        Path mark = config.dataDirectory().resolve("raw-ttl");
        boolean fresh = !Files.exists(storeDirectory(1));
        if (fresh && config.rawTtl()) {
            Files.createFile(mark);
        }
        if (Files.exists(mark) != config.rawTtl()) {
            throw new IOException(
                    config.dataDirectory()
                            + " was made "
                            + (config.rawTtl() ? "without" : "with")
                            + " time to live for raw values");
        }
    }

    private PdServer startPd() throws IOException {
        return PdServer.start(
                PdConfig.loopback(config.dataDirectory().resolve("pd"))
                        .withListen(new InetSocketAddress(host, config.pdPort()))
                        .withHttpListen(new InetSocketAddress(host, 0))
                        .withReplicas(config.replicas()));
    }

    private Path storeDirectory(int number) {
        return config.dataDirectory().resolve("store" + number);
    }

    private int storesOnDisk() {
        int count = 0;
        while (Files.isDirectory(storeDirectory(count + 1))) {
            count++;
        }
        return count;
    }

    // ---- the parts

    /** {@code host:port} of PD's gRPC service: all a client or learner needs to know. */
    public String pdAddress() {
        return pd == null ? config.joinPds().getFirst() : pd.address();
    }

    /** {@code host:port} of PD's HTTP API. A PD elsewhere serves it beside its gRPC service. */
    public String pdHttpAddress() {
        return pd == null ? pdAddress() : pd.httpAddress();
    }

    public synchronized List<String> storeAddresses() {
        List<String> addresses = new ArrayList<>();
        for (Store store : stores) {
            if (store != null) {
                addresses.add(store.address());
            }
        }
        return addresses;
    }

    /** A running store by its number, from 1. */
    public synchronized Store store(int number) {
        Store store = stores.get(number - 1);
        if (store == null) {
            throw new IllegalArgumentException("store " + number + " is stopped");
        }
        return store;
    }

    // ---- operators

    /** All regions as their leaders last reported them, in key order. */
    public List<Region> regions() {
        return ownPd().regions();
    }

    /** Asks for a region to become part of a neighbour; done within moments, or not at all. */
    public void mergeRegion(long sourceId, long targetId) {
        ownPd().mergeRegion(sourceId, targetId);
    }

    /** Asks for a region to be led from a store, by its number. */
    public void transferLeader(long regionId, int toStore) {
        ownPd().transferLeader(regionId, store(toStore).id());
    }

    /** Asks for a region's replica to move between stores, by their numbers. */
    public void movePeer(long regionId, int fromStore, int toStore) {
        ownPd().movePeer(regionId, store(fromStore).id(), store(toStore).id());
    }

    /** Asks for a region to be cut at encoded keys. */
    public void splitRegion(long regionId, List<Key> encodedKeys) {
        ownPd().splitRegion(regionId, encodedKeys);
    }

    /** While halted, PD moves nothing of its own accord; what is asked for is still done. */
    public void haltScheduling(boolean halt) {
        ownPd().haltScheduling(halt);
    }

    private PdServer ownPd() {
        PdServer own = pd;
        if (own == null) {
            throw new IllegalStateException("the stores joined a PD that runs elsewhere");
        }
        return own;
    }

    // ---- stores

    /** Failures on demand; what they leave to chance follows the seed. All stores must run. */
    public Faults faults(long seed) {
        return new Faults(this, seed);
    }

    /** How many stores the cluster has, running or not. */
    public synchronized int storeCount() {
        return stores.size();
    }

    public synchronized boolean isRunning(int number) {
        return stores.get(number - 1) != null;
    }

    /** As {@link #stopStore}, and what was not synced may be lost. Returns the bytes lost. */
    synchronized long crashStore(int number, RandomGenerator random) throws IOException {
        Store store = store(number);
        stores.set(number - 1, null);
        return store.crash(random);
    }

    /** Stops a store. */
    public synchronized void stopStore(int number) {
        Store store = stores.set(number - 1, null);
        if (store != null) {
            store.close();
        }
    }

    /** Starts a store that was stopped, on another port. */
    public synchronized void startStore(int number) throws IOException {
        if (stores.get(number - 1) != null) {
            throw new IllegalArgumentException("store " + number + " runs");
        }
        StoreConfig storeConfig =
                new StoreConfig(
                        storeDirectory(number),
                        host,
                        pd == null ? config.joinPds() : List.of(pd.address()),
                        config.syncWrites(),
                        config.tick(),
                        config.heartbeatInterval(),
                        config.heartbeatInterval(),
                        config.regionSplitBytes(),
                        LOG_GC_INTERVAL,
                        LOG_GC_ENTRIES);
        RandomGenerator random = new SplittableRandom(ThreadLocalRandom.current().nextLong());
        stores.set(
                number - 1,
                Store.start(storeConfig, transactions, InstantSource.system(), random, neighbours));
    }

    /** Stops the stores, then PD. */
    @Override
    public synchronized void close() {
        for (int i = stores.size() - 1; i >= 0; i--) {
            Store store = stores.set(i, null);
            if (store != null) {
                store.close();
            }
        }
        try {
            if (pd != null) {
                pd.close();
            }
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        log.info("flashkv stopped directory={}", config.dataDirectory());
    }
}
