package io.garrick.bench.storage;

import io.garrick.base.KeyRange;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.garrick.codec.value.DecimalBinary;
import io.garrick.mergetree.BulkSource;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Rows in the shape of TPC-H's Q1, and a plain number: all computed from handle and version, so
 * that nothing need be kept to check an answer.
 */
final class VersionedTable {
    static final long TABLE_ID = 100;
    static final long NUMBER = 2;
    private static final byte[][] FLAGS = {{'A'}, {'N'}, {'R'}};
    private static final byte[] FINISHED = {'F'};
    private static final byte[] OPEN = {'O'};
    private static final int FIRST_OPEN_DAY = 1460;
    private static final int PRICES = 1 << 16;
    private static final LocalDate FIRST_DAY = LocalDate.of(1992, 1, 2);
    private static final int DAYS = 2526;

    static final TableSchema SCHEMA = schema();
    static final ColumnSchema NUMBER_COLUMN = SCHEMA.columns().get(1);

    /** TPC-H's first query, on the columns above. */
    static final String Q1 =
            "SELECT l_returnflag, l_linestatus, SUM(l_quantity), SUM(l_extendedprice),"
                    + " SUM(l_extendedprice * (1 - l_discount)),"
                    + " SUM(l_extendedprice * (1 - l_discount) * (1 + l_tax)),"
                    + " AVG(l_quantity), AVG(l_extendedprice), AVG(l_discount), COUNT(*)"
                    + " FROM lineitem WHERE l_shipdate <= '1998-09-02'"
                    + " GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus";

    private final RowV2Writer writer = new RowV2Writer();
    // Encoding a decimal costs more than all the rest of a row.
    private final byte[][] money = new byte[5001][];
    private final byte[][] prices = new byte[PRICES][];
    private final LocalDate[] days = new LocalDate[DAYS];

    VersionedTable() {
        Arrays.setAll(money, VersionedTable::encoded);
        Arrays.setAll(prices, i -> encoded(90_000 + i * 137L));
        Arrays.setAll(days, FIRST_DAY::plusDays);
    }

    private static TableSchema schema() {
        long required = FieldType.NOT_NULL_FLAG;
        FieldType money = FieldType.of(FieldType.NEW_DECIMAL, required, 15, 2);
        FieldType flag = FieldType.text(FieldType.STRING, required, 1, FieldType.UTF8MB4_BIN);
        return TableSchema.builder(TABLE_ID, "bench", "lineitem")
                .column(
                        1,
                        "l_id",
                        FieldType.of(
                                FieldType.LONGLONG, required | FieldType.PRIMARY_KEY_FLAG, 20, 0))
                .column(NUMBER, "l_number", FieldType.of(FieldType.LONGLONG, 0, 20, 0))
                .column(3, "l_quantity", money)
                .column(4, "l_extendedprice", money)
                .column(5, "l_discount", money)
                .column(6, "l_tax", money)
                .column(7, "l_returnflag", flag)
                .column(8, "l_linestatus", flag)
                .column(9, "l_shipdate", FieldType.of(FieldType.DATE, required, 10, 0))
                .pkIsHandle()
                .build();
    }

    static long mix(long value) {
        long mixed = (value + 1) * 0x9e3779b97f4a7c15L;
        mixed = (mixed ^ mixed >>> 30) * 0xbf58476d1ce4e5b9L;
        return mixed ^ mixed >>> 27;
    }

    /** What column {@link #NUMBER} holds: 20 random bits. */
    static long number(long handle, long version) {
        return mix(handle * 31 + version) >>> 44;
    }

    byte[] row(long handle, long version) {
        long random = mix(handle * 17 + version * 3 + 1);
        int day = (int) ((random >>> 36 & 0xffff) % DAYS);
        return writer.reset()
                .putInt(NUMBER, number(handle, version))
                .putBytes(3, money[100 * (1 + (int) ((random & 0xffff) % 50))])
                .putBytes(4, prices[(int) (random >>> 16 & 0xffff)])
                .putBytes(5, money[(int) ((random >>> 52 & 0xf) % 11)])
                .putBytes(6, money[(int) ((random >>> 56 & 0xf) % 9)])
                .putBytes(7, FLAGS[(int) ((random >>> 60) % 3)])
                .putBytes(8, day < FIRST_OPEN_DAY ? FINISHED : OPEN)
                .putDate(9, days[day])
                .toBytes();
    }

    private static byte[] encoded(long cents) {
        return DecimalBinary.encode(BigDecimal.valueOf(cents, 2), 15, 2);
    }

    /** Which version of a row a store gets, and when it was committed. */
    interface Version {
        long of(long handle);
    }

    /** Rows [0, rowCount), one version each, all committed at {@code ts}. */
    static BulkSource source(long rowCount, Version versions, long ts) {
        VersionedTable table = new VersionedTable();
        return new BulkSource() {
            private long handle = -1;

            @Override
            public KeyRange range() {
                return TableKeys.recordRange(TABLE_ID);
            }

            @Override
            public boolean next() {
                return ++handle < rowCount;
            }

            @Override
            public long tableId() {
                return TABLE_ID;
            }

            @Override
            public long handle() {
                return handle;
            }

            @Override
            public byte @Nullable [] commonHandle() {
                return null;
            }

            @Override
            public long commitTs() {
                return ts;
            }

            @Override
            public boolean delete() {
                return false;
            }

            @Override
            public byte[] rowBytes() {
                return table.row(handle, versions.of(handle));
            }
        };
    }
}
