package io.garrick.kv;

import io.garrick.base.Key;

/** A raw key and its value as of a timestamp. */
public final class KvEntry {
    private final Key key;
    private final byte[] value;

    KvEntry(Key key, byte[] value) {
        this.key = key;
        this.value = value;
    }

    public Key key() {
        return key;
    }

    /** The array itself; it belongs to the receiver of the entry. */
    public byte[] value() {
        return value;
    }
}
