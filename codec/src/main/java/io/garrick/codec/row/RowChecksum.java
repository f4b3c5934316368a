package io.garrick.codec.row;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.key.Numbers;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.value.DecimalBinary;
import io.garrick.codec.value.Durations;
import io.garrick.codec.value.JsonText;
import io.garrick.codec.value.PackedTime;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The trailer of a row of format v2.
 *
 * @param version what the CRC32 covers: 0 the columns' values, 1 row and key, 2 row and handle
 * @param extra the same over another schema state; null if not written
 */
public record RowChecksum(int version, int crc32, @Nullable Integer extra) {
    private static final int VERSION_MASK = 7;
    private static final int EXTRA_FLAG = 8;
    private static final int NUMBER_BYTES = 4;

    static RowChecksum read(ByteReader in) {
        int header = in.u8();
        int crc32 = in.intLe();
        Integer extra = (header & EXTRA_FLAG) != 0 ? in.intLe() : null;
        in.expectEnd();
        return new RowChecksum(header & VERSION_MASK, crc32, extra);
    }

    public long unsignedCrc32() {
        return Integer.toUnsignedLong(crc32);
    }

    /**
     * What versions 1 and 2 should be: over the row up to and with the trailer's header byte, then
     * {@code tail}, the raw key or the encoded handle.
     */
    public static int ofRow(byte[] row, byte[] tail) {
        RowChecksum stored = RowV2.parse(row).checksum();
        if (stored == null) {
            throw new IllegalArgumentException("row without a checksum");
        }
        int numbers = stored.extra() == null ? NUMBER_BYTES : 2 * NUMBER_BYTES;
        CRC32 crc = new CRC32();
        crc.update(row, 0, row.length - numbers);
        crc.update(tail);
        return (int) crc.getValue();
    }

    /**
     * What version 0 should be: over the values of all {@code columns} in id order; NULL and absent
     * ones count nothing.
     */
    public static int ofColumns(RowV2 row, List<ColumnSchema> columns) {
        CRC32 crc = new CRC32();
        columns.stream()
                .sorted(Comparator.comparingLong(ColumnSchema::id))
                .forEach(column -> {
                    Key value = row.values().get(column.id());
                    if (value != null) {
                        crc.update(contribution(column, value.unsafeBytes()));
                    }
                });
        return (int) crc.getValue();
    }

    private static byte[] contribution(ColumnSchema column, byte[] value) {
        FieldType type = column.type();
        if (type.isString()) {
            return lengthAndBytes(value);
        }
        if (type.isPackedTime()) {
            PackedTime time = PackedTime.of(unsigned(value));
            return lengthAndBytes(
                    (type.isDate() ? time.dateText() : time.text(type.fsp())).getBytes(UTF_8));
        }
        return switch (type.tp()) {
            case FieldType.FLOAT, FieldType.DOUBLE -> {
                double number = Numbers.doubleOfComparable(new ByteReader(value).longBe());
                boolean finite = !Double.isNaN(number) && !Double.isInfinite(number);
                yield littleEndian(finite ? Double.doubleToRawLongBits(number) : 0);
            }
            case FieldType.NEW_DECIMAL ->
                    lengthAndBytes(
                            DecimalBinary.read(new ByteReader(value))
                                    .value()
                                    .toPlainString()
                                    .getBytes(UTF_8));
            case FieldType.DURATION ->
                    lengthAndBytes(Durations.text(signed(value), type.fsp()).getBytes(UTF_8));
            case FieldType.JSON -> lengthAndBytes(JsonText.of(value).getBytes(UTF_8));
            case FieldType.VECTOR_FLOAT32 -> value;
            default ->
                    littleEndian(
                            type.isUnsigned() || !(type.isInteger() || type.tp() == FieldType.YEAR)
                                    ? unsigned(value)
                                    : signed(value));
        };
    }

    private static long signed(byte[] value) {
        return Stored.signed(MemorySegment.ofArray(value), 0, value.length);
    }

    private static long unsigned(byte[] value) {
        return Stored.unsigned(MemorySegment.ofArray(value), 0, value.length);
    }

    private static byte[] littleEndian(long value) {
        return new ByteWriter(Long.BYTES).longLe(value).toBytes();
    }

    private static byte[] lengthAndBytes(byte[] bytes) {
        return new ByteWriter(bytes.length + NUMBER_BYTES)
                .intLe(bytes.length)
                .bytes(bytes)
                .toBytes();
    }
}
