package io.garrick.mergetree.mvcc;

import java.nio.ByteBuffer;

/**
 * Kills as bytes: count, row distances, end differences, all as varints (the last zigzag). A kill
 * close to its neighbours takes 2 to 5 bytes. Whoever stores the bytes protects them by a checksum.
 */
public final class KillCodec {
    private static final int MAX_BYTES_PER_KILL = 15;

    private KillCodec() {}

    public static byte[] encode(KillBuffer kills) {
        KillBuffer sorted = kills.normalized();
        ByteBuffer out = ByteBuffer.allocate(5 + sorted.count() * MAX_BYTES_PER_KILL);
        putVarint(out, sorted.count());
        int row = 0;
        for (int i = 0; i < sorted.count(); i++) {
            putVarint(out, sorted.row(i) - row);
            row = sorted.row(i);
        }
        long end = 0;
        for (int i = 0; i < sorted.count(); i++) {
            long difference = sorted.end(i) - end;
            putVarint(out, difference << 1 ^ difference >> 63);
            end = sorted.end(i);
        }
        byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        return bytes;
    }

    public static KillBuffer decode(byte[] bytes) {
        KillBuffer kills = new KillBuffer();
        if (bytes.length == 0) {
            return kills;
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int[] rows = new int[(int) varint(in)];
        int row = 0;
        for (int i = 0; i < rows.length; i++) {
            row += (int) varint(in);
            rows[i] = row;
        }
        long end = 0;
        for (int killed : rows) {
            long zigzag = varint(in);
            end += zigzag >>> 1 ^ -(zigzag & 1);
            kills.add(killed, end);
        }
        return kills;
    }

    private static void putVarint(ByteBuffer out, long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.put((byte) (rest | 0x80));
            rest >>>= 7;
        }
        out.put((byte) rest);
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = in.get();
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }
}
