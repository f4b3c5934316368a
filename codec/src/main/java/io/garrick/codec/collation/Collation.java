package io.garrick.codec.collation;

import java.util.Arrays;
import java.util.Locale;

/** An order of strings, given as UTF-8 bytes. Stateless; threads may share it. */
public sealed interface Collation permits ByteCollation {
    /** Unsigned bytes that compare as the strings do. */
    byte[] sortKey(byte[] utf8);

    default int compare(byte[] left, byte[] right) {
        return Integer.signum(Arrays.compareUnsigned(sortKey(left), sortKey(right)));
    }

    /** By TiDB's name, with the new collation framework on. */
    static Collation of(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "binary", "utf8mb4_0900_bin" -> ByteCollation.EXACT;
            case "utf8mb4_bin", "utf8_bin", "latin1_bin", "ascii_bin" -> ByteCollation.PADDED;
            default -> throw new UnsupportedCollationException(name);
        };
    }

    /** With the framework off every collation compares bytes. */
    static Collation of(String name, boolean newCollation) {
        return newCollation ? of(name) : ByteCollation.EXACT;
    }
}
