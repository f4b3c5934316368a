package io.garrick.codec;

import java.util.Arrays;

/** Grows while bytes are appended. Used by one thread. */
public final class ByteWriter {
    private byte[] bytes;
    private int size;

    public ByteWriter() {
        this(64);
    }

    public ByteWriter(int expectedSize) {
        bytes = new byte[Math.max(16, expectedSize)];
    }

    public int size() {
        return size;
    }

    public void clear() {
        size = 0;
    }

    public byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    public ByteWriter u8(int value) {
        ensure(1);
        bytes[size++] = (byte) value;
        return this;
    }

    public ByteWriter u16Be(int value) {
        return u8(value >>> 8).u8(value);
    }

    public ByteWriter u16Le(int value) {
        return u8(value).u8(value >>> 8);
    }

    public ByteWriter intBe(int value) {
        return u16Be(value >>> 16).u16Be(value);
    }

    public ByteWriter intLe(int value) {
        return u16Le(value).u16Le(value >>> 16);
    }

    public ByteWriter longBe(long value) {
        return intBe((int) (value >>> 32)).intBe((int) value);
    }

    public ByteWriter longLe(long value) {
        return intLe((int) value).intLe((int) (value >>> 32));
    }

    public ByteWriter uvarint(long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            u8((int) (rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        return u8((int) rest);
    }

    public ByteWriter varint(long value) {
        return uvarint((value << 1) ^ (value >> 63));
    }

    public ByteWriter bytes(byte[] value) {
        return bytes(value, 0, value.length);
    }

    public ByteWriter bytes(byte[] value, int from, int count) {
        ensure(count);
        System.arraycopy(value, from, bytes, size, count);
        size += count;
        return this;
    }

    public ByteWriter compactBytes(byte[] value) {
        return varint(value.length).bytes(value);
    }

    private void ensure(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
        }
    }
}
