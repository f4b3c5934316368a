package io.garrick.flashkv.pd;

/**
 * Ids for stores, regions, peers and members: never 0, never twice. An upper bound is saved ahead
 * of use, so a crash skips ids and never repeats one. Safe for use by many threads.
 */
final class IdAllocator {
    /** Ids per sync, as in tikv/pd {@code pkg/id/id.go}. */
    private static final long STEP = 1_000;

    private static final String NAME = "alloc_id";

    private final PdMeta meta;
    private long last;
    private long bound;

    IdAllocator(PdMeta meta) {
        this.meta = meta;
        this.bound = meta.number(NAME);
        this.last = bound;
    }

    long next() {
        return lastOf(1);
    }

    /** The last of {@code count} fresh ids. */
    synchronized long lastOf(long count) {
        if (count < 1) {
            throw new IllegalArgumentException("id count " + count);
        }
        if (last + count > bound) {
            long raised = last + count + STEP;
            meta.saveNumber(NAME, raised);
            bound = raised;
        }
        last += count;
        return last;
    }
}
