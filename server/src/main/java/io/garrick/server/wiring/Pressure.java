package io.garrick.server.wiring;

import java.io.IOException;
import java.nio.file.FileStore;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this node asks the cluster to send less: its disk is nearly full, or too much is in
 * memory that has to be written first. It takes some room to get out of it again, so that it does
 * not flicker. Safe for use by many threads; looks at the world once a second at most.
 */
final class Pressure {
    private static final Logger log = LoggerFactory.getLogger(Pressure.class);
    private static final long LOOK_NANOS = 1_000_000_000L;
    private static final long MOST_RESERVE_BYTES = 2L << 30;

    private final LongSupplier freeBytes;
    private final LongSupplier unwrittenBytes;
    private final long reserveBytes;
    private final long memoryBytes;
    private final LongSupplier nanoClock;
    private long lookedNanos;
    private volatile boolean busy;

    /**
     * Looks at once.
     *
     * @param reserveBytes of the disk, to be left free
     * @param memoryBytes how much may wait in memory
     */
    Pressure(
            LongSupplier freeBytes,
            LongSupplier unwrittenBytes,
            long reserveBytes,
            long memoryBytes,
            LongSupplier nanoClock) {
        this.freeBytes = freeBytes;
        this.unwrittenBytes = unwrittenBytes;
        this.reserveBytes = reserveBytes;
        this.memoryBytes = memoryBytes;
        this.nanoClock = nanoClock;
        look(nanoClock.getAsLong());
    }

    /** A fiftieth of the disk, 2 GiB at most; half of the heap. */
    static Pressure of(FileStore disk, LongSupplier unwrittenBytes) throws IOException {
        return new Pressure(
                () -> {
                    try {
                        return disk.getUsableSpace();
                    } catch (IOException e) {
                        log.warn("free space unknown", e);
                        return Long.MAX_VALUE;
                    }
                },
                unwrittenBytes,
                Math.min(MOST_RESERVE_BYTES, disk.getTotalSpace() / 50),
                Runtime.getRuntime().maxMemory() / 2,
                System::nanoTime);
    }

    boolean busy() {
        long now = nanoClock.getAsLong();
        synchronized (this) {
            if (now - lookedNanos >= LOOK_NANOS) {
                look(now);
            }
        }
        return busy;
    }

    private void look(long now) {
        lookedNanos = now;
        long free = freeBytes.getAsLong();
        long unwritten = unwrittenBytes.getAsLong();
        boolean next =
                busy
                        ? free < reserveBytes + reserveBytes / 4
                                || unwritten > memoryBytes - memoryBytes / 4
                        : free < reserveBytes || unwritten > memoryBytes;
        if (next != busy) {
            busy = next;
            log.warn(
                    "{} freeBytes={} unwrittenBytes={}",
                    next ? "under pressure" : "pressure is over",
                    free,
                    unwritten);
        }
    }
}
