package io.garrick.bench.storage;

import io.garrick.base.FileDisk;
import io.garrick.mergetree.part.ColumnPage;
import io.garrick.mergetree.part.HiddenColumns;
import io.garrick.mergetree.part.PartColumn;
import io.garrick.mergetree.part.PartReader;
import io.garrick.mergetree.part.PartWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/** Part files with columns of longs, computed from the row number. Whoever opened them closes. */
final class CpfFiles implements AutoCloseable {
    private static final int ROWS_PER_FILE = 1 << 22;

    private final List<PartReader> readers;

    private CpfFiles(List<PartReader> readers) {
        this.readers = readers;
    }

    List<PartReader> readers() {
        return readers;
    }

    /** Writes rows [0, rowCount) into files below {@code directory} and opens them. */
    static CpfFiles write(
            Path directory, long rowCount, List<PartColumn> columns, List<LongUnaryOperator> values)
            throws IOException {
        FileDisk disk = new FileDisk(directory);
        List<PartReader> readers = new ArrayList<>();
        for (long from = 0; from < rowCount; from += ROWS_PER_FILE) {
            long to = Math.min(rowCount, from + ROWS_PER_FILE);
            Path file = Path.of("part-" + from + ".cpf");
            try (PartWriter writer =
                    PartWriter.create(disk, file, new PartWriter.Identity(from + 1, 1, false, 1))) {
                column(writer, PartColumn.hiddenLong(HiddenColumns.HANDLE), from, to, row -> row);
                column(writer, PartColumn.hiddenLong(HiddenColumns.TS), from, to, _ -> 100);
                column(
                        writer,
                        PartColumn.hiddenLong(HiddenColumns.OP),
                        from,
                        to,
                        _ -> HiddenColumns.PUT);
                for (int i = 0; i < columns.size(); i++) {
                    column(writer, columns.get(i), from, to, values.get(i));
                }
                writer.finish(new byte[0]);
            }
            readers.add(PartReader.open(disk, file));
        }
        return new CpfFiles(readers);
    }

    private static void column(
            PartWriter writer, PartColumn column, long from, long to, LongUnaryOperator value)
            throws IOException {
        writer.beginColumn(column);
        ColumnPage page = new ColumnPage();
        for (long start = from; start < to; start += ColumnPage.ROWS) {
            page.clear();
            for (long row = start; row < Math.min(to, start + ColumnPage.ROWS); row++) {
                page.addLong(value.applyAsLong(row));
            }
            writer.page(page);
        }
        writer.endColumn();
    }

    @Override
    public void close() {
        readers.forEach(PartReader::close);
    }
}
