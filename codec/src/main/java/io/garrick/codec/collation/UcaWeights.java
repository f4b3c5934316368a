package io.garrick.codec.collation;

import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.zip.GZIPInputStream;

/**
 * Primary weights of the Unicode Collation Algorithm, without contractions, as MySQL and TiDB take
 * them: version 4.0.0 for utf8mb4_unicode_ci, 9.0.0 for utf8mb4_0900_ai_ci.
 *
 * <p>Characters outside the table get the algorithm's implicit weights (UTS #10, 10.1.3), with the
 * ranges that the two collations know. The tables are written by {@code tools/uca.py}.
 */
final class UcaWeights implements Weights {
    /** Which table. */
    enum Version {
        V400("uca-4.0.0.bin.gz", 0x10000, "utf8mb4_unicode_ci"),
        V900("uca-9.0.0.bin.gz", 0x2cea1, "utf8mb4_0900_ai_ci");

        private final String resource;
        private final String collation;

        /** Characters from here on have no place in the table. */
        private final int limit;

        Version(String resource, int limit, String collation) {
            this.resource = resource;
            this.limit = limit;
            this.collation = collation;
        }
    }

    private static final int REPLACEMENT = 0xfffd;
    private static final int HAN = 0xfb40;
    private static final int HAN_EXTENSION = 0xfb80;
    private static final int OTHER = 0xfbc0;
    private static final int TANGUT = 0xfb00;

    private static final int SYLLABLES = 0xac00;
    private static final int SYLLABLES_END = 0xd7b0;
    private static final int VOWELS = 21;
    private static final int TRAILING = 28;

    private final Version version;

    /** Null where the table has no entry; empty where the character is ignored. */
    private final char[][] weights;

    private UcaWeights(Version version) {
        this.version = version;
        this.weights = new char[version.limit][];
        try (InputStream packed = new GZIPInputStream(resource(version.resource))) {
            ByteReader in = new ByteReader(packed.readAllBytes());
            int code = 0;
            while (in.hasRemaining()) {
                code += (int) in.uvarint();
                char[] entry = new char[in.u8()];
                for (int i = 0; i < entry.length; i++) {
                    entry[i] = (char) in.u16Be();
                }
                if (code < version.limit) {
                    weights[code] = entry;
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /**
     * The weights of a version. Those of 4.0.0 are in no package of a registry that a script could
     * take them from, so unless somebody generates the table that collation refuses.
     */
    static UcaWeights of(Version version) {
        if (UcaWeights.class.getResource(version.resource) == null) {
            throw new UnsupportedCollationException(version.collation);
        }
        return switch (version) {
            case V400 -> Holder400.INSTANCE;
            case V900 -> Holder900.INSTANCE;
        };
    }

    static InputStream resource(String name) {
        InputStream in = UcaWeights.class.getResourceAsStream(name);
        if (in == null) {
            throw new IllegalStateException("resource " + name + " is missing");
        }
        return in;
    }

    @Override
    public void append(int codePoint, ByteWriter out) {
        if (codePoint >= version.limit) {
            if (version == Version.V400) {
                out.u16Be(REPLACEMENT);
            } else {
                implicit(OTHER, codePoint, out);
            }
            return;
        }
        char[] entry = weights[codePoint];
        if (entry == null) {
            if (version == Version.V400) {
                implicit(base400(codePoint), codePoint, out);
            } else {
                derived900(codePoint, out);
            }
            return;
        }
        for (char weight : entry) {
            out.u16Be(weight);
        }
    }

    private static int base400(int code) {
        if (code >= 0x3400 && code <= 0x4db5) {
            return HAN_EXTENSION;
        }
        boolean han = (code >= 0x4e00 && code <= 0x9fa5) || code == 0xfa0e || code == 0xfa0f;
        return han ? HAN : OTHER;
    }

    private void derived900(int code, ByteWriter out) {
        if (code >= SYLLABLES && code < SYLLABLES_END) {
            int index = code - SYLLABLES;
            firstWeight(0x1100 + index / (VOWELS * TRAILING), out);
            firstWeight(0x1161 + index % (VOWELS * TRAILING) / TRAILING, out);
            if (index % TRAILING > 0) {
                firstWeight(0x11a7 + index % TRAILING, out);
            }
        } else if (code >= 0x17000 && code <= 0x18aff) {
            out.u16Be(TANGUT).u16Be((code - 0x17000) | 0x8000);
        } else {
            implicit(base900(code), code, out);
        }
    }

    private void firstWeight(int jamo, ByteWriter out) {
        char[] entry = weights[jamo];
        if (entry != null && entry.length > 0) {
            out.u16Be(entry[0]);
        }
    }

    private static int base900(int code) {
        if ((code >= 0x3400 && code <= 0x4db5)
                || (code >= 0x20000 && code <= 0x2a6d6)
                || (code >= 0x2a700 && code <= 0x2b734)
                || (code >= 0x2b740 && code <= 0x2b81d)
                || (code >= 0x2b820 && code <= 0x2cea1)) {
            return HAN_EXTENSION;
        }
        boolean han = (code >= 0x4e00 && code <= 0x9fd5) || (code >= 0xfa0e && code <= 0xfa29);
        return han ? HAN : OTHER;
    }

    private static void implicit(int base, int code, ByteWriter out) {
        out.u16Be(base + (code >> 15)).u16Be((code & 0x7fff) | 0x8000);
    }

    /** The table is read when it is first asked for. */
    private static final class Holder400 {
        private static final UcaWeights INSTANCE = new UcaWeights(Version.V400);
    }

    /** The table is read when it is first asked for. */
    private static final class Holder900 {
        private static final UcaWeights INSTANCE = new UcaWeights(Version.V900);
    }
}
