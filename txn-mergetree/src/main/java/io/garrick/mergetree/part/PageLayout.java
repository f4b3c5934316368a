package io.garrick.mergetree.part;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Numbers of the page form, shared by encoder and decoder. */
final class PageLayout {
    static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static final int HEADER_BYTES = 8;
    static final int SECTION_HEADER_BYTES = 16;

    // Page kinds.
    static final byte LONGS = 1;
    static final byte PAIRS = 2;
    static final byte PLAIN_BYTES = 3;
    static final byte DICT_BYTES = 4;

    static final byte FLAG_NULLS = 1;

    // Section encodings.
    static final byte CONST = 1;
    static final byte FOR = 2;
    static final byte RLE = 3;

    /** Differences of neighbours, less their minimum, packed; since version 2. */
    static final byte DELTA = 4;

    // Codecs of byte runs.
    static final int STORED = 0;
    static final int LZ4 = 1;

    /** Since version 2. */
    static final int ZSTD = 2;

    private PageLayout() {}
}
