package io.garrick.flashkv.store;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.proto.meta.Region;
import java.util.Arrays;

/** Keys of replicated data on disk: {@code 'z'} and the encoded key. */
final class DataKeys {
    private static final byte PREFIX = 'z';

    private DataKeys() {}

    static byte[] of(byte[] encoded) {
        byte[] key = new byte[encoded.length + 1];
        key[0] = PREFIX;
        System.arraycopy(encoded, 0, key, 1, encoded.length);
        return key;
    }

    static byte[] of(ByteString encoded) {
        byte[] key = new byte[encoded.size() + 1];
        key[0] = PREFIX;
        encoded.copyTo(key, 1);
        return key;
    }

    /** An exclusive bound: an empty one lies behind all data. */
    static byte[] endOf(ByteString encoded) {
        return encoded.isEmpty() ? new byte[] {PREFIX + 1} : of(encoded);
    }

    /** {@link #endOf(ByteString)} for a {@link Key}. */
    static byte[] endOf(Key encoded) {
        return encoded.isEmpty() ? new byte[] {PREFIX + 1} : of(encoded.unsafeBytes());
    }

    static byte[] strip(byte[] dataKey) {
        return Arrays.copyOfRange(dataKey, 1, dataKey.length);
    }

    static KeyRange rangeOf(Region region) {
        return new KeyRange(
                Key.wrap(region.getStartKey().toByteArray()),
                Key.wrap(region.getEndKey().toByteArray()));
    }
}
