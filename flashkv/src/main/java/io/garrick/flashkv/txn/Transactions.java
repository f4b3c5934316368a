package io.garrick.flashkv.txn;

import io.garrick.base.KeyRange;
import io.garrick.flashkv.kv.ReadIndexObserver;
import io.garrick.flashkv.kv.RegionKv;
import io.garrick.flashkv.kv.TransactionLayer;
import io.grpc.BindableService;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The transaction layer of one store. */
public final class Transactions implements TransactionLayer {
    private static final Logger log = LoggerFactory.getLogger(Transactions.class);

    private final ConcurrencyManager concurrency = new ConcurrencyManager();
    private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
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
    public Transactions(RegionKv regions, Options options) {
        Regions access = new Regions(regions);
        Regions transactional =
                options.rawTtl()
                        ? Regions.closed(regions, "raw values have a time to live: no transactions")
                        : access;
        this.service =
                new KvService(
                        new Percolator(transactional, concurrency),
                        new RawKv(access, options.rawTtl(), InstantSource.system()),
                        calls);
    }

    @Override
    public BindableService kvMethods() {
        return service;
    }

    /**
     * No lock is ever held in memory only, so the answer is always clear; what counts is that
     * max_ts is raised.
     */
    @Override
    public ReadIndexObserver readIndexObserver() {
        return (long _, long startTs, List<KeyRange> _) -> {
            concurrency.observe(startTs);
            return new ReadIndexObserver.Verdict.Clear(true);
        };
    }

    @Override
    public void close() {
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
