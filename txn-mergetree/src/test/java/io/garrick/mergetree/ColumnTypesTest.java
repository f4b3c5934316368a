package io.garrick.mergetree;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Timestamp;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.apache.arrow.vector.FieldVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A value is the same wherever its row is: in memory, in a part, in a merged part. */
final class ColumnTypesTest {
    private static final long TABLE = 9;

    @TempDir Path directory;
    private final Random random = new Random(42);

    private static TableSchema table() {
        return TableSchema.builder(TABLE, "test", "types")
                .column(
                        1,
                        "id",
                        FieldType.of(
                                FieldType.LONGLONG,
                                FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG,
                                20,
                                0))
                .column(2, "tiny", FieldType.of(FieldType.TINY, 0, 4, 0))
                .column(3, "utiny", FieldType.of(FieldType.TINY, FieldType.UNSIGNED_FLAG, 4, 0))
                .column(4, "small", FieldType.of(FieldType.SHORT, 0, 6, 0))
                .column(5, "int", FieldType.of(FieldType.LONG, 0, 11, 0))
                .column(6, "ubig", FieldType.of(FieldType.LONGLONG, FieldType.UNSIGNED_FLAG, 20, 0))
                .column(7, "float", FieldType.of(FieldType.FLOAT, 0, -1, -1))
                .column(8, "double", FieldType.of(FieldType.DOUBLE, 0, -1, -1))
                .column(9, "money", FieldType.of(FieldType.NEW_DECIMAL, 0, 15, 2))
                .column(10, "wide", FieldType.of(FieldType.NEW_DECIMAL, 0, 38, 10))
                .column(11, "widest", FieldType.of(FieldType.NEW_DECIMAL, 0, 65, 30))
                .column(12, "date", FieldType.of(FieldType.DATE, 0, 10, 0))
                .column(13, "datetime", FieldType.of(FieldType.DATETIME, 0, 26, 6))
                .column(14, "time", FieldType.of(FieldType.DURATION, 0, 17, 6))
                .column(15, "blob", FieldType.of(FieldType.BLOB, 0, 65535, 0))
                .column(
                        16,
                        "enum",
                        FieldType.members(FieldType.ENUM, 0, List.of("red", "green", "blue")))
                .column(
                        17,
                        "text",
                        FieldType.text(FieldType.VARCHAR, 0, 200, FieldType.UTF8MB4_BIN))
                .column(18, "vector", FieldType.of(FieldType.VECTOR_FLOAT32, 0, 3, 0))
                .column(19, "year", FieldType.of(FieldType.YEAR, 0, 4, 0))
                .pkIsHandle()
                .build();
    }

    private byte[] row() {
        RowV2Writer row = new RowV2Writer();
        for (long column = 2; column <= 19; column++) {
            if (random.nextInt(6) == 0) {
                row.putNull(column);
            } else {
                put(row, (int) column);
            }
        }
        return row.toBytes();
    }

    private void put(RowV2Writer row, int column) {
        switch (column) {
            case 2 -> row.putInt(column, (byte) random.nextInt());
            case 3 -> row.putUnsigned(column, random.nextInt(256));
            case 4 -> row.putInt(column, (short) random.nextInt());
            case 5 -> row.putInt(column, random.nextInt());
            case 6 -> row.putUnsigned(column, random.nextLong());
            case 7 -> row.putDouble(column, random.nextFloat() * 1e10f);
            case 8 -> row.putDouble(column, random.nextGaussian());
            case 9 -> row.putDecimal(column, decimal(49, 2), 15, 2);
            case 10 -> row.putDecimal(column, decimal(126, 10), 38, 10);
            case 11 -> row.putDecimal(column, decimal(215, 30), 65, 30);
            case 12 ->
                    row.putDate(column, LocalDate.of(1900, 1, 1).plusDays(random.nextInt(90000)));
            case 13 ->
                    row.putDateTime(
                            column,
                            LocalDateTime.of(1900, 1, 1, 0, 0).plusSeconds(random.nextInt()));
            case 14 -> row.putDuration(column, random.nextInt() * 1000_000L);
            case 15 -> {
                byte[] bytes = new byte[random.nextInt(300)];
                random.nextBytes(bytes);
                row.putBytes(column, bytes);
            }
            case 16 -> row.putUnsigned(column, 1L + random.nextInt(3));
            case 17 -> row.putString(column, "ä€𝄞".repeat(random.nextInt(20)) + random.nextInt(9));
            case 18 ->
                    row.putBytes(
                            column,
                            ByteBuffer.allocate(16)
                                    .order(ByteOrder.LITTLE_ENDIAN)
                                    .putInt(3)
                                    .putFloat(random.nextFloat())
                                    .putFloat(-1.5f)
                                    .putFloat(0)
                                    .array());
            case 19 -> row.putInt(column, 1901L + random.nextInt(250));
            default -> throw new IllegalArgumentException("column " + column);
        }
    }

    private BigDecimal decimal(int bits, int scale) {
        BigInteger unscaled = new BigInteger(bits, random);
        return new BigDecimal(random.nextBoolean() ? unscaled : unscaled.negate(), scale);
    }

    @Test
    void everyTypeSurvivesFlushAndCompaction() throws IOException {
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            TableSchema table = table();
            rig.schemas.put(TABLE, table);
            for (int part = 0; part < 5; part++) {
                List<CommittedRow> rows = new ArrayList<>();
                for (int i = 0; i < 3000; i++) {
                    long handle = random.nextInt(20000);
                    rows.add(
                            CommittedRow.put(
                                    TABLE, handle, part * 10_000L + i + 1, row(), 1, part + 1, i));
                }
                rig.store.append(rows);
                NavigableMap<Long, List<Object>> inMemory = read(rig, table);
                assertThat(rig.store.flush(FlushScope.ALL).complete()).isTrue();
                assertThat(read(rig, table)).isEqualTo(inMemory);
            }
            NavigableMap<Long, List<Object>> inParts = read(rig, table);
            rig.store.advanceSafepoint(new Timestamp(100_000));
            while (rig.store.compactOnce()) {
                assertThat(read(rig, table)).isEqualTo(inParts);
            }
            assertThat(rig.store.stats().partCount()).isLessThan(5);
        }
    }

    @Test
    void aColumnAddedLaterHasItsOriginDefaultInOldParts() throws IOException {
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            TableSchema old = Rig.table(TABLE);
            rig.schemas.put(TABLE, old);
            byte[] oldRow = Rig.row(new Rig.Image(1L, "x", null));
            rig.store.append(List.of(CommittedRow.put(TABLE, 1, 10, oldRow, 1, 1, 0)));
            rig.store.flush(FlushScope.ALL);
            TableSchema table =
                    old.toBuilder()
                            .column(
                                    ColumnSchema.of(9, "n", FieldType.of(FieldType.LONG, 0, 11, 0))
                                            .withOriginDefault("7"))
                            .build();
            rig.schemas.put(TABLE, table);
            assertThat(read(rig, table).get(1L)).last().isEqualTo(7);
            // The merged part has the value itself.
            for (int i = 2; i < 6; i++) {
                byte[] row = new RowV2Writer().putInt(9, i).toBytes();
                rig.store.append(List.of(CommittedRow.put(TABLE, i, 10 + i, row, 1, i, 0)));
                rig.store.flush(FlushScope.ALL);
            }
            assertThat(rig.store.compactOnce()).isTrue();
            assertThat(read(rig, table).get(1L)).last().isEqualTo(7);
            assertThat(read(rig, table).get(3L)).last().isEqualTo(3);
        }
    }

    @Test
    void rowsOfANewerSchemaStayInMemoryUntilItIsKnown() throws IOException {
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            TableSchema old = Rig.table(TABLE);
            byte[] row = new RowV2Writer().putInt(Rig.A, 5).putInt(9, 6).toBytes();
            rig.store.append(List.of(CommittedRow.put(TABLE, 1, 10, row, 4, 1, 0)));
            assertThat(rig.store.flush(FlushScope.ALL).skippedTables()).containsExactly(TABLE);
            rig.schemas.put(TABLE, old);
            assertThat(rig.store.flush(FlushScope.ALL).skippedTables()).containsExactly(TABLE);
            assertThat(rig.store.unflushedRows(4)).hasSize(1);
            TableSchema table =
                    old.toBuilder().column(9, "n", FieldType.of(FieldType.LONG, 0, 11, 0)).build();
            rig.schemas.put(TABLE, table);
            assertThat(rig.store.flush(FlushScope.ALL).fences())
                    .containsExactly(new Fence(TABLE, 4, 1, 0));
            assertThat(rig.store.unflushedRows(4)).isEmpty();
            assertThat(read(rig, table).get(1L)).last().isEqualTo(6);
        }
    }

    private static NavigableMap<Long, List<Object>> read(Rig rig, TableSchema table)
            throws IOException {
        NavigableMap<Long, List<Object>> result = new TreeMap<>();
        try (Snapshot snapshot = rig.store.pin(TABLE, Timestamp.MAX)) {
            for (Morsel morsel : snapshot.morsels(ScanSpec.of(table, table.columns()))) {
                try (MaskedBatch batch = morsel.read(rig.allocator)) {
                    for (int row = 0; row < batch.rowCount(); row++) {
                        if (batch.visible(row)) {
                            List<Object> values = new ArrayList<>();
                            for (FieldVector vector : batch.columns()) {
                                values.add(comparable(vector.getObject(row)));
                            }
                            result.put((Long) values.get(0), values);
                        }
                    }
                }
            }
        }
        return result;
    }

    private static Object comparable(@org.jspecify.annotations.Nullable Object value) {
        return switch (value) {
            case null -> Map.of();
            case byte[] bytes -> ByteBuffer.wrap(bytes);
            default -> value;
        };
    }
}
