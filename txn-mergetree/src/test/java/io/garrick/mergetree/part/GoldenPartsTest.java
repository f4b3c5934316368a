package io.garrick.mergetree.part;

import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.FileDisk;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that every version of the writer has left behind stay readable, value by value. */
final class GoldenPartsTest {
    @TempDir Path directory;

    static IntStream versions() {
        return IntStream.rangeClosed(1, PartWriter.VERSION);
    }

    @ParameterizedTest
    @MethodSource("versions")
    void aFileOfEveryVersionIsReadAsItWasWritten(int version) throws IOException {
        try (InputStream golden = getClass().getResourceAsStream("/part/v" + version + ".cpf")) {
            Files.copy(Objects.requireNonNull(golden), directory.resolve("golden"));
        }
        try (PartReader reader = PartReader.open(new FileDisk(directory), Path.of("golden"))) {
            assertThat(reader.formatVersion()).isEqualTo(version);
            checkContents(reader);
        }
    }

    @Test
    void todaysWriterWritesTheNewestVersion() throws IOException {
        FileDisk disk = new FileDisk(directory);
        GoldenParts.write(disk, Path.of("new"));
        try (PartReader reader = PartReader.open(disk, Path.of("new"))) {
            assertThat(reader.formatVersion()).isEqualTo(PartWriter.VERSION);
            checkContents(reader);
            List<String> forms = new ArrayList<>();
            for (int column = 0; column < reader.columnCount(); column++) {
                forms.add(reader.pageForm(column, 0).replaceAll("[0-9]+$", ""));
            }
            assertThat(forms).contains("const", "for", "rle", "delta", "bytes", "dict-for");
        }
    }

    private static void checkContents(PartReader reader) throws IOException {
        assertThat(reader.partId()).isEqualTo(42);
        assertThat(reader.tableId()).isEqualTo(77);
        assertThat(reader.schemaVersion()).isEqualTo(9);
        assertThat(reader.rowCount()).isEqualTo(GoldenParts.ROWS);
        assertThat(reader.kills()).isEqualTo(GoldenParts.KILLS);
        PartReader.Cursor cursor = reader.cursor();
        ColumnPage page = new ColumnPage();
        for (int i = 0; i < GoldenParts.COLUMNS.size(); i++) {
            GoldenParts.Column column = GoldenParts.COLUMNS.get(i);
            assertThat(reader.column(i)).isEqualTo(column.form());
            List<Object> expected = new ArrayList<>();
            List<Object> found = new ArrayList<>();
            for (int row = 0; row < GoldenParts.ROWS; row++) {
                if (row % ColumnPage.ROWS == 0) {
                    cursor.read(i, row / ColumnPage.ROWS, page);
                }
                expected.add(Objects.requireNonNullElse(column.values().at(row), "NULL"));
                found.add(value(column.form(), page, row % ColumnPage.ROWS));
            }
            assertThat(found).as("column %s", column.form()).isEqualTo(expected);
        }
    }

    private static Object value(PartColumn form, ColumnPage page, int row) {
        if (page.isNull(row)) {
            return "NULL";
        }
        return switch (form.kind()) {
            case LONG -> page.longAt(row);
            case LONG_PAIR ->
                    java.math.BigInteger.valueOf(page.high[row])
                            .shiftLeft(64)
                            .add(new java.math.BigInteger(Long.toUnsignedString(page.low[row])));
            case BYTES -> new String(page.bytesAt(row), StandardCharsets.UTF_8);
        };
    }
}
