package io.garrick.query;

import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** A small shop, and a table with a column of every type. */
final class TestTables {
    private static final long NOT_NULL = FieldType.NOT_NULL_FLAG;
    private static final long KEY = NOT_NULL | FieldType.PRIMARY_KEY_FLAG;
    private static final long UNSIGNED = FieldType.UNSIGNED_FLAG;

    private TestTables() {}

    static List<MemoryTable> all(BufferAllocator allocator) {
        return List.of(people(allocator), orders(allocator), types(allocator));
    }

    private static FieldType text(long length) {
        return FieldType.text(FieldType.VARCHAR, 0, length, FieldType.UTF8MB4_BIN);
    }

    private static MemoryTable people(BufferAllocator allocator) {
        TableSchema schema =
                TableSchema.builder(101, "shop", "people")
                        .column(1, "id", FieldType.of(FieldType.LONGLONG, KEY, 20, 0))
                        .column(2, "name", text(40))
                        .column(3, "city", text(40))
                        .column(4, "born", FieldType.of(FieldType.DATE, 0, 10, 0))
                        .pkIsHandle()
                        .build();
        return new MemoryTable(
                schema,
                rows(
                        row(1L, "Ada", "London", day("1990-12-10")),
                        row(2L, "Barbara", "Paris", day("1985-01-02")),
                        row(3L, "Claude", null, day("1970-06-30")),
                        row(4L, "Dörte", "Köln", null),
                        row(5L, "Edsger", "London", day("1990-05-11"))),
                allocator);
    }

    private static MemoryTable orders(BufferAllocator allocator) {
        TableSchema schema =
                TableSchema.builder(102, "shop", "orders")
                        .column(1, "id", FieldType.of(FieldType.LONGLONG, KEY, 20, 0))
                        .column(2, "person_id", FieldType.of(FieldType.LONGLONG, 0, 20, 0))
                        .column(3, "amount", FieldType.of(FieldType.NEW_DECIMAL, 0, 12, 2))
                        .column(4, "pieces", FieldType.of(FieldType.LONG, 0, 11, 0))
                        .column(5, "placed", FieldType.of(FieldType.DATETIME, 0, 26, 6))
                        .pkIsHandle()
                        .build();
        return new MemoryTable(
                schema,
                rows(
                        row(10L, 1L, "12.50", 3, 1_700_000_000_123_456L),
                        row(11L, 1L, "7.25", 1, 1_700_000_100_000_000L),
                        row(12L, 2L, "-3.00", 7, 1_700_000_200_000_000L),
                        row(13L, 5L, null, 2, 1_700_000_300_000_000L),
                        row(14L, 9L, "1000000.01", null, null)),
                allocator);
    }

    private static MemoryTable types(BufferAllocator allocator) {
        TableSchema schema =
                TableSchema.builder(103, "shop", "types")
                        .column(1, "i8", FieldType.of(FieldType.TINY, 0, 4, 0))
                        .column(2, "u8", FieldType.of(FieldType.TINY, UNSIGNED, 4, 0))
                        .column(3, "u16", FieldType.of(FieldType.SHORT, UNSIGNED, 6, 0))
                        .column(4, "u32", FieldType.of(FieldType.LONG, UNSIGNED, 10, 0))
                        .column(5, "u64", FieldType.of(FieldType.LONGLONG, UNSIGNED, 20, 0))
                        .column(6, "f32", FieldType.of(FieldType.FLOAT, 0, 12, -1))
                        .column(7, "f64", FieldType.of(FieldType.DOUBLE, 0, 22, -1))
                        .column(8, "big", FieldType.of(FieldType.NEW_DECIMAL, 0, 65, 2))
                        .column(9, "ts", FieldType.of(FieldType.TIMESTAMP, 0, 26, 6))
                        .column(10, "t", FieldType.of(FieldType.DURATION, 0, 17, 6))
                        .column(11, "y", FieldType.of(FieldType.YEAR, 0, 4, 0))
                        .column(
                                12,
                                "b",
                                new FieldType(
                                        FieldType.BLOB,
                                        0,
                                        -1,
                                        0,
                                        FieldType.BINARY,
                                        FieldType.BINARY,
                                        List.of(),
                                        false))
                        .build();
        return new MemoryTable(
                schema,
                rows(
                        row(
                                -128,
                                255,
                                65535,
                                -1,
                                -1L,
                                1.5f,
                                2.25,
                                "12345.67",
                                1_700_000_000_123_456L,
                                -3_661_000_000L,
                                2024,
                                new byte[] {0, 1, (byte) 0xff}),
                        row(null, null, null, null, null, null, null, null, null, null, null, null),
                        row(
                                127,
                                1,
                                2,
                                3,
                                4L,
                                -0.5f,
                                1e100,
                                "-0.01",
                                0L,
                                360_000_500_000L,
                                1901,
                                new byte[0])),
                allocator);
    }

    private static int day(String text) {
        return (int) LocalDate.parse(text).toEpochDay();
    }

    private static @Nullable Object[] row(@Nullable Object... values) {
        return values;
    }

    private static List<@Nullable Object[]> rows(@Nullable Object[]... rows) {
        List<@Nullable Object[]> list = new ArrayList<>();
        for (@Nullable Object[] row : rows) {
            list.add(row);
        }
        return list;
    }
}
