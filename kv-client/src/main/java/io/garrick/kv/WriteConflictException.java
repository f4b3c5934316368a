package io.garrick.kv;

import java.io.Serial;

/** Another transaction wrote one of the keys after this one started. Nothing was written. */
public final class WriteConflictException extends KvException {
    @Serial private static final long serialVersionUID = 1L;

    WriteConflictException(String message) {
        super(message);
    }
}
