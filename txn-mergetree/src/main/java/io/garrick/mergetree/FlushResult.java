package io.garrick.mergetree;

import java.util.List;

/**
 * What a flush made durable.
 *
 * @param fences the fences that moved
 * @param skippedTables tables that had rows but could not be flushed, because their schema is not
 *     known or too old; their rows stay readable through {@link TableStore#unflushedRows}
 */
public record FlushResult(List<Fence> fences, List<Long> skippedTables) {
    public FlushResult {
        fences = List.copyOf(fences);
        skippedTables = List.copyOf(skippedTables);
    }

    /** Whether every row in scope, appended before the flush began, is now durable. */
    public boolean complete() {
        return skippedTables.isEmpty();
    }
}
