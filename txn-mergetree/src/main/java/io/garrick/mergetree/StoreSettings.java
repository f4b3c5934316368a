package io.garrick.mergetree;

import java.time.Duration;

/**
 * When memtables become parts, and parts are merged.
 *
 * @param flushRows a memtable with this many rows is worth a part
 * @param flushBytes a memtable with this many row bytes is worth a part
 * @param flushAge a memtable older than this is worth a part
 * @param maxPartRows compaction builds no larger part
 * @param ingestPartRows a bulk load cuts its parts at this many rows
 * @param ingestPartBytes a bulk load cuts its parts at this many raw row bytes
 * @param compactionFanIn parts of similar size that make a merge worthwhile
 * @param garbageThreshold share of reclaimable rows that makes rewriting a part worthwhile
 */
public record StoreSettings(
        int flushRows,
        long flushBytes,
        Duration flushAge,
        int maxPartRows,
        int ingestPartRows,
        long ingestPartBytes,
        int compactionFanIn,
        double garbageThreshold) {
    public static StoreSettings defaults() {
        return new StoreSettings(
                1 << 14, 8L << 20, Duration.ofMinutes(10), 1 << 22, 1 << 20, 256L << 20, 8, 0.3);
    }
}
