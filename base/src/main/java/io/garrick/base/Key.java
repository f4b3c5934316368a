package io.garrick.base;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * An immutable byte string ordered as unsigned bytes.
 *
 * <p>Which encoding the bytes are in (raw, memcomparable, with a ts) is said where the key is used.
 */
public final class Key implements Comparable<Key> {
    public static final Key EMPTY = new Key(new byte[0]);

    private final byte[] bytes;

    private Key(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Copies {@code bytes}. */
    public static Key of(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new Key(bytes.clone());
    }

    /** Takes {@code ownedBytes} without a copy; the caller must not change them afterwards. */
    public static Key wrap(byte[] ownedBytes) {
        return ownedBytes.length == 0 ? EMPTY : new Key(ownedBytes);
    }

    public static Key ofHex(String hex) {
        return wrap(HexFormat.of().parseHex(hex));
    }

    public int length() {
        return bytes.length;
    }

    public boolean isEmpty() {
        return bytes.length == 0;
    }

    public byte byteAt(int index) {
        return bytes[index];
    }

    /** A fresh copy of the bytes. */
    public byte[] toBytes() {
        return bytes.clone();
    }

    /** The bytes themselves, for readers that promise not to change them. */
    public byte[] unsafeBytes() {
        return bytes;
    }

    public boolean startsWith(Key prefix) {
        return bytes.length >= prefix.bytes.length
                && Arrays.equals(
                        bytes, 0, prefix.bytes.length, prefix.bytes, 0, prefix.bytes.length);
    }

    /**
     * The smallest key greater than every key that starts with this one; empty (no bound) if all
     * bytes are 0xff.
     */
    public Key prefixEnd() {
        for (int i = bytes.length - 1; i >= 0; i--) {
            if (bytes[i] != (byte) 0xff) {
                byte[] end = Arrays.copyOf(bytes, i + 1);
                end[i]++;
                return new Key(end);
            }
        }
        return EMPTY;
    }

    @Override
    public int compareTo(Key other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Key key && Arrays.equals(bytes, key.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /** Lower-case hex. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(bytes);
    }
}
