package io.garrick.kv;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** Whether the transaction committed is not known: the answer to its commit was lost. */
public final class UndeterminedException extends KvException {
    @Serial private static final long serialVersionUID = 1L;

    UndeterminedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
