package io.garrick.bench.codec;

import io.garrick.codec.row.RowEncoder;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import io.trino.tpch.LineItem;
import io.trino.tpch.TpchTable;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The rows that the decoder's benchmark reads. */
final class BenchRows {
    static final int WIDE_COLUMNS = 1000;

    private static final double SCALE = 0.1;

    private BenchRows() {}

    /**
     * TPC-H's lineitem with the types of its specification. The key is not clustered, so that all
     * sixteen columns are in the row.
     */
    static RowSlab lineitem(int count) {
        TableSchema table = lineitemTable();
        RowEncoder encoder = new RowEncoder(table);
        List<byte[]> rows = new ArrayList<>();
        Iterator<LineItem> items = TpchTable.LINE_ITEM.createGenerator(SCALE, 1, 1).iterator();
        while (rows.size() < count && items.hasNext()) {
            rows.add(encoder.encode(values(items.next()), rows.size()).value().toBytes());
        }
        return new RowSlab(table, rows);
    }

    private static TableSchema lineitemTable() {
        FieldType bigint = FieldType.of(FieldType.LONGLONG, FieldType.NOT_NULL_FLAG, 20, 0);
        FieldType money = FieldType.of(FieldType.NEW_DECIMAL, FieldType.NOT_NULL_FLAG, 15, 2);
        FieldType date = FieldType.of(FieldType.DATE, FieldType.NOT_NULL_FLAG, 10, 0);
        return TableSchema.builder(9, "tpch", "lineitem")
                .column(1, "l_orderkey", bigint)
                .column(2, "l_partkey", bigint)
                .column(3, "l_suppkey", bigint)
                .column(
                        4,
                        "l_linenumber",
                        FieldType.of(FieldType.LONG, FieldType.NOT_NULL_FLAG, 11, 0))
                .column(5, "l_quantity", money)
                .column(6, "l_extendedprice", money)
                .column(7, "l_discount", money)
                .column(8, "l_tax", money)
                .column(9, "l_returnflag", text(FieldType.STRING, 1))
                .column(10, "l_linestatus", text(FieldType.STRING, 1))
                .column(11, "l_shipdate", date)
                .column(12, "l_commitdate", date)
                .column(13, "l_receiptdate", date)
                .column(14, "l_shipinstruct", text(FieldType.STRING, 25))
                .column(15, "l_shipmode", text(FieldType.STRING, 10))
                .column(16, "l_comment", text(FieldType.VARCHAR, 44))
                .build();
    }

    private static FieldType text(int tp, int length) {
        return FieldType.text(tp, FieldType.NOT_NULL_FLAG, length, FieldType.UTF8MB4_BIN);
    }

    private static List<Object> values(LineItem item) {
        return List.of(
                item.orderKey(),
                item.partKey(),
                item.supplierKey(),
                item.lineNumber(),
                BigDecimal.valueOf(item.quantity()),
                BigDecimal.valueOf(item.extendedPriceInCents(), 2),
                BigDecimal.valueOf(item.discountPercent(), 2),
                BigDecimal.valueOf(item.taxPercent(), 2),
                item.returnFlag(),
                item.status(),
                LocalDate.ofEpochDay(item.shipDate()),
                LocalDate.ofEpochDay(item.commitDate()),
                LocalDate.ofEpochDay(item.receiptDate()),
                item.shipInstructions(),
                item.shipMode(),
                item.comment());
    }

    /** A table of a thousand BIGINT columns, all of them in every row. */
    static RowSlab wide(int count) {
        TableSchema.Builder table = TableSchema.builder(8, "db", "wide");
        FieldType bigint = FieldType.of(FieldType.LONGLONG, 0, 20, 0);
        for (int id = 1; id <= WIDE_COLUMNS; id++) {
            table.column(id, "c" + id, bigint);
        }
        RowV2Writer writer = new RowV2Writer();
        List<byte[]> rows = new ArrayList<>();
        for (int row = 0; row < count; row++) {
            writer.reset();
            for (int id = 1; id <= WIDE_COLUMNS; id++) {
                writer.putInt(id, (long) row * 131 * id);
            }
            rows.add(writer.toBytes());
        }
        return new RowSlab(table.build(), rows);
    }
}
