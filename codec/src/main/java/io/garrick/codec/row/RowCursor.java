package io.garrick.codec.row;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.garrick.codec.ByteReader;
import io.garrick.codec.ByteWriter;
import io.garrick.codec.CodecException;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.Numbers;
import io.garrick.codec.value.Datums;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Finds one column's value in rows, one after the other, without an object per value.
 *
 * <p>After a {@link Found#VALUE} answer, {@link #segment}, {@link #start} and {@link #length} say
 * where the value lies, always in the form of row format v2: values of format v1 and of key datums
 * are rewritten into a scratch buffer. Used by one thread.
 */
final class RowCursor {
    enum Found {
        VALUE,
        NULL,
        ABSENT
    }

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int HEADER_BYTES = 6;

    private final long columnId;
    private MemorySegment segment = MemorySegment.NULL;
    private long start;
    private int length;

    /** Where the column stood in the previous row; rows of a table mostly look alike. */
    private int guess;

    /** Which datums the column may have in rows of format v1 and in keys. */
    private final StoredForm form;

    RowCursor(long columnId, StoredForm form) {
        this.columnId = columnId;
        this.form = form;
    }

    MemorySegment segment() {
        return segment;
    }

    long start() {
        return start;
    }

    int length() {
        return length;
    }

    Found find(MemorySegment rows, long offset, int rowLength) {
        if (rowLength > 0 && (rows.get(JAVA_BYTE, offset) & 0xff) == RowV2Writer.VERSION) {
            return findInV2(rows, offset, rowLength);
        }
        return findInV1(rows, offset, rowLength);
    }

    /** Points at {@code value} itself. */
    void point(byte[] value) {
        segment = MemorySegment.ofArray(value);
        start = 0;
        length = value.length;
    }

    private Found findInV2(MemorySegment rows, long offset, int rowLength) {
        if (rowLength < HEADER_BYTES) {
            throw new CodecException(rowLength, "row v2 shorter than its header");
        }
        boolean large = (rows.get(JAVA_BYTE, offset + 1) & RowV2Writer.LARGE_FLAG) != 0;
        int notNull = rows.get(SHORT, offset + 2) & 0xffff;
        int nulls = rows.get(SHORT, offset + 4) & 0xffff;
        int idBytes = large ? 4 : 1;
        int endBytes = large ? 4 : 2;
        long idsAt = offset + HEADER_BYTES;
        long endsAt = idsAt + (long) (notNull + nulls) * idBytes;
        long dataAt = endsAt + (long) notNull * endBytes;
        long dataBytes = offset + rowLength - dataAt;
        if (dataBytes < 0) {
            throw new CodecException(rowLength, "row v2 shorter than its column table");
        }
        int slot = guess;
        if (slot >= notNull || id(rows, idsAt, slot, large) != columnId) {
            slot = search(rows, idsAt, 0, notNull, large);
            if (slot < 0) {
                return search(rows, idsAt, notNull, notNull + nulls, large) < 0
                        ? Found.ABSENT
                        : Found.NULL;
            }
            guess = slot;
        }
        long from = slot == 0 ? 0 : end(rows, endsAt, slot - 1, large);
        long to = end(rows, endsAt, slot, large);
        if (from > to || to > dataBytes) {
            throw new CodecException(
                    (int) (endsAt - offset) + slot * endBytes,
                    "value from " + from + " to " + to + " of " + dataBytes + " bytes");
        }
        segment = rows;
        start = dataAt + from;
        length = (int) (to - from);
        return Found.VALUE;
    }

    private int search(MemorySegment rows, long idsAt, int from, int to, boolean large) {
        int low = from;
        int high = to - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long id = id(rows, idsAt, middle, large);
            if (id == columnId) {
                return middle;
            }
            if (id < columnId) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    private static long id(MemorySegment rows, long idsAt, int slot, boolean large) {
        return large
                ? rows.get(INT, idsAt + slot * 4L) & 0xffff_ffffL
                : rows.get(JAVA_BYTE, idsAt + slot) & 0xff;
    }

    private static long end(MemorySegment rows, long endsAt, int slot, boolean large) {
        return large
                ? rows.get(INT, endsAt + slot * 4L) & 0xffff_ffffL
                : rows.get(SHORT, endsAt + slot * 2L) & 0xffff;
    }

    private Found findInV1(MemorySegment rows, long offset, int rowLength) {
        byte[] row = new byte[rowLength];
        MemorySegment.copy(rows, JAVA_BYTE, offset, row, 0, rowLength);
        if (rowLength == 0 || (rowLength == 1 && row[0] == Datums.NIL)) {
            return Found.ABSENT;
        }
        ByteReader in = new ByteReader(row);
        while (in.hasRemaining()) {
            long id = Datums.readInt(in);
            if (id == columnId) {
                return pointAtDatum(in);
            }
            Datums.skip(in);
        }
        return Found.ABSENT;
    }

    /** Reads one datum and points at its value in the form of row format v2. */
    Found pointAtDatum(ByteReader in) {
        int at = in.position();
        int flag = in.u8();
        if (flag == Datums.NIL) {
            return Found.NULL;
        }
        if (!form.accepts(flag)) {
            throw new CodecException(at, "datum flag " + flag + " in a column of another kind");
        }
        switch (flag) {
            case Datums.BYTES -> point(Memcomparable.read(in));
            case Datums.COMPACT_BYTES -> point(in.compactBytes());
            case Datums.INT, Datums.DURATION -> pointLong(Numbers.comparableInt(in.longBe()));
            case Datums.UINT -> pointLong(in.longBe());
            case Datums.VARINT -> pointLong(in.varint());
            case Datums.UVARINT -> pointLong(in.uvarint());
            case Datums.FLOAT, Datums.DECIMAL, Datums.JSON, Datums.VECTOR -> {
                int from = in.position();
                Datums.skipPayload(in, at, flag);
                segment = MemorySegment.ofArray(in.unsafeBytes());
                start = from;
                length = in.position() - from;
            }
            default -> throw new CodecException(at, "unknown datum flag " + flag);
        }
        return Found.VALUE;
    }

    void pointLong(long value) {
        point(new ByteWriter(8).longLe(value).toBytes());
    }
}
