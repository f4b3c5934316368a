package io.garrick.codec.row;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/** A buffer that grows, so that a value costs no allocation. One per decoding call. */
final class Scratch {
    private byte[] bytes = new byte[256];

    byte[] copy(MemorySegment segment, long at, int length) {
        if (bytes.length < length) {
            bytes = new byte[Math.max(length, bytes.length * 2)];
        }
        MemorySegment.copy(segment, JAVA_BYTE, at, bytes, 0, length);
        return bytes;
    }
}
