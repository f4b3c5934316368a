package io.garrick.codec.row;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.codec.CodecException;
import io.garrick.codec.SchemaMismatchException;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.SchemaState;
import io.garrick.codec.schema.TableSchema;
import io.garrick.codec.value.JsonBinary;
import io.garrick.codec.value.PackedTime;
import io.garrick.codec.value.VectorFloat32;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.UInt8Vector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ColumnDecoderTest {
    private final BufferAllocator allocator = new RootAllocator();

    @AfterEach
    void everyBufferIsReleased() {
        allocator.close();
    }

    @Test
    void everyTypeComesBackAsItWasWritten() {
        RowV2Writer row = new RowV2Writer();
        row.putInt(1, -5)
                .putUnsigned(2, -1)
                .putDouble(3, 1.5)
                .putDecimal(4, new BigDecimal("-1234567890.1234"), 14, 4)
                .putDecimal(5, new BigDecimal("9".repeat(35) + "." + "9".repeat(30)), 65, 30)
                .putString(6, "héllo")
                .putBytes(7, new byte[] {0, -1})
                .putDate(8, LocalDate.of(2024, 2, 29))
                .putDateTime(9, LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_000))
                .putDateTime(10, LocalDateTime.of(1970, 1, 1, 0, 0, 1))
                .putDuration(11, -1_500_000_000L)
                .putInt(12, 2155)
                .putUnsigned(13, 2)
                .putUnsigned(14, 3)
                .putUnsigned(15, 0x313030)
                .putBytes(
                        16,
                        JsonBinary.encode(
                                com.fasterxml.jackson.databind.node.JsonNodeFactory.instance
                                        .objectNode()
                                        .put("a", 1)))
                .putBytes(17, VectorFloat32.encode(new float[] {1f, 2.5f}))
                .putNull(300);
        byte[] bytes = row.toBytes();
        assertThat(read(FieldType.of(FieldType.TINY, 0, 4, 0), 1, bytes)).isEqualTo((byte) -5);
        assertThat(read(FieldType.of(FieldType.LONGLONG, 0, 20, 0), 1, bytes)).isEqualTo(-5L);
        assertThat(read(FieldType.of(FieldType.DOUBLE, 0, 22, -1), 3, bytes)).isEqualTo(1.5);
        assertThat(read(FieldType.of(FieldType.FLOAT, 0, 12, -1), 3, bytes)).isEqualTo(1.5f);
        assertThat(read(FieldType.of(FieldType.NEW_DECIMAL, 0, 14, 4), 4, bytes))
                .isEqualTo(new BigDecimal("-1234567890.1234"));
        assertThat(read(FieldType.of(FieldType.NEW_DECIMAL, 0, 16, 2), 4, bytes))
                .isEqualTo(new BigDecimal("-1234567890.12"));
        assertThat(read(FieldType.of(FieldType.NEW_DECIMAL, 0, 65, 30), 5, bytes))
                .isEqualTo(new BigDecimal("9".repeat(35) + "." + "9".repeat(30)));
        assertThat(read(FieldType.text(FieldType.VARCHAR, 0, 20, "utf8mb4_bin"), 6, bytes))
                .hasToString("héllo");
        assertThat(read(FieldType.of(FieldType.BLOB, 0, 20, 0), 7, bytes))
                .isEqualTo(new byte[] {0, -1});
        assertThat(read(FieldType.of(FieldType.DATE, 0, 10, 0), 8, bytes))
                .isEqualTo((int) LocalDate.of(2024, 2, 29).toEpochDay());
        assertThat(read(FieldType.of(FieldType.DATETIME, 0, 26, 6), 9, bytes))
                .isEqualTo(LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_000));
        assertThat(read(FieldType.of(FieldType.TIMESTAMP, 0, 19, 0), 10, bytes))
                .isEqualTo(1_000_000L);
        assertThat(read(FieldType.of(FieldType.DURATION, 0, 10, 6), 11, bytes))
                .isEqualTo(Duration.ofMillis(-1500));
        assertThat(read(FieldType.of(FieldType.YEAR, FieldType.UNSIGNED_FLAG, 4, 0), 12, bytes))
                .isEqualTo((short) 2155);
        assertThat(read(FieldType.members(FieldType.ENUM, 0, List.of("y", "n")), 13, bytes))
                .hasToString("n");
        assertThat(read(FieldType.members(FieldType.SET, 0, List.of("a", "b")), 14, bytes))
                .hasToString("a,b");
        assertThat(read(FieldType.of(FieldType.BIT, 0, 24, 0), 15, bytes)).isEqualTo(0x313030L);
        assertThat(read(FieldType.of(FieldType.JSON, 0, -1, 0), 16, bytes))
                .hasToString("{\"a\": 1}");
        assertThat(read(FieldType.of(FieldType.VECTOR_FLOAT32, 0, -1, 0), 17, bytes))
                .hasToString("[1.0,2.5]");
        assertThat(read(FieldType.of(FieldType.LONG, 0, 11, 0), 300, bytes)).isNull();
    }

    @Test
    void unsignedBigintKeepsItsBits() {
        byte[] row = new RowV2Writer().putUnsigned(2, -1).toBytes();
        ColumnSchema column =
                ColumnSchema.of(
                        2, "u", FieldType.of(FieldType.LONGLONG, FieldType.UNSIGNED_FLAG, 20, 0));
        try (FieldVector out = decode(table(column), column, new HeapRows().add(1, row))) {
            assertThat(((UInt8Vector) out).get(0)).isEqualTo(-1L);
        }
    }

    @Test
    void datesThatDoNotExistAreNull() {
        List<PackedTime> dates =
                List.of(
                        PackedTime.of(0),
                        new PackedTime(2027, 4, 31, 0, 0, 0, 0),
                        new PackedTime(2007, 0, 1, 0, 0, 0, 0),
                        new PackedTime(2023, 2, 29, 0, 0, 0, 0));
        for (PackedTime date : dates) {
            byte[] row = new RowV2Writer().putUnsigned(1, date.packed()).toBytes();
            assertThat(read(FieldType.of(FieldType.DATETIME, 1, 26, 6), 1, row)).isNull();
        }
    }

    @Test
    void rowsOfBothFormatsReadAlike() {
        byte[] old = HexFormat.of().parseHex("080208c80108040206616263");
        byte[] current = new RowV2Writer().putInt(1, 100).putString(2, "abc").toBytes();
        ColumnSchema column =
                ColumnSchema.of(2, "s", FieldType.text(FieldType.VARCHAR, 0, 9, "utf8mb4_bin"));
        HeapRows rows = new HeapRows().add(1, old).add(2, current).addDeleted(3);
        try (FieldVector out = decode(table(column), column, rows)) {
            assertThat(values(out)).map(String::valueOf).containsExactly("abc", "abc", "null");
        }
    }

    @Test
    void theHandleFillsAnIntegerPrimaryKey() {
        ColumnSchema id =
                ColumnSchema.of(
                        1,
                        "id",
                        FieldType.of(
                                FieldType.LONGLONG,
                                FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG,
                                20,
                                0));
        TableSchema table = TableSchema.builder(5, "d", "t").column(id).pkIsHandle().build();
        HeapRows rows = new HeapRows().add(-7, new byte[] {0}).addDeleted(8);
        try (FieldVector out = decode(table, id, rows)) {
            assertThat(values(out)).containsExactly(-7L, 8L);
        }
    }

    @Test
    void aCommonHandleFillsItsColumnsUnlessTheValueHasThem() {
        FieldType number = FieldType.of(FieldType.LONGLONG, 3, 20, 0);
        FieldType text = FieldType.text(FieldType.STRING, 3, 9, "utf8mb4_bin");
        TableSchema table =
                TableSchema.builder(5, "d", "t")
                        .column(1, "a", number)
                        .column(2, "b", text)
                        .commonHandle("a", "b")
                        .build();
        byte[] handle = HexFormat.of().parseHex("038000000000000001016162630000000000fa");
        HeapRows rows =
                new HeapRows()
                        .add(handle, new RowV2Writer().toBytes())
                        .add(handle, new RowV2Writer().putString(2, "ABC ").toBytes());
        try (FieldVector a = decode(table, table.columns().get(0), rows);
                FieldVector b = decode(table, table.columns().get(1), rows)) {
            assertThat(values(a)).containsExactly(1L, 1L);
            assertThat(values(b)).map(String::valueOf).containsExactly("abc", "ABC ");
        }
    }

    @Test
    void anAddedColumnReadsItsOriginDefaultInOlderRows() {
        byte[] row = new RowV2Writer().putInt(1, 1).toBytes();
        ColumnSchema added =
                ColumnSchema.of(
                                2,
                                "c",
                                FieldType.of(FieldType.LONG, FieldType.NOT_NULL_FLAG, 11, 0))
                        .withOriginDefault("42");
        try (FieldVector out = decode(table(added), added, new HeapRows().add(1, row))) {
            assertThat(values(out)).containsExactly(42);
        }
    }

    @Test
    void aRowWithoutANotNullColumnAsksForAnotherSchema() {
        byte[] row = new RowV2Writer().putInt(1, 1).toBytes();
        ColumnSchema missing =
                ColumnSchema.of(
                        2, "c", FieldType.of(FieldType.LONG, FieldType.NOT_NULL_FLAG, 11, 0));
        HeapRows rows = new HeapRows().add(1, row);
        assertThatThrownBy(() -> decode(table(missing), missing, rows).close())
                .isInstanceOf(SchemaMismatchException.class);
        ColumnSchema reorganizing =
                missing.withOriginDefault("1").withState(SchemaState.WRITE_ONLY);
        assertThatThrownBy(() -> decode(table(reorganizing), reorganizing, rows).close())
                .isInstanceOf(SchemaMismatchException.class);
        ColumnDecoder forced =
                ColumnDecoder.forColumn(table(missing), missing, ColumnDecoder.Mismatch.FORCE);
        try (FieldVector out = forced.field().createVector(allocator)) {
            forced.decode(rows, 0, 1, out);
            assertThat(values(out)).containsExactly(0);
        }
    }

    @Test
    void aValueWiderThanItsColumnAsksForAnotherSchema() {
        byte[] row = new RowV2Writer().putInt(1, 200).toBytes();
        ColumnSchema tiny = ColumnSchema.of(1, "c", FieldType.of(FieldType.TINY, 0, 4, 0));
        HeapRows rows = new HeapRows().add(1, row);
        assertThatThrownBy(() -> decode(table(tiny), tiny, rows).close())
                .isInstanceOf(SchemaMismatchException.class);
    }

    @Test
    void cutRowsAreReportedNotRead() {
        byte[] row = new RowV2Writer().putInt(1, 200).putString(2, "abcdef").toBytes();
        ColumnSchema column =
                ColumnSchema.of(2, "c", FieldType.text(FieldType.VARCHAR, 0, 9, "utf8mb4_bin"));
        for (int length = 1; length < row.length; length++) {
            HeapRows rows = new HeapRows().add(1, java.util.Arrays.copyOf(row, length));
            assertThatThrownBy(() -> decode(table(column), column, rows).close())
                    .isInstanceOf(CodecException.class);
        }
    }

    private Object read(FieldType type, long id, byte[] row) {
        ColumnSchema column = ColumnSchema.of(id, "c", type);
        try (FieldVector out = decode(table(column), column, new HeapRows().add(1, row))) {
            return out instanceof TimeStampMicroTZVector instants && !instants.isNull(0)
                    ? (Object) instants.get(0)
                    : out.getObject(0);
        }
    }

    private FieldVector decode(TableSchema table, ColumnSchema column, RawRows rows) {
        ColumnDecoder decoder = ColumnDecoder.forColumn(table, column);
        FieldVector out = decoder.field().createVector(allocator);
        try {
            decoder.decode(rows, 0, rows.count(), out);
            return out;
        } catch (RuntimeException failure) {
            out.close();
            throw failure;
        }
    }

    private static TableSchema table(ColumnSchema column) {
        return TableSchema.builder(9, "d", "t").column(column).build();
    }

    private static List<Object> values(FieldVector vector) {
        List<Object> out = new ArrayList<>();
        for (int i = 0; i < vector.getValueCount(); i++) {
            out.add(vector.getObject(i));
        }
        return out;
    }
}
