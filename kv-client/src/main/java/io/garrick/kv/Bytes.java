package io.garrick.kv;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.garrick.base.Key;

/** Between our keys and protobuf's byte strings, without copies where both sides are immutable. */
final class Bytes {
    private Bytes() {}

    static ByteString of(Key key) {
        return UnsafeByteOperations.unsafeWrap(key.unsafeBytes());
    }

    /** The array must not change afterwards. */
    static ByteString wrap(byte[] value) {
        return UnsafeByteOperations.unsafeWrap(value);
    }

    static Key key(ByteString bytes) {
        return Key.wrap(bytes.toByteArray());
    }
}
