package io.garrick.codec.value;

import io.garrick.codec.ByteReader;
import io.garrick.codec.CodecException;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.Numbers;

/**
 * Self-describing values: a flag byte and a payload (TiDB, pkg/util/codec/codec.go).
 *
 * <p>Keys use the order-preserving flags, values the compact ones; readers accept all of them
 * everywhere.
 */
public final class Datums {
    public static final int NIL = 0;
    public static final int BYTES = 1;
    public static final int COMPACT_BYTES = 2;
    public static final int INT = 3;
    public static final int UINT = 4;
    public static final int FLOAT = 5;
    public static final int DECIMAL = 6;
    public static final int DURATION = 7;
    public static final int VARINT = 8;
    public static final int UVARINT = 9;
    public static final int JSON = 10;
    public static final int VECTOR = 20;
    public static final int MAX = 250;

    private Datums() {}

    /** A whole number of any flag. */
    public static long readInt(ByteReader in) {
        int at = in.position();
        int flag = in.u8();
        return switch (flag) {
            case INT -> Numbers.comparableInt(in.longBe());
            case UINT -> in.longBe();
            case VARINT -> in.varint();
            case UVARINT -> in.uvarint();
            default -> throw new CodecException(at, "not a whole number: flag " + flag);
        };
    }

    /** Steps over one datum. */
    public static void skip(ByteReader in) {
        int at = in.position();
        skipPayload(in, at, in.u8());
    }

    /** Steps over what follows the flag at {@code at}. */
    public static void skipPayload(ByteReader in, int at, int flag) {
        switch (flag) {
            case NIL, MAX -> {}
            case BYTES ->
                    in.skip(
                            Memcomparable.encodedLengthAt(
                                    in.unsafeBytes(),
                                    in.position(),
                                    in.position() + in.remaining()));
            case COMPACT_BYTES -> in.skip(in.varint());
            case INT, UINT, FLOAT, DURATION -> in.skip(8);
            case VARINT, UVARINT -> in.uvarint();
            case DECIMAL -> {
                int precision = in.u8();
                int scale = in.u8();
                if (scale > precision) {
                    throw new CodecException(at, "decimal(" + precision + "," + scale + ")");
                }
                in.skip(DecimalBinary.bodyBytes(precision, scale));
            }
            case JSON -> in.skip(JsonBinary.documentLength(in));
            case VECTOR -> {
                // No bytes at all are an empty vector, as in VectorFloat32.
                if (in.hasRemaining()) {
                    in.skip(in.u32Le() * Float.BYTES);
                }
            }
            default -> throw new CodecException(at, "unknown datum flag " + flag);
        }
    }
}
