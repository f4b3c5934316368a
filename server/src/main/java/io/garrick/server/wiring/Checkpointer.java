package io.garrick.server.wiring;

import io.garrick.mergetree.FlushScope;
import io.garrick.mergetree.TableStore;
import io.garrick.regioncache.CommittedRows;
import io.garrick.regioncache.RegionCache;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes applied state durable, again and again, and merges parts in between. One thread.
 *
 * <p>Order: parts and their fences first, then the region cache, which keeps what the fences do not
 * cover. A crash between the two only means that replay meets rows it has already, and drops them.
 */
final class Checkpointer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Checkpointer.class);
    private static final int COMPACTIONS_PER_ROUND = 8;

    private final TableStore store;
    private final RegionCache cache;
    private final CommittedRows.Fences fences;
    private final Duration interval;
    private final Thread thread;
    private volatile boolean stopping;

    Checkpointer(
            TableStore store, RegionCache cache, CommittedRows.Fences fences, Duration interval) {
        this.store = store;
        this.fences = fences;
        this.cache = cache;
        this.interval = interval;
        this.thread = Thread.ofPlatform().name("checkpoint").unstarted(this::loop);
    }

    void start() {
        thread.start();
    }

    private void loop() {
        while (!stopping) {
            try {
                Thread.sleep(interval);
                checkpoint();
                for (int i = 0; i < COMPACTIONS_PER_ROUND && !stopping; i++) {
                    if (!store.compactOnce()) {
                        break;
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (IOException | RuntimeException e) {
                // What is applied stays in memory and in the raft log; the next round tries again.
                log.error("checkpoint failed", e);
            }
        }
    }

    private synchronized void checkpoint() throws IOException {
        store.flush(new FlushScope.WorthAPart());
        cache.checkpoint(fences);
    }

    /** Stops after a last checkpoint, so that the next start has little to replay. */
    @Override
    public void close() {
        stopping = true;
        thread.interrupt();
        try {
            thread.join();
            checkpoint();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            log.error("last checkpoint failed", e);
        }
    }
}
