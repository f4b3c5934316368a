package io.garrick.codec.value;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.Numbers;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** One self-describing value; see {@link Datums} for the flags. */
public sealed interface Datum {
    /** SQL NULL. */
    record Null() implements Datum {}

    /** A string, or its sort key. */
    record Bytes(Key bytes) implements Datum {}

    /** A signed number. */
    record Int(long value) implements Datum {}

    /** An unsigned number, a packed time, the number of an ENUM, the bits of a SET or a BIT. */
    record Unsigned(long value) implements Datum {}

    /** FLOAT or DOUBLE. */
    record Real(double value) implements Datum {}

    /** DECIMAL with the digits it was written with. */
    record Decimal(DecimalBinary value) implements Datum {}

    /** TIME. */
    record Duration(long nanos) implements Datum {}

    /** JSON, type byte and value. */
    record Json(Key document) implements Datum {}

    /** VECTOR. */
    record Vector(List<Float> values) implements Datum {
        public Vector {
            values = List.copyOf(values);
        }
    }

    /** Behind every other value; only in bounds of ranges. */
    record Max() implements Datum {}

    static Datum of(BigDecimal value, int precision, int scale) {
        return new Decimal(new DecimalBinary(precision, scale, value));
    }

    /** Reads one datum of either codec. */
    static Datum read(ByteReader in) {
        int at = in.position();
        int flag = in.u8();
        return switch (flag) {
            case Datums.NIL -> new Null();
            case Datums.BYTES -> new Bytes(Key.wrap(Memcomparable.read(in)));
            case Datums.COMPACT_BYTES -> new Bytes(Key.wrap(in.compactBytes()));
            case Datums.INT -> new Int(Numbers.comparableInt(in.longBe()));
            case Datums.UINT -> new Unsigned(in.longBe());
            case Datums.FLOAT -> new Real(Numbers.doubleOfComparable(in.longBe()));
            case Datums.DECIMAL -> new Decimal(DecimalBinary.read(in));
            case Datums.DURATION -> new Duration(Numbers.comparableInt(in.longBe()));
            case Datums.VARINT -> new Int(in.varint());
            case Datums.UVARINT -> new Unsigned(in.uvarint());
            case Datums.JSON -> {
                byte[] document = in.bytes(JsonBinary.documentLength(in));
                JsonBinary.read(document);
                yield new Json(Key.wrap(document));
            }
            case Datums.VECTOR -> {
                List<Float> values = new ArrayList<>();
                for (float value : VectorFloat32.read(in)) {
                    values.add(value);
                }
                yield new Vector(values);
            }
            case Datums.MAX -> new Max();
            default -> throw new CodecException(at, "unknown datum flag " + flag);
        };
    }

    static List<Datum> readAll(byte[] bytes) {
        ByteReader in = new ByteReader(bytes);
        List<Datum> out = new ArrayList<>();
        while (in.hasRemaining()) {
            out.add(read(in));
        }
        return out;
    }

    /** In the order-preserving codec of keys. */
    default void writeKey(ByteWriter out) {
        switch (this) {
            case Bytes(Key bytes) ->
                    out.u8(Datums.BYTES).bytes(Memcomparable.encode(bytes.unsafeBytes()));
            case Int(long value) -> out.u8(Datums.INT).longBe(Numbers.comparableInt(value));
            case Unsigned(long value) -> out.u8(Datums.UINT).longBe(value);
            case Null _, Real _, Decimal _, Duration _, Json _, Vector _, Max _ -> writeValue(out);
        }
    }

    /** In the compact codec of values. */
    default void writeValue(ByteWriter out) {
        switch (this) {
            case Null _ -> out.u8(Datums.NIL);
            case Bytes(Key bytes) -> out.u8(Datums.COMPACT_BYTES).compactBytes(bytes.unsafeBytes());
            case Int(long value) -> out.u8(Datums.VARINT).varint(value);
            case Unsigned(long value) -> out.u8(Datums.UVARINT).uvarint(value);
            case Real(double value) -> out.u8(Datums.FLOAT).longBe(Numbers.comparableDouble(value));
            case Decimal(DecimalBinary value) ->
                    out.u8(Datums.DECIMAL)
                            .bytes(
                                    DecimalBinary.encode(
                                            value.value(), value.precision(), value.scale()));
            case Duration(long nanos) ->
                    out.u8(Datums.DURATION).longBe(Numbers.comparableInt(nanos));
            case Json(Key document) -> out.u8(Datums.JSON).bytes(document.unsafeBytes());
            case Vector(List<Float> values) -> {
                out.u8(Datums.VECTOR).intLe(values.size());
                values.forEach(value -> out.intLe(Float.floatToRawIntBits(value)));
            }
            case Max _ -> out.u8(Datums.MAX);
        }
    }
}
