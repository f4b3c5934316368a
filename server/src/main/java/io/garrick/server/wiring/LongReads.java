package io.garrick.server.wiring;

import io.garrick.base.Timestamp;
import io.garrick.kv.ClusterException;
import io.garrick.kv.PdClient;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks PD to keep old versions while reads of them go on for long, such as exports.
 *
 * <p>What a read has pinned stays here in any case. But the cluster would move its safepoint past
 * the read, and a table that the read opens later could not be read at its ts any more.
 */
final class LongReads implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LongReads.class);
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final Duration TTL = Duration.ofMinutes(5);

    /** PD's side of it. */
    interface Hold {
        /** False if PD has let go of that ts already. */
        boolean from(Timestamp ts);

        void end();
    }

    private record Read(Timestamp ts, long sinceNanos) {}

    private final Hold hold;
    private final LongSupplier nanoClock;
    private final Map<Long, Read> reads = new ConcurrentHashMap<>();
    private final AtomicLong ids = new AtomicLong();
    private final Thread thread;
    private boolean held; // the thread's own

    LongReads(Hold hold, LongSupplier nanoClock) {
        this.hold = hold;
        this.nanoClock = nanoClock;
        this.thread = Thread.ofVirtual().name("long-reads").unstarted(this::loop);
    }

    static LongReads at(PdClient pd, String id) {
        return new LongReads(
                new Hold() {
                    @Override
                    public boolean from(Timestamp ts) {
                        return pd.holdGc(id, ts, TTL);
                    }

                    @Override
                    public void end() {
                        pd.releaseGc(id);
                    }
                },
                System::nanoTime);
    }

    void start() {
        thread.start();
    }

    /** A read at {@code ts} is open until the handle is run; running it twice does no harm. */
    Runnable open(Timestamp ts) {
        long id = ids.incrementAndGet();
        reads.put(id, new Read(ts, nanoClock.getAsLong()));
        return () -> reads.remove(id);
    }

    /** One look: holds at the oldest ts of a long read, or lets go. */
    void look() {
        long now = nanoClock.getAsLong();
        Timestamp oldest = null;
        for (Read read : reads.values()) {
            if (now - read.sinceNanos >= LONG.toNanos() && isOlder(read.ts, oldest)) {
                oldest = read.ts;
            }
        }
        if (oldest != null) {
            held = true;
            if (!hold.from(oldest)) {
                log.warn("PD has let go of a ts that is still read ts={}", oldest);
            }
        } else if (held) {
            hold.end();
            held = false;
        }
    }

    private static boolean isOlder(Timestamp ts, @Nullable Timestamp than) {
        return than == null || Long.compareUnsigned(ts.value(), than.value()) < 0;
    }

    private void loop() {
        try {
            while (true) {
                Thread.sleep(INTERVAL);
                try {
                    look();
                } catch (ClusterException e) {
                    log.warn("PD does not hold old versions, will be tried again", e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What PD holds ends by itself. */
    @Override
    public void close() {
        thread.interrupt();
    }
}
