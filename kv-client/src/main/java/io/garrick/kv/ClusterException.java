package io.garrick.kv;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A call on the cluster failed for good: at PD, or at its stores. */
public abstract sealed class ClusterException extends RuntimeException
        permits KvException, PdException {
    @Serial private static final long serialVersionUID = 1L;

    ClusterException(String message) {
        super(message);
    }

    ClusterException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
