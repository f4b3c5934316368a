package io.garrick.kv;

import java.io.Serial;

/** An inserted key is already there. Nothing was written. */
public final class KeyExistsException extends KvException {
    @Serial private static final long serialVersionUID = 1L;

    KeyExistsException(String message) {
        super(message);
    }
}
