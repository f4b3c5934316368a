package io.garrick.mergetree;

/**
 * Mistakes that the simulation asks for, to prove that it would find them. A store in production
 * has none.
 */
public enum PlantedBug {
    /** A compaction's output lacks the kills that its inputs got while it was written. */
    SKIP_KILL_REMAP,
    /** Purged rows and second copies take part in resolution as if they were versions. */
    DEAD_ROWS_ARE_VERSIONS,
    /** Rows at or below their fence enter memtables again. */
    NO_FENCE,
    /** A flush moves its fences to its first rows instead of its last. */
    FIRST_ROW_FENCE,
    /** A version that is there already is shown twice. */
    NO_DUPLICATE_CHECK
}
