package io.garrick.raft;

/**
 * A promise of the protocol is broken: the input contradicts what this peer has stored, or the node
 * itself is wrong.
 *
 * <p>The node must not be used afterwards: the driver quarantines this region. Other regions go on.
 */
public final class RaftBrokenException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /** Which promise is broken. */
    public enum Reason {
        /**
         * The leader says that entries are committed which this log does not have: the log lost
         * acknowledged data.
         */
        COMMIT_BEYOND_LAST_INDEX,
        /** The leader sent an entry that differs from one committed here. */
        CONFLICT_WITH_COMMITTED,
        /**
         * Persisted state contradicts itself: commit outside the log, or a configuration that
         * cannot be.
         */
        BAD_STORED_STATE,
        /** A committed conf change cannot be applied to the current configuration. */
        BAD_CONF_CHANGE,
        /** The driver or this package broke its own rules. */
        MISUSE
    }

    private final Reason reason;

    RaftBrokenException(Reason reason, String message) {
        super(reason + ": " + message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
