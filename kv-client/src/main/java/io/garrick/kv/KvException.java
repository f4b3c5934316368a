package io.garrick.kv;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A call on the KV cluster failed for good: refused, or not done within the time allowed. */
public sealed class KvException extends ClusterException
        permits WriteConflictException,
                KeyExistsException,
                TransactionAbortedException,
                UndeterminedException {
    @Serial private static final long serialVersionUID = 1L;

    KvException(String message) {
        super(message);
    }

    KvException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
