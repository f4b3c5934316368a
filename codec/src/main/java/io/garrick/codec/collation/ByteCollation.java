package io.garrick.codec.collation;

import java.util.Arrays;

/** Compares the bytes themselves, with or without regard for trailing spaces. */
enum ByteCollation implements Collation {
    EXACT,
    PADDED;

    @Override
    public byte[] sortKey(byte[] utf8) {
        return this == EXACT ? utf8.clone() : Arrays.copyOf(utf8, trimmedLength(utf8));
    }

    @Override
    public int compare(byte[] left, byte[] right) {
        int leftLength = this == EXACT ? left.length : trimmedLength(left);
        int rightLength = this == EXACT ? right.length : trimmedLength(right);
        return Integer.signum(Arrays.compareUnsigned(left, 0, leftLength, right, 0, rightLength));
    }

    /** Without trailing spaces (U+0020 only). */
    static int trimmedLength(byte[] utf8) {
        int length = utf8.length;
        while (length > 0 && utf8[length - 1] == ' ') {
            length--;
        }
        return length;
    }
}
