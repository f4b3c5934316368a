package io.garrick.mergetree;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.codec.row.RowV2Writer;
import io.garrick.codec.schema.FieldType;
import io.garrick.codec.schema.TableSchema;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.arrow.vector.BigIntVector;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Zone maps skip pages, never a row that matches. */
final class ZoneFilterTest {
    private static final long TABLE = 3;
    private static final int ROWS = 60_000;

    @TempDir Path directory;

    /** Values grow with the handle, so that pages have narrow bounds. */
    private record Row(
            @Nullable Long signed, @Nullable Long unsigned, @Nullable Double real, String text) {}

    private static TableSchema table() {
        return TableSchema.builder(TABLE, "test", "zones")
                .column(
                        1,
                        "id",
                        FieldType.of(
                                FieldType.LONGLONG,
                                FieldType.NOT_NULL_FLAG | FieldType.PRIMARY_KEY_FLAG,
                                20,
                                0))
                .column(2, "i", FieldType.of(FieldType.LONGLONG, 0, 20, 0))
                .column(3, "u", FieldType.of(FieldType.LONGLONG, FieldType.UNSIGNED_FLAG, 20, 0))
                .column(4, "f", FieldType.of(FieldType.DOUBLE, 0, -1, -1))
                .column(5, "s", FieldType.text(FieldType.VARCHAR, 0, 100, FieldType.UTF8MB4_BIN))
                .pkIsHandle()
                .build();
    }

    private static byte[] bytes(Row row) {
        RowV2Writer writer = new RowV2Writer();
        if (row.signed() == null) {
            writer.putNull(2);
        } else {
            writer.putInt(2, row.signed());
        }
        if (row.unsigned() == null) {
            writer.putNull(3);
        } else {
            writer.putUnsigned(3, row.unsigned());
        }
        if (row.real() == null) {
            writer.putNull(4);
        } else {
            writer.putDouble(4, row.real());
        }
        return writer.putString(5, row.text()).toBytes();
    }

    private static boolean matches(Row row, ZoneFilter filter) {
        return switch (filter) {
            case ZoneFilter.LongRange(long column, long min, long max) -> {
                Long value = column == 2 ? row.signed() : row.unsigned();
                yield value != null
                        && (column == 2
                                ? min <= value && value <= max
                                : Long.compareUnsigned(min, value) <= 0
                                        && Long.compareUnsigned(value, max) <= 0);
            }
            case ZoneFilter.DoubleRange(_, double min, double max) ->
                    row.real() != null && min <= row.real() && row.real() <= max;
            case ZoneFilter.BytesRange(_, Key min, Key max) -> {
                Key text = text(row.text());
                yield min.compareTo(text) <= 0 && text.compareTo(max) <= 0;
            }
            case ZoneFilter.IsNull(long column) -> isNull(row, column);
            case ZoneFilter.IsNotNull(long column) -> !isNull(row, column);
        };
    }

    private static boolean isNull(Row row, long column) {
        return (column == 2 && row.signed() == null)
                || (column == 3 && row.unsigned() == null)
                || (column == 4 && row.real() == null);
    }

    private static Key text(String text) {
        return Key.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Row row(int handle, Random random) {
        boolean nullsOnly = handle < 8192;
        long step = Math.floorDiv(handle, 10);
        return new Row(
                nullsOnly || random.nextInt(10) == 0 ? null : step - 2000,
                nullsOnly ? null : (step - 2000) << 48,
                nullsOnly ? null : step * -0.5,
                "a prefix of more than thirty-two bytes".substring(handle % 3 == 0 ? 0 : 20)
                        + String.format("%07d", handle));
    }

    private static ZoneFilter filter(Random random) {
        long from = random.nextInt(7000) - 2500L;
        long to = from + random.nextInt(500);
        return switch (random.nextInt(6)) {
            case 0 -> new ZoneFilter.LongRange(2, from, to);
            case 1 -> new ZoneFilter.LongRange(3, from << 48, (from << 48) + (1L << 52));
            case 2 -> new ZoneFilter.DoubleRange(4, -0.5 * to, -0.5 * from);
            case 3 -> {
                String text = row(random.nextInt(ROWS), random).text();
                yield new ZoneFilter.BytesRange(5, text(text), text(text + "5"));
            }
            case 4 -> new ZoneFilter.IsNull(2L + random.nextInt(3));
            default -> new ZoneFilter.IsNotNull(2L + random.nextInt(3));
        };
    }

    @Test
    void everyMatchingRowComesOutAndPagesAreSkipped() throws IOException {
        Random random = new Random(11);
        TableSchema table = table();
        try (Rig rig = new Rig(directory, Rig.SMALL)) {
            rig.schemas.put(TABLE, table);
            List<Row> rows = new ArrayList<>();
            List<CommittedRow> committed = new ArrayList<>();
            for (int handle = 0; handle < ROWS; handle++) {
                rows.add(row(handle, random));
                committed.add(
                        CommittedRow.put(TABLE, handle, 10, bytes(rows.get(handle)), 1, 1, handle));
            }
            rig.store.append(committed);
            rig.store.flush(FlushScope.ALL);
            long read = 0;
            for (int i = 0; i < 60; i++) {
                ZoneFilter filter = filter(random);
                Set<Long> handles = handles(rig, table, filter);
                long missing = -1;
                for (int handle = 0; handle < ROWS && missing < 0; handle++) {
                    if (matches(rows.get(handle), filter) && !handles.contains((long) handle)) {
                        missing = handle;
                    }
                }
                assertThat(missing).as("%s", filter).isEqualTo(-1);
                read += handles.size();
            }
            assertThat(read).isLessThan(60L * ROWS / 2);
        }
    }

    private static Set<Long> handles(Rig rig, TableSchema table, ZoneFilter filter)
            throws IOException {
        Set<Long> handles = new HashSet<>();
        ScanSpec spec =
                new ScanSpec(table, table.columns().subList(0, 1), List.of(), List.of(filter));
        try (Snapshot snapshot = rig.store.pin(TABLE, Timestamp.MAX)) {
            for (Morsel morsel : snapshot.morsels(spec)) {
                try (MaskedBatch batch = morsel.read(rig.allocator)) {
                    BigIntVector ids = (BigIntVector) batch.columns().getFirst();
                    for (int row = 0; row < batch.rowCount(); row++) {
                        handles.add(ids.get(row));
                    }
                }
            }
        }
        return handles;
    }
}
