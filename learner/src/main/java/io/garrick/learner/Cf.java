package io.garrick.learner;

import java.util.Optional;

/** TiKV's column families that travel in raft commands and snapshots. */
public enum Cf {
    /** Values too long for a write record, at {@code key + ~start_ts}. */
    DEFAULT("default"),
    /** Locks, at {@code key}. */
    LOCK("lock"),
    /** Commit and rollback records, at {@code key + ~commit_ts}. */
    WRITE("write");

    private final String wireName;

    Cf(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    /** The family of that name in a command; the empty name means {@link #DEFAULT}. */
    public static Optional<Cf> parse(String wireName) {
        return switch (wireName) {
            case "", "default" -> Optional.of(DEFAULT);
            case "lock" -> Optional.of(LOCK);
            case "write" -> Optional.of(WRITE);
            default -> Optional.empty();
        };
    }
}
