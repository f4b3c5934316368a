package io.garrick.flashkv.txn;

import io.garrick.base.KeyRange;
import io.garrick.flashkv.kv.ClusterView;
import io.garrick.flashkv.kv.ReadIndexObserver;
import io.garrick.flashkv.kv.RegionKv;
import io.garrick.flashkv.kv.TransactionLayer;
import io.grpc.BindableService;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The transaction layer of one store. */
public final class Transactions implements TransactionLayer {
    private static final Logger log = LoggerFactory.getLogger(Transactions.class);

    private static final Duration GC_INTERVAL = Duration.ofSeconds(10);

    private final ConcurrencyManager concurrency;
    private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
    private final DeadlockClient deadlocks;
    private final GcWorker gc;
    private final KvService service;

    /**
     * How a whole cluster is used, from its first start on.
     *
     * @param rawTtl whether raw values carry their end; such a cluster keeps no transactions
     */
    public record Options(boolean rawTtl) {
        public static final Options DEFAULT = new Options(false);
    }

    /** Serves whatever {@code regions} lead, now or later. */
    public Transactions(RegionKv regions, ClusterView cluster, Options options) {
        InstantSource clock = InstantSource.system();
        Regions access = new Regions(regions);
        Regions transactional =
                options.rawTtl()
                        ? Regions.closed(regions, "raw values have a time to live: no transactions")
                        : access;
        this.concurrency = new ConcurrencyManager(cluster::timestamp);
        this.deadlocks = new DeadlockClient(cluster, clock);
        TxnCommands commands =
                TxnCommands.over(transactional, concurrency, new LockWaits(), deadlocks);
        this.gc = new GcWorker(cluster, transactional, commands.gc(), GC_INTERVAL);
        if (!options.rawTtl()) {
            gc.start();
        }
        this.service = new KvService(commands, new RawKv(access, options.rawTtl(), clock), calls);
    }

    @Override
    public BindableService kvMethods() {
        return service;
    }

    @Override
    public List<BindableService> services() {
        return List.of(deadlocks.detector());
    }

    /** Key ranges that are missing stand for the whole region. */
    @Override
    public ReadIndexObserver readIndexObserver() {
        return (long _, long startTs, List<KeyRange> ranges) -> {
            concurrency.observe(startTs);
            for (KeyRange range : ranges.isEmpty() ? List.of(KeyRange.ALL) : ranges) {
                Optional<ConcurrencyManager.Blocked> blocked =
                        concurrency.read(range, startTs, Set.of());
                if (blocked.isPresent()) {
                    return new ReadIndexObserver.Verdict.Locked(
                            KeyErrors.lockInfo(blocked.get().key(), blocked.get().lock()));
                }
            }
            return new ReadIndexObserver.Verdict.Clear(concurrency.holdsNone());
        };
    }

    @Override
    public void close() {
        gc.close();
        deadlocks.close();
        calls.shutdown();
        try {
            if (!calls.awaitTermination(10, TimeUnit.SECONDS)) {
                log.warn("kv calls still running at close");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
