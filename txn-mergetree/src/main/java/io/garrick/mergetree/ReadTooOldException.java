package io.garrick.mergetree;

import io.garrick.base.Timestamp;

/** Versions that the read needs may have been collected: it is older than the safepoint. */
public final class ReadTooOldException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ReadTooOldException(Timestamp ts, Timestamp safepoint) {
        super("read ts " + ts.value() + " is below the safepoint " + safepoint.value());
    }
}
