package io.garrick.server.transfer;

import io.garrick.base.Timestamp;
import io.garrick.kv.PdClient;
import io.garrick.server.UserError;
import java.time.Duration;
import java.util.UUID;

/** Keeps PD from collecting versions that a long read needs, until it is closed. */
public final class SafepointHold implements AutoCloseable {
    private static final Duration TTL = Duration.ofMinutes(5);
    private static final Duration RENEWAL = Duration.ofMinutes(1);

    private final PdClient pd;
    private final Timestamp ts;
    private final String service = "garrick-export-" + UUID.randomUUID();
    private final Thread renewal;

    /**
     * Takes hold.
     *
     * @throws UserError versions at {@code ts} may be gone already
     */
    public SafepointHold(PdClient pd, Timestamp ts) {
        this.pd = pd;
        this.ts = ts;
        Timestamp least = pd.updateServiceGcSafePoint(service, TTL, ts);
        if (least.compareTo(ts) > 0) {
            throw new UserError("versions at " + ts + " may be gone: PD's safepoint is " + least);
        }
        this.renewal = Thread.ofPlatform().name("safepoint-hold").daemon().start(this::renew);
    }

    private void renew() {
        try {
            while (true) {
                Thread.sleep(RENEWAL);
                try {
                    pd.updateServiceGcSafePoint(service, TTL, ts);
                } catch (RuntimeException later) {
                    // The hold lasts for several renewals.
                    System.err.println("garrick: safepoint not renewed: " + later.getMessage());
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        renewal.interrupt();
        pd.updateServiceGcSafePoint(service, Duration.ZERO, ts);
    }
}
