package io.garrick.flashkv.txn;

/** CRC-64/XZ: polynomial of ECMA-182, reflected, all bits set before and inverted after. */
final class Crc64 {
    private static final long POLYNOMIAL = 0xC96C5795D7870F42L;
    private static final long[] TABLE = table();

    private long state = -1L;

    private static long[] table() {
        long[] table = new long[256];
        for (int i = 0; i < table.length; i++) {
            long value = i;
            for (int bit = 0; bit < 8; bit++) {
                value = (value & 1) == 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
            }
            table[i] = value;
        }
        return table;
    }

    Crc64 update(byte[] bytes) {
        for (byte b : bytes) {
            state = TABLE[(int) ((state ^ b) & 0xFF)] ^ (state >>> 8);
        }
        return this;
    }

    long value() {
        return ~state;
    }
}
