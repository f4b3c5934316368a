package io.garrick.codec.collation;

import java.util.Arrays;

/** Compares the bytes themselves, with or without regard for trailing spaces. */
enum ByteCollation implements Collation {
    EXACT,
    PADDED;

    @Override
    public byte[] sortKey(byte[] utf8) {
        return this == EXACT ? utf8.clone() : trimmed(utf8);
    }

    /** Without trailing spaces (U+0020 only). */
    static byte[] trimmed(byte[] utf8) {
        int length = utf8.length;
        while (length > 0 && utf8[length - 1] == ' ') {
            length--;
        }
        return Arrays.copyOf(utf8, length);
    }
}
