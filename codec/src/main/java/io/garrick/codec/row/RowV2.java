package io.garrick.codec.row;

import io.garrick.base.Key;
import io.garrick.codec.ByteReader;
import io.garrick.codec.CodecException;
import java.util.Arrays;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A row value of format v2 taken apart (TiDB, pkg/util/rowcodec/row.go).
 *
 * @param values stored bytes by column id
 * @param nulls ids of columns that are explicitly NULL
 */
public record RowV2(
        boolean large,
        NavigableMap<Long, Key> values,
        NavigableSet<Long> nulls,
        @Nullable RowChecksum checksum) {
    public RowV2 {
        values = Collections.unmodifiableNavigableMap(new TreeMap<>(values));
        nulls = Collections.unmodifiableNavigableSet(new TreeSet<>(nulls));
    }

    public static boolean isV2(byte[] row) {
        return row.length > 0 && (row[0] & 0xff) == RowV2Writer.VERSION;
    }

    public static RowV2 parse(byte[] row) {
        ByteReader in = new ByteReader(row);
        if (in.u8() != RowV2Writer.VERSION) {
            throw new CodecException(0, "not a row of format v2");
        }
        int flags = in.u8();
        boolean large = (flags & RowV2Writer.LARGE_FLAG) != 0;
        int notNullCount = in.u16Le();
        int nullCount = in.u16Le();
        long tableBytes =
                (notNullCount + nullCount) * (large ? 4L : 1L) + notNullCount * (large ? 4L : 2L);
        if (tableBytes > in.remaining()) {
            throw in.malformed("column table of " + tableBytes + " bytes");
        }
        long[] ids = ids(in, notNullCount, large);
        long[] nullIds = ids(in, nullCount, large);
        NavigableSet<Long> nulls = new TreeSet<>();
        for (long id : nullIds) {
            if (Arrays.binarySearch(ids, id) >= 0) {
                throw in.malformed("column " + id + " is NULL and is not");
            }
            nulls.add(id);
        }
        long[] ends = new long[notNullCount];
        for (int i = 0; i < notNullCount; i++) {
            ends[i] = large ? in.u32Le() : in.u16Le();
        }
        NavigableMap<Long, Key> values = new TreeMap<>();
        long start = 0;
        for (int i = 0; i < notNullCount; i++) {
            if (ends[i] < start) {
                throw in.malformed("value of column " + ids[i] + " ends before it starts");
            }
            values.put(ids[i], Key.wrap(in.bytes(ends[i] - start)));
            start = ends[i];
        }
        RowChecksum checksum =
                (flags & RowV2Writer.CHECKSUM_FLAG) != 0 ? RowChecksum.read(in) : null;
        return new RowV2(large, values, nulls, checksum);
    }

    /** Readers search the ids, so their order is part of the format. */
    private static long[] ids(ByteReader in, int count, boolean large) {
        long[] ids = new long[count];
        for (int i = 0; i < count; i++) {
            ids[i] = large ? in.u32Le() : in.u8();
            if (i > 0 && ids[i] <= ids[i - 1]) {
                throw in.malformed("column " + ids[i] + " behind column " + ids[i - 1]);
            }
        }
        return ids;
    }
}
