package io.garrick.codec.key;

import io.garrick.base.Key;
import io.garrick.codec.CodecException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * An encoded key with a ts: start ts in the default column family, commit ts in write.
 *
 * <p>The ts is stored inverted, so the newest version of a key sorts first (TiKV,
 * components/txn_types/src/types.rs).
 */
public record MvccKey(Key encodedKey, long ts) {
    public static final int TS_BYTES = 8;

    /** {@code encodedKey} followed by the inverted ts. */
    public static byte[] append(byte[] encodedKey, long ts) {
        return ByteBuffer.allocate(encodedKey.length + TS_BYTES)
                .put(encodedKey)
                .putLong(~ts)
                .array();
    }

    public static Key append(Key encodedKey, long ts) {
        return Key.wrap(append(encodedKey.unsafeBytes(), ts));
    }

    public static MvccKey split(byte[] mvccKey) {
        long ts = tsOf(mvccKey);
        return new MvccKey(Key.wrap(Arrays.copyOf(mvccKey, mvccKey.length - TS_BYTES)), ts);
    }

    public static MvccKey split(Key mvccKey) {
        return split(mvccKey.unsafeBytes());
    }

    public static long tsOf(byte[] mvccKey) {
        if (mvccKey.length < TS_BYTES) {
            throw new CodecException(0, "need 8 bytes for a ts, have " + mvccKey.length);
        }
        return ~ByteBuffer.wrap(mvccKey).getLong(mvccKey.length - TS_BYTES);
    }
}
