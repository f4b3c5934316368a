package io.garrick.server.wiring;

import io.garrick.kv.ClusterException;
import io.garrick.kv.PdClient;
import io.garrick.mergetree.TableStore;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the store's safepoint at PD's, the one of transactions. Reads below it are refused from
 * then on, and compaction may collect what only they would see.
 *
 * <p>A region that arrives as a snapshot lacks what the cluster has collected already. So the
 * safepoint is raised after an installation and before the region serves, for the whole store: a
 * bound of the region alone would be lost by its next split.
 */
final class SafepointFollower implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SafepointFollower.class);
    private static final Duration INTERVAL = Duration.ofSeconds(30);

    private final PdClient pd;
    private final TableStore store;
    private final Thread thread;

    SafepointFollower(PdClient pd, TableStore store) {
        this.pd = pd;
        this.store = store;
        this.thread = Thread.ofVirtual().name("safepoint").unstarted(this::loop);
    }

    void start() {
        thread.start();
    }

    /** Returns once the store refuses what PD no longer promises. */
    void follow() throws IOException {
        try {
            store.advanceSafepoint(pd.gcState().txnSafePoint());
        } catch (ClusterException e) {
            throw new IOException("the safepoint cannot be read from PD: " + e.getMessage(), e);
        }
    }

    private void loop() {
        try {
            while (true) {
                try {
                    follow();
                } catch (IOException e) {
                    log.warn("safepoint not followed, will be tried again", e);
                }
                Thread.sleep(INTERVAL);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
