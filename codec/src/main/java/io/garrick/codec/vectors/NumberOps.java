package io.garrick.codec.vectors;

import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.Numbers;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/** Byte strings and numbers. */
final class NumberOps {
    private NumberOps() {}

    static void addTo(Map<String, Op> ops) {
        ops.put("memcomparable_asc", bytes(Memcomparable::decode, Memcomparable::encode));
        ops.put(
                "memcomparable_desc",
                bytes(Memcomparable::decodeDescending, Memcomparable::encodeDescending));
        ops.put(
                "compact_bytes",
                bytes(
                        encoded -> whole(encoded, ByteReader::compactBytes),
                        raw -> new ByteWriter().compactBytes(raw).toBytes()));
        ops.put("memcomparable_invalid", invalid(vector -> Memcomparable.decode(vector.bytes())));
        ops.put(
                "int_cmp",
                number(
                        true,
                        in -> Numbers.comparableInt(in.longBe()),
                        (out, v) -> out.longBe(Numbers.comparableInt(v))));
        ops.put(
                "int_cmp_desc",
                number(
                        true,
                        in -> Numbers.comparableInt(~in.longBe()),
                        (out, v) -> out.longBe(~Numbers.comparableInt(v))));
        ops.put("uint_cmp", number(false, ByteReader::longBe, ByteWriter::longBe));
        ops.put("uint_cmp_desc", number(false, in -> ~in.longBe(), (out, v) -> out.longBe(~v)));
        ops.put("varint", number(true, ByteReader::varint, ByteWriter::varint));
        ops.put("uvarint", number(false, ByteReader::uvarint, ByteWriter::uvarint));
        ops.put("varint_invalid", invalid(vector -> whole(vector.bytes(), ByteReader::varint)));
        ops.put("uvarint_invalid", invalid(vector -> whole(vector.bytes(), ByteReader::uvarint)));
        ops.put("float_cmp", vector -> real(vector, false));
        ops.put("float_cmp_desc", vector -> real(vector, true));
        ops.put(
                "row_v2_int",
                number(
                        true,
                        in -> littleEndian(in, true),
                        (out, v) -> putLittleEndian(out, v, Numbers.signedWidth(v))));
        ops.put(
                "row_v2_uint",
                number(
                        false,
                        in -> littleEndian(in, false),
                        (out, v) -> putLittleEndian(out, v, Numbers.unsignedWidth(v))));
    }

    /** "error" if reading fails as it should. */
    static Op invalid(Consumer<Vector> read) {
        return vector -> {
            try {
                read.accept(vector);
                return "ok";
            } catch (io.garrick.codec.CodecException expected) {
                return "error";
            }
        };
    }

    static <T> T whole(byte[] bytes, Function<ByteReader, T> read) {
        ByteReader in = new ByteReader(bytes);
        T value = read.apply(in);
        in.expectEnd();
        return value;
    }

    /** A number of row format v2. */
    static long littleEndian(ByteReader in, boolean signed) {
        int width = in.remaining();
        return switch (width) {
            case 1 -> signed ? (byte) in.u8() : in.u8();
            case 2 -> signed ? (short) in.u16Le() : in.u16Le();
            case 4 -> signed ? in.intLe() : in.u32Le();
            case 8 -> in.longLe();
            default -> throw in.malformed("number of " + width + " bytes");
        };
    }

    private static void putLittleEndian(ByteWriter out, long value, int width) {
        for (int i = 0; i < width; i++) {
            out.u8((int) (value >>> (8 * i)));
        }
    }

    private static Op bytes(Function<byte[], byte[]> decode, Function<byte[], byte[]> encode) {
        return vector -> {
            byte[] raw = decode.apply(vector.bytes());
            Op.sameBytes(vector.bytes(), encode.apply(raw));
            return HexFormat.of().formatHex(raw);
        };
    }

    private interface Put {
        void put(ByteWriter out, long value);
    }

    private static Op number(boolean signed, Function<ByteReader, Long> read, Put put) {
        return vector -> {
            long value = whole(vector.bytes(), read);
            ByteWriter out = new ByteWriter();
            put.put(out, value);
            Op.sameBytes(vector.bytes(), out.toBytes());
            return signed ? Long.toString(value) : Long.toUnsignedString(value);
        };
    }

    private static String real(Vector vector, boolean descending) {
        long bits = whole(vector.bytes(), ByteReader::longBe);
        long ascending = descending ? ~bits : bits;
        double value = Numbers.doubleOfComparable(ascending);
        // TiKV spells negative zero in its own way; TiDB, and this module, as zero.
        if (value != 0 && Numbers.comparableDouble(value) != ascending) {
            throw new Op.Complaint("written back differently");
        }
        String answer = Spelling.alone(value);
        if (vector.expected() != null && Double.compare(parse(vector.expected()), value) == 0) {
            return vector.expected();
        }
        return answer;
    }

    private static double parse(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException notANumber) {
            return Double.NaN;
        }
    }
}
