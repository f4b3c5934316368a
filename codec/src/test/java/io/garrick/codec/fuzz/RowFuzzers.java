package io.garrick.codec.fuzz;

import io.garrick.codec.key.RecordKey;
import io.garrick.codec.key.TableKeys;
import io.garrick.codec.row.RandomTables;
import io.garrick.codec.row.RowChecksum;
import io.garrick.codec.row.RowOracle;
import io.garrick.codec.row.RowV1;
import io.garrick.codec.row.RowV2;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/** Readers of row values; the two row decoders must agree whatever the row. */
final class RowFuzzers {
    /** A vector for one row of a few bytes needs far less. */
    private static final long OFF_HEAP_LIMIT = 32 << 20;

    private RowFuzzers() {}

    static List<Fuzzer> all() {
        return List.of(
                new Fuzzer("row_v1", RowFuzzers::rowV1),
                new Fuzzer("row_v2", RowFuzzers::rowV2),
                new Fuzzer("checksum", RowFuzzers::checksum),
                new Fuzzer("rows_any", RowFuzzers::anyBytes),
                new Fuzzer("rows_damaged", RowFuzzers::damagedRow),
                new Fuzzer("rows_changed", RowFuzzers::changedTable),
                new Fuzzer("enum_set_bit", RowFuzzers::enumSetBit));
    }

    private static void rowV1(byte[] input) {
        RowV1 row = RowV1.parse(input);
        Fuzzer.same(row.toString(), RowV1.parse(row.encode()).toString(), "row v1");
    }

    private static void rowV2(byte[] input) {
        RowV2 row = RowV2.parse(input);
        if (row.values().containsKey(0L) || row.nulls().contains(0L)) {
            return; // The writer knows that no column has the id zero.
        }
        RowV2Writer writer = new RowV2Writer();
        row.values().forEach((id, value) -> writer.putBytes(id, value.unsafeBytes()));
        row.nulls().forEach(writer::putNull);
        RowV2 written = RowV2.parse(writer.toBytes());
        Fuzzer.same(row.values(), written.values(), "row v2");
        Fuzzer.same(row.nulls(), written.nulls(), "row v2");
    }

    private static void checksum(byte[] input) {
        Choices choices = new Choices(input);
        TableSchema table = RandomTables.table(choices);
        byte[] bytes = choices.rest();
        RowV2 row = RowV2.parse(bytes);
        RowChecksum.ofColumns(row, table.columns());
        if (row.checksum() != null) {
            RowChecksum.ofRow(bytes, new byte[8]);
        }
    }

    private static void anyBytes(byte[] input) {
        Choices choices = new Choices(input);
        TableSchema table = RandomTables.table(choices);
        RecordKey key = RandomTables.row(table, choices).key();
        check(table, key, choices.rest());
    }

    private static void damagedRow(byte[] input) {
        Choices choices = new Choices(input);
        TableSchema table = RandomTables.table(choices);
        RandomTables.Row row = RandomTables.row(table, choices);
        byte[] value = row.value().clone();
        for (byte step : choices.rest()) {
            int at = (step & 0x3f) % Math.max(1, value.length);
            if (value.length > 0) {
                value[at] ^= (byte) (1 << (2 * ((step >>> 6) & 3)));
            }
        }
        check(table, row.key(), value);
    }

    private static void changedTable(byte[] input) {
        Choices choices = new Choices(input);
        TableSchema table = RandomTables.table(choices);
        RandomTables.Row row = RandomTables.row(table, choices);
        check(RandomTables.changed(table, choices), row.key(), row.value());
    }

    /** One column; the input's last bytes are its value in a row of format v2. */
    private static void enumSetBit(byte[] input) {
        Choices choices = new Choices(input);
        List<String> members = List.of("a", "", "c,d", "é");
        FieldType type =
                switch (choices.nextInt(3)) {
                    case 0 -> FieldType.members(FieldType.ENUM, 0, members);
                    case 1 -> FieldType.members(FieldType.SET, 0, members);
                    default -> FieldType.of(FieldType.BIT, FieldType.UNSIGNED_FLAG, 64, 0);
                };
        ColumnSchema column = ColumnSchema.of(1, "c", type);
        TableSchema table = TableSchema.builder(1, "db", "t").column(column).build();
        byte[] row = new RowV2Writer().putBytes(1, choices.rest()).toBytes();
        check(table, RecordKey.parse(TableKeys.recordKey(1, 5)), row);
    }

    private static void check(TableSchema table, RecordKey key, byte[] value) {
        try (BufferAllocator allocator = new RootAllocator(OFF_HEAP_LIMIT)) {
            new RowOracle(allocator).check(table, List.of(key), List.of(value));
        }
    }
}
