package io.garrick.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A cursor over bytes that never reads past its limit.
 *
 * <p>Used by one thread. The bytes are borrowed and must not change meanwhile.
 */
public final class ByteReader {
    private static final VarHandle LONG_BE =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG_LE =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT_BE =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT_LE =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private final int limit;
    private int position;

    public ByteReader(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    /** Reads {@code bytes} from {@code from} (included) to {@code limit} (excluded). */
    public ByteReader(byte[] bytes, int from, int limit) {
        if (from < 0 || from > limit || limit > bytes.length) {
            throw new IllegalArgumentException(from + ".." + limit + " of " + bytes.length);
        }
        this.bytes = bytes;
        this.position = from;
        this.limit = limit;
    }

    public int position() {
        return position;
    }

    public int remaining() {
        return limit - position;
    }

    public boolean hasRemaining() {
        return position < limit;
    }

    /** The bytes under the cursor, for readers that promise not to change them. */
    public byte[] unsafeBytes() {
        return bytes;
    }

    public CodecException malformed(String reason) {
        return new CodecException(position, reason);
    }

    /** Moves over {@code count} bytes and returns where they start. */
    public int skip(long count) {
        if (count < 0 || count > remaining()) {
            throw malformed("need " + count + " bytes, have " + remaining());
        }
        int start = position;
        position += (int) count;
        return start;
    }

    /** Fails unless everything was read. */
    public void expectEnd() {
        if (hasRemaining()) {
            throw malformed(remaining() + " bytes left over");
        }
    }

    public int peekU8() {
        if (!hasRemaining()) {
            throw malformed("need 1 byte, have 0");
        }
        return bytes[position] & 0xff;
    }

    public int u8() {
        return bytes[skip(1)] & 0xff;
    }

    public int u16Be() {
        int at = skip(2);
        return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
    }

    public int u16Le() {
        int at = skip(2);
        return (bytes[at + 1] & 0xff) << 8 | (bytes[at] & 0xff);
    }

    public int intBe() {
        return (int) INT_BE.get(bytes, skip(4));
    }

    public int intLe() {
        return (int) INT_LE.get(bytes, skip(4));
    }

    public long u32Le() {
        return Integer.toUnsignedLong(intLe());
    }

    public long longBe() {
        return (long) LONG_BE.get(bytes, skip(8));
    }

    public long longLe() {
        return (long) LONG_LE.get(bytes, skip(8));
    }

    public byte[] bytes(long count) {
        int at = skip(count);
        return Arrays.copyOfRange(bytes, at, at + (int) count);
    }

    public byte[] rest() {
        return bytes(remaining());
    }

    /** Base-128, low group first, at most ten bytes; the same as a protobuf uint64. */
    public long uvarint() {
        long value = 0;
        for (int index = 0; index < 10; index++) {
            int next = u8();
            if (index == 9 && next > 1) {
                throw new CodecException(position - 1, "varint longer than 64 bits");
            }
            value |= (long) (next & 0x7f) << (7 * index);
            if (next < 0x80) {
                return value;
            }
        }
        throw malformed("varint longer than ten bytes");
    }

    /** Zig-zag {@link #uvarint}; the same as a protobuf sint64. */
    public long varint() {
        long raw = uvarint();
        return (raw >>> 1) ^ -(raw & 1);
    }

    /** Bytes after a zig-zag length ("compact bytes"). */
    public byte[] compactBytes() {
        long length = varint();
        return bytes(length);
    }
}
