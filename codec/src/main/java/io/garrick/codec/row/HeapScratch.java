package io.garrick.codec.row;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Native copies of values that lie on the heap. Addresses stay valid until {@link #clear}. Used by
 * one thread, which closes it.
 */
final class HeapScratch implements AutoCloseable {
    private static final int SMALLEST_BYTES = 16 << 10;
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    private @Nullable Arena arena;
    private long start;
    private long next;
    private long end;

    static long longAt(byte[] bytes, int at) {
        return (long) LONG.get(bytes, at);
    }

    static int intAt(byte[] bytes, int at) {
        return (int) INT.get(bytes, at);
    }

    static short shortAt(byte[] bytes, int at) {
        return (short) SHORT.get(bytes, at);
    }

    void clear() {
        next = start;
    }

    /** Where the copy lies, with slack behind it. */
    long put(byte[] bytes, int from, int length) {
        long to = room(length);
        if (length <= Long.BYTES && from + Long.BYTES <= bytes.length) {
            Memory.ALL.set(Memory.LONG, to, longAt(bytes, from));
        } else {
            MemorySegment.copy(bytes, from, Memory.ALL, Memory.BYTE, to, length);
        }
        return to;
    }

    long put(long value) {
        long to = room(Long.BYTES);
        Memory.ALL.set(Memory.LONG, to, value);
        return to;
    }

    private long room(int length) {
        long bytes = (length + Long.BYTES - 1L) & -Long.BYTES;
        if (bytes == 0) {
            bytes = Long.BYTES;
        }
        if (next + bytes + Memory.SLACK_BYTES > end) {
            grow(bytes + Memory.SLACK_BYTES);
        }
        long to = next;
        next += bytes;
        return to;
    }

    /** Older pieces stay until the end: addresses into them may be in use. */
    private void grow(long least) {
        if (arena == null) {
            arena = Arena.ofConfined();
        }
        long bytes = Math.max(Math.max(least, SMALLEST_BYTES), 2 * (end - start));
        start = arena.allocate(bytes, Long.BYTES).address();
        next = start;
        end = start + bytes;
    }

    @Override
    public void close() {
        if (arena != null) {
            arena.close();
        }
    }
}
