package io.garrick.bench.storage;

import io.garrick.bench.Benchmark;
import io.garrick.bench.Comparison;
import io.garrick.bench.Report;
import io.garrick.mergetree.part.ColumnPage;
import io.garrick.mergetree.part.LongTotals;
import io.garrick.mergetree.part.PartColumn;
import io.garrick.mergetree.part.PartReader;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * How fast is the sum of one int64 column of a part file, warm, on one core? Peer: parquet-java,
 * page by page. Target: 1 G rows/s, and 10 times the peer.
 *
 * <p>Values are random 20-bit numbers, which neither side can do better than pack. Besides the sum,
 * {@code details} have a column that is constant, one of runs and one that rises, a filter, and
 * decoding into arrays.
 */
public final class CpfScan implements Benchmark {
    private static final int ROWS = 20_000_000;
    private static final long FIRST_BITS = 44;
    private static final int WARM_UPS = 6;
    // Our side repeats its scan, so that a round takes both sides about as long.
    private static final int PASSES = 10;

    private static final List<String> NAMES = List.of("packed", "constant", "runs", "rising");
    private static final List<LongUnaryOperator> VALUES =
            List.of(
                    CpfScan::packed,
                    _ -> 42,
                    row -> row / 1000 * 7,
                    row -> 1_700_000_000_000L + row * 1000 + packed(row) % 10);

    @Override
    public String name() {
        return "cpf-scan";
    }

    @Override
    public String summary() {
        return "rows/s of an int64 sum over a part file, against Parquet pages (parquet-java)";
    }

    private static long packed(long row) {
        long mixed = (row + 1) * 0x9e3779b97f4a7c15L;
        return ((mixed ^ mixed >>> 29) * 0xbf58476d1ce4e5b9L) >>> FIRST_BITS;
    }

    @Override
    public Report run(Settings settings) throws Exception {
        long rows = (long) settings.scaleOr(ROWS);
        try (Scratch scratch = new Scratch(name());
                CpfFiles files = CpfFiles.write(scratch.path("cpf"), rows, columns(), VALUES)) {
            ParquetColumn parquet =
                    ParquetColumn.write(scratch.path("v.parquet"), rows, CpfScan::packed);
            Comparison.Outcome outcome =
                    Comparison.interleaved(
                            WARM_UPS,
                            settings.rounds(),
                            answer -> sum(files, 0, rows, answer),
                            answer -> {
                                long start = System.nanoTime();
                                answer.is(parquet.sum());
                                return rate(rows, start);
                            });
            Map<String, Object> details = new LinkedHashMap<>();
            details.put("kernels", files.readers().getFirst().cursor().kernels());
            for (int column = 1; column < VALUES.size(); column++) {
                details.put(NAMES.get(column) + "_rows_per_s", sumRate(files, column, rows));
            }
            details.put("decode_rows_per_s", best(() -> decode(files, rows)));
            details.put("filter_rows_per_s", best(() -> filter(files, rows)));
            details.put("bytes_per_value", packedBytes(scratch, rows));
            return new Report(
                    name(),
                    "rows/s",
                    outcome.ours(),
                    outcome.peer(),
                    outcome.ratio(),
                    outcome.spread(),
                    outcome.clean(),
                    1,
                    rows,
                    settings.command(),
                    details);
        }
    }

    private static List<PartColumn> columns() {
        ArrowType bigint = new ArrowType.Int(64, true);
        return List.of(
                PartColumn.of(1, Field.nullable("packed", bigint)),
                PartColumn.of(2, Field.nullable("constant", bigint)),
                PartColumn.of(3, Field.nullable("runs", bigint)),
                PartColumn.of(4, Field.nullable("rising", bigint)));
    }

    private static double rate(long rows, long startNanos) {
        return rows * 1e9 / (System.nanoTime() - startNanos);
    }

    private static double sum(CpfFiles files, int column, long rows, Comparison.Answer answer)
            throws IOException {
        long start = System.nanoTime();
        LongTotals totals = total(files, column);
        for (int pass = 1; pass < PASSES; pass++) {
            totals = total(files, column);
        }
        double rate = rate(rows * PASSES, start);
        answer.is(totals.sum().longValueExact());
        return rate;
    }

    private static LongTotals total(CpfFiles files, int column) throws IOException {
        LongTotals totals = new LongTotals();
        for (PartReader reader : files.readers()) {
            PartReader.Cursor cursor = reader.cursor();
            int index = reader.columnIndex(column + 1);
            for (int page = 0; page < reader.pageCount(); page++) {
                cursor.total(index, page, null, totals);
            }
        }
        return totals;
    }

    private static double sumRate(CpfFiles files, int column, long rows) throws Exception {
        long expected = 0;
        for (long row = 0; row < rows; row++) {
            expected += VALUES.get(column).applyAsLong(row);
        }
        long found = total(files, column).sum().longValue(); // both modulo 2^64
        if (found != expected) {
            throw new WrongAnswerException(
                    NAMES.get(column) + ": sum " + found + ", written " + expected);
        }
        return best(() -> {
            long start = System.nanoTime();
            total(files, column);
            return rate(rows, start);
        });
    }

    @FunctionalInterface
    private interface Round {
        double run() throws Exception;
    }

    private static double best(Round round) throws Exception {
        double best = 0;
        for (int i = 0; i < 20; i++) {
            best = Math.max(best, round.run());
        }
        return best;
    }

    private static double decode(CpfFiles files, long rows) throws IOException {
        long start = System.nanoTime();
        ColumnPage values = new ColumnPage();
        for (PartReader reader : files.readers()) {
            PartReader.Cursor cursor = reader.cursor();
            for (int page = 0; page < reader.pageCount(); page++) {
                cursor.read(reader.columnIndex(1), page, values);
            }
        }
        return rate(rows, start);
    }

    /** One value of a hundred; checked against the values themselves. */
    private static double filter(CpfFiles files, long rows) throws IOException {
        long limit = (1L << (Long.SIZE - FIRST_BITS)) / 100;
        long start = System.nanoTime();
        long kept = 0;
        long[] mask = new long[ColumnPage.ROWS / Long.SIZE];
        for (PartReader reader : files.readers()) {
            PartReader.Cursor cursor = reader.cursor();
            for (int page = 0; page < reader.pageCount(); page++) {
                for (int word = 0; word < mask.length; word++) {
                    long left = reader.pageRows(page) - word * (long) Long.SIZE;
                    mask[word] = left >= Long.SIZE ? -1L : left <= 0 ? 0 : -1L >>> -left;
                }
                cursor.keepRange(reader.columnIndex(1), page, 0, limit - 1, mask);
                for (long word : mask) {
                    kept += Long.bitCount(word);
                }
            }
        }
        double rate = rate(rows, start);
        long expected = 0;
        for (long row = 0; row < rows; row++) {
            expected += packed(row) < limit ? 1 : 0;
        }
        if (kept != expected) {
            throw new WrongAnswerException("the filter kept " + kept + " rows, not " + expected);
        }
        return rate;
    }

    private static double packedBytes(Scratch scratch, long rows) throws IOException {
        // Four columns, three of which are nearly free.
        return (double) Scratch.sizeBytes(scratch.path("cpf")) / rows;
    }
}
