package io.garrick.codec.row;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.garrick.codec.ByteWriter;
import io.garrick.codec.key.Numbers;
import io.garrick.codec.value.DecimalBinary;
import io.garrick.codec.value.PackedTime;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * Writes row values in format v2 (TiDB, pkg/util/rowcodec/encoder.go).
 *
 * <p>Columns may come in any order, each id once. {@link #reset} starts the next row and keeps the
 * buffers. The caller decides which columns a row value has.
 */
public final class RowV2Writer {
    static final int VERSION = 0x80;
    static final int LARGE_FLAG = 1;
    static final int CHECKSUM_FLAG = 2;
    static final int CHECKSUM_VERSION = 2;

    private static final int NULL_LENGTH = -1;

    private final ByteWriter data = new ByteWriter(256);
    private long[] ids = new long[16];
    private int[] starts = new int[16];
    private int[] lengths = new int[16];
    private int count;

    public RowV2Writer reset() {
        data.clear();
        count = 0;
        return this;
    }

    public RowV2Writer putNull(long columnId) {
        add(columnId, NULL_LENGTH);
        return this;
    }

    /** Signed ints and YEAR. */
    public RowV2Writer putInt(long columnId, long value) {
        return littleEndian(columnId, value, Numbers.signedWidth(value));
    }

    /** Unsigned ints, packed times, ENUM (its number), SET and BIT (their bits). */
    public RowV2Writer putUnsigned(long columnId, long value) {
        return littleEndian(columnId, value, Numbers.unsignedWidth(value));
    }

    /** FLOAT and DOUBLE. */
    public RowV2Writer putDouble(long columnId, double value) {
        add(columnId, Long.BYTES);
        data.longBe(Numbers.comparableDouble(value));
        return this;
    }

    /** {@code precision} and {@code scale} are the column's. */
    public RowV2Writer putDecimal(long columnId, BigDecimal value, int precision, int scale) {
        return putBytes(columnId, DecimalBinary.encode(value, precision, scale));
    }

    public RowV2Writer putString(long columnId, String value) {
        return putBytes(columnId, value.getBytes(UTF_8));
    }

    /** Strings, and every other value already in its stored form (JSON, vectors). */
    public RowV2Writer putBytes(long columnId, byte[] value) {
        add(columnId, value.length);
        data.bytes(value);
        return this;
    }

    public RowV2Writer putDate(long columnId, LocalDate value) {
        return putUnsigned(columnId, PackedTime.of(value).packed());
    }

    /** DATETIME as it reads on the wall, TIMESTAMP in UTC. */
    public RowV2Writer putDateTime(long columnId, LocalDateTime value) {
        return putUnsigned(columnId, PackedTime.of(value).packed());
    }

    /** TIME. */
    public RowV2Writer putDuration(long columnId, long nanos) {
        return putInt(columnId, nanos);
    }

    public byte[] toBytes() {
        return body(0).toBytes();
    }

    /** With a version 2 checksum over the row and {@code handle}, the bytes behind {@code _r}. */
    public byte[] toBytesWithChecksum(byte[] handle) {
        ByteWriter out = body(CHECKSUM_FLAG).u8(CHECKSUM_VERSION);
        CRC32 crc = new CRC32();
        crc.update(out.toBytes());
        crc.update(handle);
        return out.intLe((int) crc.getValue()).toBytes();
    }

    private RowV2Writer littleEndian(long columnId, long value, int width) {
        add(columnId, width);
        long rest = value;
        for (int i = 0; i < width; i++) {
            data.u8((int) rest);
            rest >>>= 8;
        }
        return this;
    }

    private void add(long columnId, int length) {
        if (columnId <= 0 || columnId > 0xffff_ffffL) {
            throw new IllegalArgumentException("column id " + columnId);
        }
        if (count == ids.length) {
            ids = Arrays.copyOf(ids, count * 2);
            starts = Arrays.copyOf(starts, count * 2);
            lengths = Arrays.copyOf(lengths, count * 2);
        }
        // Insertion keeps the ids sorted; writers nearly always come in order, so nothing moves.
        int at = count++;
        while (at > 0 && ids[at - 1] > columnId) {
            ids[at] = ids[at - 1];
            starts[at] = starts[at - 1];
            lengths[at] = lengths[at - 1];
            at--;
        }
        if (at > 0 && ids[at - 1] == columnId) {
            throw new IllegalArgumentException("column " + columnId + " twice");
        }
        ids[at] = columnId;
        starts[at] = data.size();
        lengths[at] = length;
    }

    private ByteWriter body(int flags) {
        int notNull = 0;
        for (int i = 0; i < count; i++) {
            notNull += lengths[i] == NULL_LENGTH ? 0 : 1;
        }
        boolean large = data.size() > 0xffff || (count > 0 && ids[count - 1] > 0xff);
        byte[] bytes = data.toBytes();
        ByteWriter out = new ByteWriter(bytes.length + 6 + count * 8 + 9);
        out.u8(VERSION).u8(flags | (large ? LARGE_FLAG : 0)).u16Le(notNull).u16Le(count - notNull);
        for (int i = 0; i < count; i++) {
            if (lengths[i] != NULL_LENGTH) {
                number(out, large, ids[i], 1);
            }
        }
        for (int i = 0; i < count; i++) {
            if (lengths[i] == NULL_LENGTH) {
                number(out, large, ids[i], 1);
            }
        }
        int end = 0;
        for (int i = 0; i < count; i++) {
            if (lengths[i] != NULL_LENGTH) {
                end += lengths[i];
                number(out, large, end, 2);
            }
        }
        for (int i = 0; i < count; i++) {
            if (lengths[i] != NULL_LENGTH) {
                out.bytes(bytes, starts[i], lengths[i]);
            }
        }
        return out;
    }

    private static void number(ByteWriter out, boolean large, long value, int smallBytes) {
        if (large) {
            out.intLe((int) value);
        } else if (smallBytes == 2) {
            out.u16Le((int) value);
        } else {
            out.u8((int) value);
        }
    }
}
