package io.garrick.flashkv.pd;

import io.garrick.base.Timestamp;
import java.time.InstantSource;

/**
 * Hands out timestamps that strictly increase, also across restarts and when the clock jumps back.
 *
 * <p>A bound ahead of use is saved: every timestamp ever given has a physical part below the saved
 * bound, and a new oracle starts at that bound (tikv/pd {@code pkg/tso/tso.go}). Safe for use by
 * many threads.
 */
final class TsoOracle {
    /** How far ahead the bound is saved: one sync per so much time. */
    static final long WINDOW_MILLIS = 3_000;

    static final int MAX_COUNT = (1 << Timestamp.LOGICAL_BITS) - 1;

    /** Where the bound is kept; {@code save} returns once it survives a crash. */
    interface Window {
        long load();

        void save(long millis);
    }

    private final InstantSource clock;
    private final Window window;
    private long boundMillis;
    private long physicalMillis;
    private long logical;

    TsoOracle(InstantSource clock, Window window) {
        this.clock = clock;
        this.window = window;
        this.boundMillis = window.load();
        this.physicalMillis = boundMillis;
    }

    /** The last of {@code count} timestamps; they are the {@code count} up to and including it. */
    synchronized Timestamp take(int count) {
        if (count < 1 || count > MAX_COUNT) {
            throw new IllegalArgumentException("timestamp count " + count);
        }
        long now = clock.millis();
        if (now > physicalMillis) {
            physicalMillis = now;
            logical = 0;
        } else if (logical + count > MAX_COUNT) {
            physicalMillis++;
            logical = 0;
        }
        if (physicalMillis >= boundMillis) {
            long bound = physicalMillis + WINDOW_MILLIS;
            window.save(bound);
            boundMillis = bound;
        }
        logical += count;
        return Timestamp.of(physicalMillis, logical);
    }
}
