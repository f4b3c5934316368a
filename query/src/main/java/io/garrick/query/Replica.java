package io.garrick.query;

import io.garrick.base.Timestamp;
import io.garrick.codec.schema.TableSchema;

/** The columnar replica that queries read. Any thread may call it. */
public interface Replica {
    /**
     * A timestamp at or above every transaction that was acknowledged before the call.
     *
     * @throws NotReadyException no timestamp can be had now
     */
    Timestamp currentTimestamp() throws NotReadyException;

    /** Reads below it are refused: versions they need may be gone. */
    Timestamp safepoint();

    /**
     * Databases and tables as of {@code ts}.
     *
     * @throws NotReadyException the schema is not known at {@code ts} yet
     */
    Catalog catalog(Timestamp ts) throws NotReadyException;

    /**
     * Opens all rows of {@code table}, of all its partitions, as of {@code ts}. Returns once it is
     * proved that everything committed up to {@code ts} is here; may wait for it as long as {@code
     * options} allow. The caller closes the view.
     *
     * @throws NotReadyException that could not be proved in time; the same read may succeed later
     */
    TableView open(TableSchema table, Timestamp ts, ReadOptions options) throws NotReadyException;

    /** About how many rows {@code table} has: the planner orders joins by it. */
    default long estimatedRows(TableSchema table) {
        return 100_000;
    }
}
