package io.garrick.mergetree.part;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.CorruptFileException;
import io.garrick.base.FileDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PartFileTest {
    private static final PartColumn HANDLE = PartColumn.hiddenLong(HiddenColumns.HANDLE);
    private static final PartColumn TS = PartColumn.hiddenLong(HiddenColumns.TS);
    private static final PartColumn OP = PartColumn.hiddenLong(HiddenColumns.OP);
    private static final PartColumn NUMBER =
            PartColumn.of(2, Field.nullable("n", new ArrowType.Int(64, true)));
    private static final PartColumn TEXT =
            PartColumn.of(3, Field.nullable("s", ArrowType.Utf8.INSTANCE));
    private static final PartColumn WIDE =
            PartColumn.of(4, Field.nullable("w", new ArrowType.Decimal(38, 0, 128)));

    @TempDir Path directory;

    @FunctionalInterface
    private interface Value {
        void add(int row, ColumnPage page);
    }

    private static void column(PartWriter writer, PartColumn column, int rows, Value value)
            throws IOException {
        writer.beginColumn(column);
        ColumnPage page = new ColumnPage();
        for (int from = 0; from < rows; from += ColumnPage.ROWS) {
            page.clear();
            for (int row = from; row < Math.min(rows, from + ColumnPage.ROWS); row++) {
                value.add(row, page);
            }
            writer.page(page);
        }
        writer.endColumn();
    }

    private void write(FileDisk disk, Path path, int rows, String pattern, long seed)
            throws IOException {
        Random random = new Random(seed);
        try (PartWriter writer =
                PartWriter.create(
                        disk,
                        path,
                        new PartWriter.Identity(7, 8, false, 9, pattern.equals("cold")))) {
            column(writer, HANDLE, rows, (row, page) -> page.addLong(row * 3L - 100));
            column(writer, TS, rows, (row, page) -> page.addLong(1000 + row / 50));
            column(writer, OP, rows, (_, page) -> page.addLong(0));
            column(
                    writer,
                    NUMBER,
                    rows,
                    (row, page) -> {
                        if (random.nextInt(9) == 0) {
                            page.addNull(PartColumn.Kind.LONG);
                        } else {
                            page.addLong(random.nextLong() >> random.nextInt(64));
                        }
                    });
            column(
                    writer,
                    TEXT,
                    rows,
                    (row, page) -> {
                        String text =
                                pattern.equals("few")
                                        ? "mode" + random.nextInt(7)
                                        : "text " + random.nextLong() + " and more of the same";
                        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                        page.addBytes(bytes, 0, bytes.length);
                    });
            column(
                    writer,
                    WIDE,
                    rows,
                    (row, page) -> page.addPair(random.nextLong(), -1L - random.nextInt(3)));
            writer.finish(new byte[] {1, 2, 3});
        }
    }

    /** All that a reader can get out of a part. */
    private static List<Object> contents(PartReader reader) throws IOException {
        List<Object> all = new ArrayList<>();
        all.add(reader.partId() + " " + reader.tableId() + " " + reader.rowCount());
        all.add(reader.minTs() + " " + reader.maxTs() + " " + reader.schemaVersion());
        all.add(java.util.Arrays.toString(reader.kills()));
        ColumnPage page = new ColumnPage();
        PartReader.Cursor cursor = reader.cursor();
        for (int column = 0; column < reader.columnCount(); column++) {
            PartColumn form = reader.column(column);
            all.add(form);
            for (int p = 0; p < reader.pageCount(); p++) {
                cursor.read(column, p, page);
                for (int row = 0; row < page.count(); row++) {
                    if (page.isNull(row)) {
                        all.add("NULL");
                    } else if (form.kind() == PartColumn.Kind.BYTES) {
                        all.add(new String(page.bytesAt(row), StandardCharsets.UTF_8));
                    } else {
                        all.add(page.longAt(row));
                    }
                }
            }
        }
        return all;
    }

    @Test
    void aFlippedByteIsNoticedOrHarmless() throws IOException {
        FileDisk disk = new FileDisk(directory);
        write(disk, Path.of("good"), 120, "few", 5);
        List<Object> expected;
        try (PartReader reader = PartReader.open(disk, Path.of("good"))) {
            expected = contents(reader);
        }
        byte[] bytes = disk.readAll(Path.of("good"));
        int noticed = 0;
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] ^= (byte) (1 << i % 8);
            Files.write(directory.resolve("bad"), bytes);
            bytes[i] ^= (byte) (1 << i % 8);
            try (PartReader reader = PartReader.open(disk, Path.of("bad"))) {
                assertThat(contents(reader)).as("byte %d", i).isEqualTo(expected);
            } catch (CorruptFileException e) {
                noticed++;
            }
        }
        // Only padding between pages is not covered.
        assertThat(noticed).isGreaterThan(bytes.length / 2);
    }

    @Test
    void aCutFileIsNoticed() throws IOException {
        FileDisk disk = new FileDisk(directory);
        write(disk, Path.of("good"), 20, "few", 5);
        byte[] bytes = disk.readAll(Path.of("good"));
        for (int length = 0; length < bytes.length; length++) {
            Files.write(directory.resolve("cut"), java.util.Arrays.copyOf(bytes, length));
            boolean noticed = false;
            try (PartReader reader = PartReader.open(disk, Path.of("cut"))) {
                assertThat(reader.rowCount()).isNegative();
            } catch (CorruptFileException e) {
                noticed = true;
            }
            assertThat(noticed).as("length %d", length).isTrue();
        }
    }

    @Test
    void pagesComeBackInEveryEncoding() throws IOException {
        FileDisk disk = new FileDisk(directory);
        int rows = 2 * ColumnPage.ROWS + 777;
        for (String pattern : List.of("few", "many", "cold")) {
            write(disk, Path.of(pattern), rows, pattern, 6);
            try (PartReader reader = PartReader.open(disk, Path.of(pattern))) {
                Random random = new Random(6);
                List<Object> all = contents(reader);
                assertThat(reader.rowCount()).isEqualTo(rows);
                assertThat(reader.minHandle()).isEqualTo(-100);
                for (int row = 0; row < rows; row++) {
                    assertThat(reader.handleAt(row)).isEqualTo(row * 3L - 100);
                    assertThat(reader.tsAt(row)).isEqualTo(1000 + row / 50);
                    assertThat(reader.lowerBound(row * 3L - 101)).isEqualTo(row);
                }
                assertThat(reader.lowerBound(rows * 3L)).isEqualTo(rows);
                int numbers = all.indexOf(NUMBER) + 1;
                for (int row = 0; row < rows; row++) {
                    Object expected =
                            random.nextInt(9) == 0
                                    ? "NULL"
                                    : (Object) (random.nextLong() >> random.nextInt(64));
                    assertThat(all.get(numbers + row)).isEqualTo(expected);
                }
                int texts = all.indexOf(TEXT) + 1;
                for (int row = 0; row < rows; row++) {
                    String expected =
                            pattern.equals("few")
                                    ? "mode" + random.nextInt(7)
                                    : "text " + random.nextLong() + " and more of the same";
                    assertThat(all.get(texts + row)).isEqualTo(expected);
                }
            }
        }
    }
}
