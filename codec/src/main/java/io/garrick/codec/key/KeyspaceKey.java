package io.garrick.codec.key;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;

/**
 * A raw key of API version 2: mode, keyspace id, then the key the user sees (TiKV,
 * components/api_version/src/keyspace.rs).
 */
public record KeyspaceKey(Mode mode, int keyspaceId, Key userKey) {
    /** Transactional or raw keys. */
    public enum Mode {
        TXN('x'),
        RAW('r');

        private final char prefix;

        Mode(char prefix) {
            this.prefix = prefix;
        }
    }

    private static final int PREFIX_BYTES = 4;

    public static KeyspaceKey parse(byte[] rawKey) {
        if (rawKey.length < PREFIX_BYTES) {
            throw new CodecException(0, "a keyspace prefix takes four bytes");
        }
        ByteReader in = new ByteReader(rawKey);
        Mode mode =
                switch (in.u8()) {
                    case 'x' -> Mode.TXN;
                    case 'r' -> Mode.RAW;
                    default -> throw new CodecException(0, "not a key of API version 2");
                };
        int keyspaceId = in.u8() << 16 | in.u16Be();
        return new KeyspaceKey(mode, keyspaceId, Key.wrap(in.rest()));
    }

    public Key toKey() {
        return Key.wrap(
                new ByteWriter()
                        .u8(mode.prefix)
                        .u8(keyspaceId >>> 16)
                        .u16Be(keyspaceId)
                        .bytes(userKey.unsafeBytes())
                        .toBytes());
    }
}
