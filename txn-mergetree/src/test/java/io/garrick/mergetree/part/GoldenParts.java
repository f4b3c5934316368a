package io.garrick.mergetree.part;

import io.garrick.base.Disk;
import io.garrick.base.FileDisk;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * The part that every golden file holds, computed from row numbers: all page kinds and encodings,
 * NULLs, two pages. {@code main DIRECTORY NAME} writes it in the newest version; do that once for
 * each new version, and never again.
 */
final class GoldenParts {
    static final int ROWS = ColumnPage.ROWS + 100;
    static final byte[] KILLS = {2, 5, 3, 20, 30};

    /** One column: what it is, and which value a row has; null for NULL. */
    record Column(PartColumn form, Values values) {}

    @FunctionalInterface
    interface Values {
        @org.jspecify.annotations.Nullable
        Object at(int row);
    }

    static final List<Column> COLUMNS =
            List.of(
                    new Column(PartColumn.hiddenLong(HiddenColumns.HANDLE), row -> row * 2L - 5000),
                    new Column(PartColumn.hiddenLong(HiddenColumns.TS), row -> 4000L + row / 1000),
                    new Column(PartColumn.hiddenLong(HiddenColumns.OP), _ -> HiddenColumns.PUT),
                    // FOR with NULLs.
                    new Column(
                            PartColumn.of(1, Field.nullable("n", new ArrowType.Int(64, true))),
                            row -> row % 7 == 0 ? null : (row * 2654435761L) % 1000),
                    // Rising: differences, where the version has them.
                    new Column(
                            PartColumn.of(2, Field.nullable("t", new ArrowType.Int(64, true))),
                            row -> 1_700_000_000_000L + row * 1000L + row % 3),
                    new Column(
                            PartColumn.of(3, Field.nullable("u", new ArrowType.Int(64, false))),
                            row -> -1L - row % 1000),
                    new Column(
                            PartColumn.of(
                                    4,
                                    Field.nullable(
                                            "d",
                                            new ArrowType.FloatingPoint(
                                                    FloatingPointPrecision.DOUBLE))),
                            row -> Double.doubleToRawLongBits(row / 8.0)),
                    new Column(
                            PartColumn.of(
                                    5, Field.nullable("w", new ArrowType.Decimal(38, 2, 128))),
                            row -> BigInteger.ONE.shiftLeft(70).add(BigInteger.valueOf(row))),
                    // A dictionary, and text that is compressed.
                    new Column(
                            PartColumn.of(6, Field.nullable("m", ArrowType.Utf8.INSTANCE)),
                            row -> row % 11 == 0 ? null : "mode" + row % 5),
                    new Column(
                            PartColumn.of(7, Field.nullable("c", ArrowType.Utf8.INSTANCE)),
                            row -> "row " + row % 4001 + " and the same words"));

    private GoldenParts() {}

    public static void main(String[] arguments) throws IOException {
        write(new FileDisk(Path.of(arguments[0])), Path.of(arguments[1]));
    }

    static void write(Disk disk, Path file) throws IOException {
        try (PartWriter writer =
                PartWriter.create(disk, file, new PartWriter.Identity(42, 77, false, 9))) {
            for (Column column : COLUMNS) {
                writer.beginColumn(column.form());
                ColumnPage page = new ColumnPage();
                for (int from = 0; from < ROWS; from += ColumnPage.ROWS) {
                    page.clear();
                    for (int row = from; row < Math.min(ROWS, from + ColumnPage.ROWS); row++) {
                        add(column, row, page);
                    }
                    writer.page(page);
                }
                writer.endColumn();
            }
            writer.finish(KILLS);
        }
    }

    private static void add(Column column, int row, ColumnPage page) {
        switch (column.values().at(row)) {
            case null -> page.addNull(column.form().kind());
            case Long value -> page.addLong(value);
            case BigInteger value ->
                    page.addPair(value.longValue(), value.shiftRight(64).longValue());
            case String value -> {
                byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
                page.addBytes(bytes, 0, bytes.length);
            }
            case Object other -> throw new IllegalStateException("no form for " + other);
        }
    }
}
