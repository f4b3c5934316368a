package io.garrick.kv;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The transaction was rolled back, by itself or by a reader that found its locks expired. */
public final class TransactionAbortedException extends KvException {
    @Serial private static final long serialVersionUID = 1L;

    TransactionAbortedException(String message) {
        super(message);
    }

    TransactionAbortedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
