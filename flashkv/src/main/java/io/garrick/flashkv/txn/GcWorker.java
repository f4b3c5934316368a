package io.garrick.flashkv.txn;

import io.garrick.flashkv.kv.ClusterView;
import io.garrick.proto.kvrpc.Context;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows PD's safe point: each time it has moved, the regions led from here lose their old
 * versions, one after the other. What a lost region or a failure leaves behind goes the next time.
 */
final class GcWorker implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(GcWorker.class);

    private final ClusterView cluster;
    private final Regions regions;
    private final VersionGc gc;
    private final Duration interval;
    private final Thread thread;
    private long done;

    GcWorker(ClusterView cluster, Regions regions, VersionGc gc, Duration interval) {
        this.cluster = cluster;
        this.regions = regions;
        this.gc = gc;
        this.interval = interval;
        this.thread = Thread.ofVirtual().name("flashkv-gc").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(interval);
                try {
                    round();
                } catch (RuntimeException e) {
                    log.debug("gc round failed", e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void round() {
        long safePoint = cluster.gcSafePoint();
        if (Long.compareUnsigned(safePoint, done) <= 0) {
            return;
        }
        long removed = 0;
        for (Context led : regions.led()) {
            try {
                removed += gc.collect(led, safePoint);
            } catch (Regions.Refusal refusal) {
                log.debug("gc skipped regionId={}: {}", led.getRegionId(), refusal.getMessage());
            }
        }
        done = safePoint;
        log.info("old versions removed safePoint={} records={}", safePoint, removed);
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
