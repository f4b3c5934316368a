package io.garrick.flashkv.txn;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import java.util.List;

/** Raw keys of requests, encoded as they stand in the families. */
final class RawKeys {
    private RawKeys() {}

    static Key encoded(ByteString raw) {
        return Memcomparable.encode(Key.wrap(raw.toByteArray()));
    }

    static List<Key> encoded(List<ByteString> raw) {
        return raw.stream().map(RawKeys::encoded).toList();
    }

    static KeyRange range(ByteString rawStart, ByteString rawEnd) {
        return Memcomparable.encode(
                new KeyRange(Key.wrap(rawStart.toByteArray()), Key.wrap(rawEnd.toByteArray())));
    }
}
