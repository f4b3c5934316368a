package io.garrick.bench.codec;

import io.garrick.bench.Benchmark;
import io.garrick.bench.Comparison;
import io.garrick.bench.Report;
import io.garrick.codec.row.ColumnDecoder;
import io.garrick.codec.row.PlainRowDecoder;
import io.garrick.codec.row.RawRows;
import io.garrick.codec.schema.ColumnSchema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.jspecify.annotations.Nullable;

/**
 * How fast do raw rows become Arrow vectors, on one core? Peer: {@link PlainRowDecoder}, a row at a
 * time. Targets: all 16 columns of lineitem 6 M rows/s (goal 20), 3 of them 60 M values/s, 3
 * columns of a table of 1,000 at 3 M rows/s.
 *
 * <p>Each column of {@value #BATCH} rows goes into its vector, then the next batch overwrites the
 * vectors. Every value is compared with the peer's once per round, outside the clock.
 */
public final class Decode implements Benchmark {
    private static final int ROWS = 65_536;
    private static final int WIDE_ROWS = 2_048;
    private static final int BATCH = 1_024;
    private static final int WARM_UPS = 4;
    private static final int EXTRA_ROUNDS = 15;

    /** Ours repeats its work, so that a round takes both sides about as long. */
    private static final int PASSES = 12;

    @Override
    public String name() {
        return "decode";
    }

    @Override
    public String summary() {
        return "rows/s of row v2 into Arrow vectors (lineitem, 16 columns), against row at a time";
    }

    @Override
    public Report run(Settings settings) throws Exception {
        int rows = (int) settings.scaleOr(ROWS);
        try (BufferAllocator allocator = new RootAllocator();
                RowSlab lineitem = BenchRows.lineitem(rows);
                RowSlab wide = BenchRows.wide(WIDE_ROWS);
                Columns all =
                        new Columns(
                                allocator,
                                lineitem,
                                List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
                Columns three = new Columns(allocator, lineitem, List.of(5, 6, 10));
                Columns ofWide = new Columns(allocator, wide, List.of(2, 499, 997))) {
            Comparison.Outcome outcome =
                    Comparison.interleaved(
                            WARM_UPS,
                            settings.rounds(),
                            answer -> {
                                double rate = all.rate(lineitem, PASSES);
                                answer.is(all.ours(lineitem));
                                return rate;
                            },
                            answer -> {
                                long start = System.nanoTime();
                                answer.is(all.plain());
                                return lineitem.count() * 1e9 / (System.nanoTime() - start);
                            });
            Map<String, Object> details = new LinkedHashMap<>();
            details.put("rows_per_second_16", outcome.ours());
            details.put("values_per_second_16", 16 * outcome.ours());
            details.put("values_per_second_3", 3 * checkedRate(three, lineitem));
            details.put("rows_per_second_wide", checkedRate(ofWide, wide));
            details.put("rows_per_second_16_heap", checkedRate(all, lineitem.onHeap()));
            details.put("values_per_second_3_heap", 3 * checkedRate(three, lineitem.onHeap()));
            details.put("bytes_per_row", lineitem.bytes() / (double) lineitem.count());
            details.put("bytes_per_row_wide", wide.bytes() / (double) wide.count());
            for (int column = 0; column < 16; column++) {
                try (Columns one = new Columns(allocator, lineitem, List.of(column))) {
                    details.put("ns_per_value_" + one.name(0), 1e9 / checkedRate(one, lineitem));
                }
            }
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

    /** The median of some rounds, after one that is compared with the plain decoder. */
    private static double checkedRate(Columns columns, RawRows rows) {
        List<Object> ours = columns.ours(rows);
        List<Object> plain = columns.plain();
        if (!ours.equals(plain)) {
            throw new WrongAnswerException("ours answered " + ours + ", the peer " + plain);
        }
        List<Double> rates = new ArrayList<>();
        for (int round = 0; round < EXTRA_ROUNDS; round++) {
            rates.add(columns.rate(rows, PASSES));
        }
        return Comparison.median(rates.subList(EXTRA_ROUNDS / 3, EXTRA_ROUNDS));
    }

    /** Some columns of a table, and the vectors they go into. */
    private static final class Columns implements AutoCloseable {
        private final RowSlab rows;
        private final List<ColumnDecoder> decoders = new ArrayList<>();
        private final List<FieldVector> vectors = new ArrayList<>();
        private final PlainRowDecoder plain;

        Columns(BufferAllocator allocator, RowSlab rows, List<Integer> indexes) {
            this.rows = rows;
            List<ColumnSchema> columns = indexes.stream().map(rows.table().columns()::get).toList();
            this.plain = new PlainRowDecoder(rows.table(), columns);
            for (ColumnSchema column : columns) {
                ColumnDecoder decoder = ColumnDecoder.forColumn(rows.table(), column);
                decoders.add(decoder);
                vectors.add(decoder.field().createVector(allocator));
            }
        }

        String name(int column) {
            return decoders.get(column).column().name();
        }

        /** Rows per second. */
        double rate(RawRows source, int passes) {
            long start = System.nanoTime();
            for (int pass = 0; pass < passes; pass++) {
                for (int from = 0; from < source.count(); from += BATCH) {
                    decode(source, from);
                }
            }
            return (double) passes * source.count() * 1e9 / (System.nanoTime() - start);
        }

        private void decode(RawRows source, int from) {
            int to = Math.min(from + BATCH, source.count());
            for (int i = 0; i < decoders.size(); i++) {
                vectors.get(i).reset();
                decoders.get(i).decode(source, from, to, vectors.get(i));
            }
        }

        /** A digest of every column. */
        List<Object> ours(RawRows source) {
            long[] digests = new long[decoders.size()];
            for (int from = 0; from < source.count(); from += BATCH) {
                decode(source, from);
                for (int i = 0; i < digests.length; i++) {
                    FieldVector vector = vectors.get(i);
                    for (int row = 0; row < vector.getValueCount(); row++) {
                        digests[i] = digests[i] * 31 + digest(vector.getObject(row));
                    }
                }
            }
            return boxed(digests);
        }

        List<Object> plain() {
            long[] digests = new long[decoders.size()];
            for (int row = 0; row < rows.count(); row++) {
                List<@Nullable Object> values = plain.decode(rows.key(row), rows.value(row));
                for (int i = 0; i < digests.length; i++) {
                    digests[i] = digests[i] * 31 + digest(values.get(i));
                }
            }
            return boxed(digests);
        }

        private static List<Object> boxed(long[] digests) {
            List<Object> out = new ArrayList<>();
            for (long digest : digests) {
                out.add(digest);
            }
            return out;
        }

        /** The same for both decoders: dates are days, numbers and text their own text. */
        private static long digest(@Nullable Object value) {
            return switch (value) {
                case null -> 7;
                case java.time.LocalDate date -> date.toEpochDay();
                case Long number -> number;
                case Integer number -> number;
                case java.math.BigDecimal digits -> digits.unscaledValue().longValue();
                default -> value.toString().hashCode();
            };
        }

        @Override
        public void close() {
            vectors.forEach(FieldVector::close);
        }
    }
}
