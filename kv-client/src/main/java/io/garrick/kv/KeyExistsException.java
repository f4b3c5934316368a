package io.garrick.kv;

import io.garrick.base.Key;
import java.io.Serial;

/** An inserted key is already there. Nothing was written. */
public final class KeyExistsException extends KvException {
    @Serial private static final long serialVersionUID = 1L;

    private final transient Key key;

    KeyExistsException(String message, Key key) {
        super(message);
        this.key = key;
    }

    /** The raw key that exists. */
    public Key key() {
        return key;
    }
}
