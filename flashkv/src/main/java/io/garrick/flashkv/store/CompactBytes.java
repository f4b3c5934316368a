package io.garrick.flashkv.store;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Byte strings behind a zig-zag varint length: TiKV's {@code encode_compact_bytes}. */
final class CompactBytes {
    private CompactBytes() {}

    static void write(OutputStream out, byte[] bytes) throws IOException {
        long length = (long) bytes.length << 1;
        while (length >= 0x80) {
            out.write((int) (length & 0x7f) | 0x80);
            length >>>= 7;
        }
        out.write((int) length);
        out.write(bytes);
    }

    static byte[] read(InputStream in) throws IOException {
        long zigzag = 0;
        for (int shift = 0; ; shift += 7) {
            int next = in.read();
            if (next < 0 || shift > 35) {
                throw new EOFException("a length is cut off or too long");
            }
            zigzag |= (long) (next & 0x7f) << shift;
            if (next < 0x80) {
                break;
            }
        }
        int length = Math.toIntExact(zigzag >>> 1);
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("%d of %d bytes".formatted(bytes.length, length));
        }
        return bytes;
    }
}
