package io.garrick.flashkv.txn;

import com.google.protobuf.ByteString;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;

/**
 * A raw value as it is stored. Without time to live the bytes are the value; with it, the value is
 * followed by the second at which it ends, 8 bytes big-endian, 0 for never (tikv/tikv {@code
 * components/api_version/src/api_v1ttl.rs}).
 *
 * @param expirySeconds since 1970; 0 for never
 */
record RawValue(ByteString value, long expirySeconds) {
    private static final int EXPIRY_BYTES = 8;

    static RawValue plain(byte[] stored) {
        return new RawValue(ByteString.copyFrom(stored), 0);
    }

    static RawValue withExpiry(byte[] stored) {
        if (stored.length < EXPIRY_BYTES) {
            throw new IllegalStateException("a raw value of " + stored.length + " bytes");
        }
        int length = stored.length - EXPIRY_BYTES;
        ByteReader in = new ByteReader(stored);
        byte[] value = in.bytes(length);
        return new RawValue(ByteString.copyFrom(value), in.longBe());
    }

    byte[] encodeWithExpiry() {
        return new ByteWriter(value.size() + EXPIRY_BYTES)
                .bytes(value.toByteArray())
                .longBe(expirySeconds)
                .toBytes();
    }

    boolean isLiveAt(long seconds) {
        return expirySeconds == 0 || Long.compareUnsigned(expirySeconds, seconds) > 0;
    }

    /** 0 for one that never ends. */
    long ttlAt(long seconds) {
        return expirySeconds == 0 ? 0 : expirySeconds - seconds;
    }
}
