package io.garrick.base;

import java.io.IOException;

/**
 * The power of a simulated machine. Everything of the machine that changes what is durable asks
 * here first, so that a test can enumerate these moments and cut the power, or let a call fail, at
 * any of them.
 *
 * <p>One machine has one power; after a cut every later step fails, until the test builds the next
 * machine from what survived. Thread-safe.
 */
public final class SimPower {
    private long steps;
    private long cutAt = Long.MAX_VALUE;
    private long failAt = Long.MAX_VALUE;

    /** The machine is off: nothing more reaches a disk. */
    public static final class PowerLostException extends IOException {
        private static final long serialVersionUID = 1L;

        PowerLostException(String what) {
            super("simulated power cut at " + what);
        }
    }

    /** Steps so far. */
    public synchronized long steps() {
        return steps;
    }

    /** Cuts the power before the n-th step from now; n = 0 is the next one. */
    public synchronized void cutAfter(long count) {
        cutAt = steps + count;
    }

    /** Lets only the n-th step from now fail; n = 0 is the next one. */
    public synchronized void failAfter(long count) {
        failAt = steps + count;
    }

    public synchronized boolean isCut() {
        return steps >= cutAt;
    }

    synchronized void step(String what) throws IOException {
        if (steps >= cutAt) {
            throw new PowerLostException(what);
        }
        if (steps++ == failAt) {
            throw new IOException("simulated failure of " + what);
        }
    }
}
