package io.garrick.codec.key;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;

/**
 * Byte strings written so that comparing the written bytes compares the strings.
 *
 * <p>Groups of eight data bytes, each followed by a marker: 0xff if more groups follow, else 0xff
 * minus the number of zero bytes that pad the last group. The descending form inverts every byte
 * (TiKV, components/codec/src/byte.rs).
 */
public final class Memcomparable {
    private static final int GROUP = 8;
    private static final int FULL = 0xff;
    private static final int SMALLEST_MARKER = FULL - GROUP;

    private Memcomparable() {}

    /** How long the encoding of {@code rawLength} bytes is. */
    public static int encodedLength(int rawLength) {
        return (rawLength / GROUP + 1) * (GROUP + 1);
    }

    public static byte[] encode(byte[] raw) {
        return encode(raw, 0, raw.length);
    }

    public static byte[] encode(byte[] raw, int from, int length) {
        byte[] out = new byte[encodedLength(length)];
        int to = 0;
        for (int done = 0; done <= length; done += GROUP) {
            int count = Math.min(GROUP, length - done);
            System.arraycopy(raw, from + done, out, to, count);
            out[to + GROUP] = (byte) (FULL - (GROUP - count));
            to += GROUP + 1;
        }
        return out;
    }

    public static Key encode(Key raw) {
        return Key.wrap(encode(raw.unsafeBytes()));
    }

    /** Both bounds encoded; an empty end stays "no bound". */
    public static KeyRange encode(KeyRange raw) {
        Key start = raw.start().isEmpty() ? Key.EMPTY : encode(raw.start());
        Key end = raw.end().isEmpty() ? Key.EMPTY : encode(raw.end());
        return new KeyRange(start, end);
    }

    public static byte[] encodeDescending(byte[] raw) {
        return inverted(encode(raw));
    }

    /** The raw bytes; fails if anything follows them. */
    public static byte[] decode(byte[] encoded) {
        ByteReader in = new ByteReader(encoded);
        byte[] raw = read(in);
        in.expectEnd();
        return raw;
    }

    public static Key decode(Key encoded) {
        return Key.wrap(decode(encoded.unsafeBytes()));
    }

    public static byte[] decodeDescending(byte[] encoded) {
        return decode(inverted(encoded));
    }

    /** Reads one string and leaves the cursor behind its last marker. */
    public static byte[] read(ByteReader in) {
        int length =
                encodedLengthAt(in.unsafeBytes(), in.position(), in.position() + in.remaining());
        ByteWriter out = new ByteWriter(length);
        for (int done = 0; done < length; done += GROUP + 1) {
            int at = in.skip(GROUP + 1);
            int marker = in.unsafeBytes()[at + GROUP] & 0xff;
            int count = GROUP - (FULL - marker);
            for (int i = count; i < GROUP; i++) {
                if (in.unsafeBytes()[at + i] != 0) {
                    throw new CodecException(at + i, "padding byte is not zero");
                }
            }
            out.bytes(in.unsafeBytes(), at, count);
        }
        return out.toBytes();
    }

    /**
     * How many bytes the string that starts at {@code from} takes, found by its markers; padding is
     * not checked.
     */
    public static int encodedLengthAt(byte[] bytes, int from, int limit) {
        int at = from;
        while (limit - at > GROUP) {
            int marker = bytes[at + GROUP] & 0xff;
            if (marker < SMALLEST_MARKER) {
                throw new CodecException(at + GROUP, "marker below 0xf7");
            }
            at += GROUP + 1;
            if (marker != FULL) {
                return at - from;
            }
        }
        throw new CodecException(at, "group of nine bytes is cut short");
    }

    private static byte[] inverted(byte[] bytes) {
        byte[] out = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            out[i] = (byte) ~bytes[i];
        }
        return out;
    }
}
