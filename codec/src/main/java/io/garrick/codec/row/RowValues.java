package io.garrick.codec.row;

import io.garrick.codec.ByteWriter;
import io.garrick.codec.key.Numbers;

/** Single values as row format v2 stores them. */
final class RowValues {
    private RowValues() {}

    static byte[] signed(long value) {
        return littleEndian(value, Numbers.signedWidth(value));
    }

    static byte[] unsigned(long value) {
        return littleEndian(value, Numbers.unsignedWidth(value));
    }

    static byte[] real(double value) {
        return new ByteWriter(8).longBe(Numbers.comparableDouble(value)).toBytes();
    }

    private static byte[] littleEndian(long value, int width) {
        byte[] out = new byte[width];
        for (int i = 0; i < width; i++) {
            out[i] = (byte) (value >>> (8 * i));
        }
        return out;
    }
}
