package io.garrick.learner.peer;

import java.util.concurrent.atomic.LongAdder;

/** What has happened since the process started. Safe for use by many threads. */
public final class Counters {
    final LongAdder entriesApplied = new LongAdder();
    final LongAdder messagesReceived = new LongAdder();
    private final Refusals refusals = new Refusals();
    final LongAdder snapshotsInstalled = new LongAdder();
    final LongAdder regionsQuarantined = new LongAdder();

    public long entriesApplied() {
        return entriesApplied.sum();
    }

    public long messagesReceived() {
        return messagesReceived.sum();
    }

    public long messagesRefused() {
        return refusals.total();
    }

    public Refusals refusals() {
        return refusals;
    }

    public long snapshotsInstalled() {
        return snapshotsInstalled.sum();
    }

    public long regionsQuarantined() {
        return regionsQuarantined.sum();
    }
}
