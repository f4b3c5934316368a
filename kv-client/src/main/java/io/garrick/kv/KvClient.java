package io.garrick.kv;

import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.Memcomparable;
import io.garrick.proto.kvrpc.SplitRegionRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads and writes the cluster's keys in transactions. Keys are raw, as TiDB writes them (API V1).
 *
 * <p>Safe for many threads. Calls block for at most {@link Options#totalTimeout}, then fail with a
 * {@link KvException} that names the last trouble.
 */
public final class KvClient implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(KvClient.class);

    /** Commits and rollbacks under way behind their callers; more make callers wait. */
    private static final int BEHIND_LIMIT = 256;

    private final PdClient pd;
    private final Options options;
    private final Router router;
    private final LockResolver locks;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("kv-timer").factory());
    private final Semaphore behind = new Semaphore(BEHIND_LIMIT);

    /**
     * How long to try.
     *
     * @param requestTimeout for one attempt
     * @param totalTimeout for a call with all its attempts
     */
    public record Options(Duration requestTimeout, Duration totalTimeout) {
        public static final Options DEFAULT =
                new Options(Duration.ofSeconds(10), Duration.ofSeconds(40));
    }

    private KvClient(PdClient pd, Options options) {
        this.pd = pd;
        this.options = options;
        this.router = new Router(pd, options.requestTimeout());
        this.locks = new LockResolver(router, pd, options.totalTimeout());
    }

    /** Uses {@code pd}, which stays its caller's to close. */
    public static KvClient connect(PdClient pd) {
        return connect(pd, Options.DEFAULT);
    }

    public static KvClient connect(PdClient pd, Options options) {
        return new KvClient(pd, options);
    }

    /** The database as of {@code ts}. */
    public KvSnapshot snapshot(Timestamp ts) {
        return new KvSnapshot(this, ts);
    }

    /** A transaction that starts now. */
    public KvTransaction begin() {
        return new KvTransaction(this, pd.timestamp());
    }

    public PdClient pd() {
        return pd;
    }

    public LockResolver locks() {
        return locks;
    }

    /** Splits regions so that each of the raw keys begins one. */
    public void splitRegions(Collection<Key> rawKeys) {
        Backoff backoff = backoff("kv split");
        List<Key> pending = new ArrayList<>(new TreeSet<>(rawKeys));
        while (!pending.isEmpty()) {
            List<Key> again = new ArrayList<>();
            for (Router.Group<Key> group : router.group(pending, key -> key, backoff)) {
                List<Key> inside = new ArrayList<>(group.items());
                inside.removeIf(key -> Memcomparable.encode(key).equals(group.route().start()));
                if (inside.isEmpty()) {
                    continue;
                }
                SplitRegionRequest.Builder request = SplitRegionRequest.newBuilder();
                inside.forEach(key -> request.addSplitKeys(Bytes.of(key)));
                boolean done =
                        router.send(
                                        group.route(),
                                        backoff,
                                        (stub, context) ->
                                                stub.splitRegion(
                                                        request.setContext(context).build()),
                                        r -> r.getRegionError())
                                .isPresent();
                if (!done) {
                    again.addAll(inside);
                }
            }
            pending = again;
        }
    }

    /** Returns once no commit or rollback is under way behind its caller. */
    public void flush() {
        behind.acquireUninterruptibly(BEHIND_LIMIT);
        behind.release(BEHIND_LIMIT);
    }

    /** Waits for what is under way, as long as one call may take, then ends everything. */
    @Override
    public void close() {
        try {
            if (!behind.tryAcquire(
                    BEHIND_LIMIT, options.totalTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("closing with commits under way; readers will finish them");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        timer.shutdownNow();
        router.close();
        executor.shutdownNow();
    }

    // ---- for the classes of this package

    Router router() {
        return router;
    }

    ExecutorService executor() {
        return executor;
    }

    Backoff backoff(String what) {
        return new Backoff(what, options.totalTimeout());
    }

    /** Runs on a thread of its own. Waits first if too much is under way. */
    void behind(Runnable work) {
        behind.acquireUninterruptibly();
        boolean started = false;
        try {
            executor.execute(() -> {
                try {
                    work.run();
                } finally {
                    behind.release();
                }
            });
            started = true;
        } finally {
            if (!started) {
                behind.release();
            }
        }
    }

    /** Until cancelled. A failed run is left to the next one. */
    ScheduledFuture<?> every(long millis, Runnable work) {
        return timer.scheduleAtFixedRate(
                () ->
                        executor.execute(() -> {
                            try {
                                work.run();
                            } catch (ClusterException e) {
                                log.debug("heartbeat failed {}", e.getMessage());
                            }
                        }),
                millis,
                millis,
                TimeUnit.MILLISECONDS);
    }
}
