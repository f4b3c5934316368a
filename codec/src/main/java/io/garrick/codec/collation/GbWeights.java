package io.garrick.codec.collation;

import io.garrick.codec.ByteWriter;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.Locale;

/**
 * Collations of the Chinese charsets. The {@code _bin} ones weigh a character by its code in the
 * charset, a question mark if it has none.
 *
 * <p>The {@code _chinese_ci} ones ignore the case of letters and order Chinese characters by
 * MySQL's own tables, which are not at hand. ASCII, and what the charset lacks, is certain. In
 * GB18030 so are characters of four bytes without case that are not Chinese: they weigh {@code ff}
 * and how far they lie in the linear order of four-byte codes. Everything else is refused.
 */
enum GbWeights implements Weights {
    GBK_BIN("GBK", false),
    GBK_CHINESE_CI("GBK", true),
    GB18030_BIN("GB18030", false),
    GB18030_CHINESE_CI("GB18030", true);

    private static final int QUESTION_MARK = '?';
    private static final int FOUR_BYTE_MARK = 0xff;

    private final Charset charset;
    private final boolean ignoresCase;

    GbWeights(String charset, boolean ignoresCase) {
        this.charset = Charset.forName(charset);
        this.ignoresCase = ignoresCase;
    }

    @Override
    public void append(int codePoint, ByteWriter out) {
        if (codePoint < 0x80) {
            boolean lower = ignoresCase && codePoint >= 'a' && codePoint <= 'z';
            out.u8(lower ? codePoint - 'a' + 'A' : codePoint);
            return;
        }
        byte[] code = encode(codePoint);
        if (code.length == 0) {
            out.u8(QUESTION_MARK);
        } else if (!ignoresCase) {
            out.bytes(code);
        } else if (code.length == 4 && isCertain(codePoint)) {
            out.u8(FOUR_BYTE_MARK);
            int linear = linear(code);
            out.u8(linear >>> 16).u16Be(linear);
        } else {
            throw new UnsupportedCollationException(name().toLowerCase(Locale.ROOT));
        }
    }

    /** Empty if the charset lacks the character. */
    private byte[] encode(int codePoint) {
        try {
            ByteBuffer code =
                    charset.newEncoder().encode(CharBuffer.wrap(Character.toString(codePoint)));
            byte[] bytes = new byte[code.remaining()];
            code.get(bytes);
            return bytes;
        } catch (CharacterCodingException lacking) {
            return new byte[0];
        }
    }

    private static boolean isCertain(int codePoint) {
        return Character.UnicodeScript.of(codePoint) != Character.UnicodeScript.HAN
                && Character.getType(codePoint) != Character.PRIVATE_USE
                && Character.toUpperCase(codePoint) == codePoint
                && Character.toLowerCase(codePoint) == codePoint
                && Character.toTitleCase(codePoint) == codePoint;
    }

    private static int linear(byte[] code) {
        return (((code[0] & 0xff) - 0x81) * 10 + (code[1] & 0xff) - 0x30) * 1260
                + ((code[2] & 0xff) - 0x81) * 10
                + (code[3] & 0xff)
                - 0x30;
    }
}
