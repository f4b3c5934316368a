package io.garrick.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.MvccKey;
import io.garrick.codec.key.Numbers;
import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.record.LockRecord;
import io.garrick.codec.record.WriteRecord;
import io.garrick.codec.row.RowChecksum;
import io.garrick.codec.row.RowV1;
import io.garrick.codec.row.RowV2;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.codec.value.Datum;
import io.garrick.codec.value.DecimalBinary;
import io.garrick.codec.value.JsonBinary;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.BigRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** What is written is read back; order is kept; random bytes end in a typed error or a value. */
final class RoundTripTest {
    private static final List<Consumer<byte[]>> READERS =
            List.of(
                    Memcomparable::decode,
                    Datum::readAll,
                    WriteRecord::parse,
                    LockRecord::parse,
                    RowV1::parse,
                    RowV2::parse,
                    JsonBinary::read,
                    RecordKey::parse,
                    bytes -> DecimalBinary.read(new ByteReader(bytes)));

    @Property(tries = 300)
    void memcomparableKeepsBytesAndTheirOrder(@ForAll byte[] left, @ForAll byte[] right) {
        byte[] leftEncoded = Memcomparable.encode(left);
        assertThat(Memcomparable.decode(leftEncoded)).isEqualTo(left);
        assertThat(leftEncoded).hasSize(Memcomparable.encodedLength(left.length));
        assertThat(Integer.signum(Arrays.compareUnsigned(leftEncoded, Memcomparable.encode(right))))
                .isEqualTo(Integer.signum(Arrays.compareUnsigned(left, right)));
        assertThat(Memcomparable.decodeDescending(Memcomparable.encodeDescending(left)))
                .isEqualTo(left);
    }

    @Property(tries = 300)
    void numbersKeepValueAndOrder(@ForAll long left, @ForAll long right, @ForAll double real) {
        ByteWriter out = new ByteWriter().varint(left).uvarint(right);
        ByteReader in = new ByteReader(out.toBytes());
        assertThat(in.varint()).isEqualTo(left);
        assertThat(in.uvarint()).isEqualTo(right);
        assertThat(Long.compareUnsigned(Numbers.comparableInt(left), Numbers.comparableInt(right)))
                .isEqualTo(Long.compare(left, right));
        assertThat(Numbers.doubleOfComparable(Numbers.comparableDouble(real)) == real).isTrue();
        Key key = TableKeys.recordKey(left, right);
        assertThat(RecordKey.parse(key).intHandle()).isEqualTo(right);
        assertThat(MvccKey.split(MvccKey.append(key, left))).isEqualTo(new MvccKey(key, left));
    }

    @Property(tries = 300)
    void decimalsKeepTheirDigits(
            @ForAll
                    @BigRange(
                            min = "-99999999999999999999999999999999999",
                            max = "99999999999999999999999999999999999")
                    BigInteger unscaled,
            @ForAll @IntRange(max = 30) int scale) {
        BigDecimal value = new BigDecimal(unscaled, scale);
        byte[] bytes = DecimalBinary.encode(value, 65, scale);
        assertThat(DecimalBinary.read(new ByteReader(bytes)).value()).isEqualTo(value);
    }

    @Property(tries = 200)
    void rowsKeepTheirColumns(
            @ForAll @Size(max = 40) List<byte[]> values,
            @ForAll @IntRange(min = 1, max = 400) int step) {
        RowV2Writer writer = new RowV2Writer();
        for (int i = values.size() - 1; i >= 0; i--) {
            long id = 1 + (long) i * step;
            if (values.get(i).length == 0) {
                writer.putNull(id);
            } else {
                writer.putBytes(id, values.get(i));
            }
        }
        RowV2 row = RowV2.parse(writer.toBytes());
        for (int i = 0; i < values.size(); i++) {
            long id = 1 + (long) i * step;
            if (values.get(i).length == 0) {
                assertThat(row.nulls()).contains(id);
            } else {
                assertThat(row.values()).containsEntry(id, Key.of(values.get(i)));
            }
        }
        byte[] handle = {1, 2, 3, 4, 5, 6, 7, 8};
        byte[] checked = writer.toBytesWithChecksum(handle);
        assertThat(RowV2.parse(checked).checksum()).isNotNull();
        assertThat(RowChecksum.ofRow(checked, handle))
                .isEqualTo(new ByteReader(checked, checked.length - 4, checked.length).intLe());
    }

    @Property(tries = 2000)
    void randomBytesAreReadOrRefusedWithAReason(
            @ForAll long seed, @ForAll @IntRange(max = 60) int length) {
        Random random = new Random(seed);
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        if (length > 0 && random.nextBoolean()) {
            int[] starts = {0x80, 'P', 'L', 'H', 1, 3, 6, 10, 20, 't'};
            bytes[0] = (byte) starts[random.nextInt(starts.length)];
        }
        for (Consumer<byte[]> reader : READERS) {
            try {
                reader.accept(bytes);
            } catch (CodecException refused) {
                assertThat(refused.reason()).isNotEmpty();
            }
        }
    }
}
