package io.garrick.mergetree.part;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.util.Random;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sums and filters on encoded pages against the same on the values. */
final class EncodedScanTest {
    /** Shapes of data, and the encoding that each is there for. */
    enum Shape {
        CONSTANT(PageLayout.CONST),
        RUNS(PageLayout.RLE),
        NARROW(PageLayout.FOR),
        WIDE(PageLayout.FOR),
        // Sums of offsets just below and just above what 64 bits hold.
        WIDTH_54(PageLayout.FOR),
        WIDTH_55(PageLayout.FOR),
        RISING(PageLayout.DELTA),
        FALLING(PageLayout.DELTA),
        // Differences that overflow.
        SWINGING(PageLayout.RLE);

        private final byte encoding;

        Shape(byte encoding) {
            this.encoding = encoding;
        }

        private long value(int i, Random random) {
            return switch (this) {
                case CONSTANT -> -7;
                case RUNS -> (i / 300) * 1_000_003L - 9_999_999;
                case NARROW -> random.nextInt(1000) - 300;
                case WIDE -> random.nextLong();
                case WIDTH_54 -> (random.nextLong() >>> 10) - (1L << 53);
                case WIDTH_55 -> (random.nextLong() >>> 9) - (1L << 54);
                case RISING -> i * 1000L + random.nextInt(10);
                case FALLING -> Long.MIN_VALUE + 9000L * (9000 - i) + random.nextInt(3);
                case SWINGING -> i / 700 % 2 == 0 ? Long.MAX_VALUE : Long.MIN_VALUE;
            };
        }
    }

    private static final int[] COUNTS = {2048, 1, 63, 64, 1023, 1024, 1025, 8191, 8192};

    private static ColumnPage page(
            int count, double nulls, Random random, IntToLongFunction value) {
        ColumnPage page = new ColumnPage();
        for (int i = 0; i < count; i++) {
            if (random.nextDouble() < nulls) {
                page.addNull(PartColumn.Kind.LONG);
            } else {
                page.addLong(value.applyAsLong(i));
            }
        }
        return page;
    }

    private static MemorySegment encode(ColumnPage page) {
        byte[] bytes =
                new byte
                        [new PageEncoder(PageEncoder.Compression.LZ4)
                                .encode(page, PartColumn.Kind.LONG, false)
                                .remaining()];
        new PageEncoder(PageEncoder.Compression.LZ4)
                .encode(page, PartColumn.Kind.LONG, false)
                .get(bytes);
        return MemorySegment.ofArray(bytes);
    }

    private static long[] mask(int count, int kind, Random random) {
        long[] mask = new long[ColumnPage.ROWS / 64];
        for (int i = 0; i < count; i++) {
            boolean set =
                    switch (kind) {
                        case 0 -> true;
                        case 1 -> random.nextBoolean();
                        // Whole blocks dead, others alive.
                        default -> i / 1024 % 2 == 1;
                    };
            mask[i >> 6] |= set ? 1L << i : 0;
        }
        return mask;
    }

    @ParameterizedTest
    @EnumSource
    void sumsAndFiltersOnEncodedPagesAreThoseOfTheValues(Shape shape) {
        Random random = new Random(shape.name().hashCode());
        for (int count : COUNTS) {
            for (double nulls : new double[] {0, 0.2}) {
                ColumnPage page = page(count, nulls, random, i -> shape.value(i, random));
                MemorySegment bytes = encode(page);
                if (count == COUNTS[0] && nulls == 0) {
                    byte encoding =
                            bytes.get(ValueLayout.JAVA_BYTE, PageDecoder.sectionOffset(bytes));
                    assertThat(encoding).as("encoding of %s", shape).isEqualTo(shape.encoding);
                }
                for (Kernels kernels : Kernels.available()) {
                    check(kernels, page, bytes, random);
                }
            }
        }
    }

    private static void check(
            Kernels kernels, ColumnPage page, MemorySegment bytes, Random random) {
        PageDecoder decoder = new PageDecoder(kernels);
        ColumnPage decoded = new ColumnPage();
        decoder.decode(bytes, decoded);
        for (int row = 0; row < page.count(); row++) {
            assertThat(decoded.isNull(row)).isEqualTo(page.isNull(row));
            if (!page.isNull(row)) {
                assertThat(decoded.longAt(row)).isEqualTo(page.longAt(row));
            }
        }
        EncodedScan scan = new EncodedScan(kernels, decoder);
        checkTotal(scan, page, bytes, null);
        for (int kind = 0; kind < 3; kind++) {
            long[] mask = mask(page.count(), kind, random);
            checkTotal(scan, page, bytes, mask);
            long one = page.longAt(random.nextInt(page.count()));
            long other = page.longAt(random.nextInt(page.count()));
            checkRange(scan, page, bytes, mask, Math.min(one, other), Math.max(one, other));
            checkRange(scan, page, bytes, mask, Long.MIN_VALUE, one);
            checkRange(scan, page, bytes, mask, one, Long.MAX_VALUE);
            checkRange(scan, page, bytes, mask, other, other);
            checkRange(scan, page, bytes, mask, 1, 0);
        }
    }

    private static void checkTotal(
            EncodedScan scan, ColumnPage page, MemorySegment bytes, long @Nullable [] mask) {
        LongTotals found = new LongTotals();
        scan.total(bytes, mask, found);
        BigInteger sum = BigInteger.ZERO;
        int count = 0;
        for (int row = 0; row < page.count(); row++) {
            if (!page.isNull(row) && (mask == null || (mask[row >> 6] >>> row & 1) != 0)) {
                sum = sum.add(BigInteger.valueOf(page.longAt(row)));
                count++;
            }
        }
        assertThat(found.sum()).isEqualTo(sum);
        assertThat(found.count()).isEqualTo(count);
    }

    private static void checkRange(
            EncodedScan scan,
            ColumnPage page,
            MemorySegment bytes,
            long[] mask,
            long min,
            long max) {
        long[] found = mask.clone();
        scan.keepRange(bytes, min, max, found);
        long[] expected = mask.clone();
        for (int row = 0; row < page.count(); row++) {
            if (page.isNull(row) || page.longAt(row) < min || page.longAt(row) > max) {
                expected[row >> 6] &= ~(1L << row);
            }
        }
        assertThat(found).as("[%d, %d]", min, max).isEqualTo(expected);
    }
}
