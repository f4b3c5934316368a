package io.garrick.flashkv.store;

import io.garrick.kv.PdClient;
import io.garrick.proto.meta.Region;
import io.garrick.proto.pd.RegionHeartbeatRequest;
import io.garrick.proto.pd.RegionHeartbeatResponse;
import io.garrick.proto.pd.SplitID;
import io.garrick.proto.pd.StoreStats;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store's conversation with PD after it has registered: heartbeats both ways, split ids.
 *
 * <p>One thread sends region heartbeats in the order they were given, one sends store heartbeats;
 * questions wait on virtual threads. What PD misses while it is away is told again when the stream
 * is back.
 */
final class PdLink implements PdReports, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PdLink.class);
    private static final int MAX_WAITING = 20_000;

    private final PdClient pd;
    private final Consumer<RegionHeartbeatResponse> orders;
    private final Runnable streamOpened;
    private final ThreadPoolExecutor sender;
    private final AtomicReference<PdClient.@Nullable RegionHeartbeats> stream =
            new AtomicReference<>();
    private @Nullable Thread storeHeartbeats;
    private volatile boolean closed;

    /**
     * @param orders receives what PD wants done, on a network thread
     * @param streamOpened called when a new stream is open: PD may know nothing yet
     */
    PdLink(
            PdClient pd,
            long storeId,
            Consumer<RegionHeartbeatResponse> orders,
            Runnable streamOpened) {
        this.pd = pd;
        this.orders = orders;
        this.streamOpened = streamOpened;
        this.sender =
                new ThreadPoolExecutor(
                        1,
                        1,
                        0,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(MAX_WAITING),
                        Thread.ofPlatform().name("flashkv-pd-" + storeId).daemon().factory(),
                        new ThreadPoolExecutor.DiscardOldestPolicy());
    }

    void startStoreHeartbeats(Duration interval, Supplier<StoreStats> stats) {
        storeHeartbeats =
                Thread.ofVirtual()
                        .name("flashkv-store-heartbeat")
                        .start(() -> sendStoreHeartbeats(interval, stats));
    }

    private void sendStoreHeartbeats(Duration interval, Supplier<StoreStats> stats) {
        while (!closed) {
            try {
                pd.storeHeartbeat(stats.get());
            } catch (RuntimeException e) {
                if (!closed) {
                    log.warn("store heartbeat failed: {}", e.toString());
                }
            }
            try {
                Thread.sleep(interval);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    @Override
    public void regionHeartbeat(RegionHeartbeatRequest heartbeat) {
        if (!closed) {
            sender.execute(() -> send(heartbeat));
        }
    }

    private void send(RegionHeartbeatRequest heartbeat) {
        try {
            PdClient.RegionHeartbeats open = stream.get();
            if (open == null) {
                open = pd.openRegionHeartbeats(orders, this::broken);
                stream.set(open);
                streamOpened.run();
            }
            open.send(heartbeat);
        } catch (RuntimeException e) {
            if (!closed) {
                log.warn("region heartbeat failed: {}", e.toString());
            }
        }
    }

    private void broken(Throwable why) {
        stream.set(null);
        if (!closed) {
            log.info("region heartbeat stream broke reason={}", why.toString());
        }
    }

    @Override
    public void askSplit(Region region, int count, Consumer<List<SplitID>> answer) {
        Thread.ofVirtual()
                .start(() -> {
                    List<SplitID> ids;
                    try {
                        ids = pd.askBatchSplit(region, count);
                    } catch (RuntimeException e) {
                        log.info(
                                "split refused by pd regionId={} reason={}",
                                region.getId(),
                                e.toString());
                        ids = List.of();
                    }
                    answer.accept(ids);
                });
    }

    @Override
    public void reportSplit(List<Region> regions) {
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        pd.reportBatchSplit(regions);
                    } catch (RuntimeException e) {
                        log.info("split not reported reason={}", e.toString());
                    }
                });
    }

    @Override
    public void close() {
        closed = true;
        Thread heartbeats = storeHeartbeats;
        if (heartbeats != null) {
            heartbeats.interrupt();
        }
        sender.shutdownNow();
        PdClient.RegionHeartbeats open = stream.getAndSet(null);
        if (open != null) {
            try {
                open.close();
            } catch (IllegalStateException ended) {
                log.debug("stream was over already", ended);
            }
        }
    }
}
