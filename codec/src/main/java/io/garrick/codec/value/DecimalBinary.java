package io.garrick.codec.value;

import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * MySQL's binary decimals: precision, scale, then groups of up to nine digits.
 *
 * <p>The first group holds the digits that do not fill nine, then whole groups of four bytes; the
 * fraction the other way round. A negative number has every byte inverted; last, the top bit of the
 * first byte flips, so that the bytes compare like the numbers (TiDB, pkg/types/mydecimal.go).
 *
 * @param precision digits in all
 * @param scale digits behind the point
 */
public record DecimalBinary(int precision, int scale, BigDecimal value) {
    private static final int[] BYTES_FOR_DIGITS = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    private static final int GROUP_DIGITS = 9;
    private static final int GROUP_BYTES = 4;
    private static final BigInteger GROUP_BASE = BigInteger.valueOf(1_000_000_000);
    private static final long[] POWERS = {
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000
    };

    /** The codec reads more digits than a column may have. */
    private static final int LARGEST_PRECISION = 81;

    private static final int LARGEST_SCALE = 30;

    /** How many bytes follow precision and scale. */
    public static int bodyBytes(int precision, int scale) {
        int whole = precision - scale;
        return BYTES_FOR_DIGITS[whole % GROUP_DIGITS]
                + GROUP_BYTES * (whole / GROUP_DIGITS)
                + GROUP_BYTES * (scale / GROUP_DIGITS)
                + BYTES_FOR_DIGITS[scale % GROUP_DIGITS];
    }

    public static DecimalBinary read(ByteReader in) {
        int start = in.position();
        int precision = in.u8();
        int scale = in.u8();
        if (precision == 0
                || precision > LARGEST_PRECISION
                || scale > precision
                || scale > LARGEST_SCALE) {
            throw new CodecException(start, "decimal(" + precision + "," + scale + ")");
        }
        byte[] body = in.bytes(bodyBytes(precision, scale));
        boolean negative = body[0] >= 0;
        body[0] ^= (byte) 0x80;
        if (negative) {
            for (int i = 0; i < body.length; i++) {
                body[i] = (byte) ~body[i];
            }
        }
        BigInteger unscaled = groups(new ByteReader(body), precision - scale, scale, start + 2);
        BigDecimal value = new BigDecimal(negative ? unscaled.negate() : unscaled, scale);
        return new DecimalBinary(precision, scale, value);
    }

    private static BigInteger groups(ByteReader body, int whole, int scale, int bodyOffset) {
        BigInteger sum = BigInteger.valueOf(group(body, whole % GROUP_DIGITS, bodyOffset));
        for (int left = whole / GROUP_DIGITS + scale / GROUP_DIGITS; left > 0; left--) {
            sum =
                    sum.multiply(GROUP_BASE)
                            .add(BigInteger.valueOf(group(body, GROUP_DIGITS, bodyOffset)));
        }
        int trailing = scale % GROUP_DIGITS;
        return sum.multiply(BigInteger.valueOf(POWERS[trailing]))
                .add(BigInteger.valueOf(group(body, trailing, bodyOffset)));
    }

    private static long group(ByteReader body, int digits, int bodyOffset) {
        long value = 0;
        for (int left = BYTES_FOR_DIGITS[digits]; left > 0; left--) {
            value = value << 8 | body.u8();
        }
        if (value >= POWERS[digits]) {
            throw new CodecException(
                    bodyOffset + body.position(), value + " in a group of " + digits + " digits");
        }
        return value;
    }

    /** {@code value} rounded half up to {@code scale}; it must fit {@code precision}. */
    public static byte[] encode(BigDecimal value, int precision, int scale) {
        BigInteger unscaled = value.setScale(scale, RoundingMode.HALF_UP).unscaledValue();
        boolean negative = unscaled.signum() < 0;
        String digits = unscaled.abs().toString();
        if (scale > precision || (unscaled.signum() != 0 && digits.length() > precision)) {
            throw new IllegalArgumentException(
                    value + " does not fit decimal(" + precision + "," + scale + ")");
        }
        String padded = "0".repeat(Math.max(0, precision - digits.length())) + digits;
        int whole = precision - scale;
        ByteWriter body = new ByteWriter(32);
        int from = writeGroup(body, padded, 0, whole % GROUP_DIGITS);
        for (int left = whole / GROUP_DIGITS + scale / GROUP_DIGITS; left > 0; left--) {
            from = writeGroup(body, padded, from, GROUP_DIGITS);
        }
        writeGroup(body, padded, from, scale % GROUP_DIGITS);
        byte[] bytes = body.toBytes();
        if (negative) {
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) ~bytes[i];
            }
        }
        bytes[0] ^= (byte) 0x80;
        return new ByteWriter(bytes.length + 2).u8(precision).u8(scale).bytes(bytes).toBytes();
    }

    /** With the digits the value itself has. */
    public static byte[] encode(BigDecimal value) {
        int scale = Math.max(0, value.scale());
        BigDecimal plain = value.setScale(scale);
        return encode(plain, Math.max(Math.max(plain.precision(), scale), 1), scale);
    }

    private static int writeGroup(ByteWriter out, String digits, int from, int count) {
        if (count == 0) {
            return from;
        }
        long value = Long.parseLong(digits, from, from + count, 10);
        for (int left = BYTES_FOR_DIGITS[count] - 1; left >= 0; left--) {
            out.u8((int) (value >>> (8 * left)));
        }
        return from + count;
    }
}
