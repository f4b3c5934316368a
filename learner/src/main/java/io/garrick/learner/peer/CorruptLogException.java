package io.garrick.learner.peer;

import java.io.Serial;

/**
 * The raft log of one region lacks an entry or has a damaged one; other regions are not touched.
 */
final class CorruptLogException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    CorruptLogException(long regionId, String what) {
        super("raft log of region " + regionId + ": " + what);
    }
}
