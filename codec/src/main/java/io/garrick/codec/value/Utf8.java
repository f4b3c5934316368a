package io.garrick.codec.value;

/** UTF-8 as Go and Rust define it: no overlong forms, no surrogates, nothing above U+10FFFF. */
public final class Utf8 {
    private Utf8() {}

    /** How many bytes the character at {@code at} takes; zero if it is not valid. */
    public static int lengthAt(byte[] bytes, int at, int limit) {
        int first = bytes[at] & 0xff;
        if (first < 0x80) {
            return 1;
        }
        int length;
        if (first >= 0xc2 && first <= 0xdf) {
            length = 2;
        } else if (first >= 0xe0 && first <= 0xef) {
            length = 3;
        } else if (first >= 0xf0 && first <= 0xf4) {
            length = 4;
        } else {
            return 0;
        }
        if (limit - at < length) {
            return 0;
        }
        for (int i = 1; i < length; i++) {
            if ((bytes[at + i] & 0xc0) != 0x80) {
                return 0;
            }
        }
        int second = bytes[at + 1] & 0xff;
        boolean valid =
                switch (first) {
                    case 0xe0 -> second >= 0xa0;
                    case 0xed -> second <= 0x9f;
                    case 0xf0 -> second >= 0x90;
                    case 0xf4 -> second <= 0x8f;
                    default -> true;
                };
        return valid ? length : 0;
    }

    /** The code point of a valid character of {@code length} bytes. */
    public static int codePointAt(byte[] bytes, int at, int length) {
        int first = bytes[at] & 0xff;
        if (length == 1) {
            return first;
        }
        int code = first & (0xff >> (length + 1));
        for (int i = 1; i < length; i++) {
            code = code << 6 | (bytes[at + i] & 0x3f);
        }
        return code;
    }
}
