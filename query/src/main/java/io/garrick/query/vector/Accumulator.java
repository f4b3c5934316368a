package io.garrick.query.vector;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Arrays;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.jspecify.annotations.Nullable;

/** One aggregate function over all groups of one worker. */
abstract sealed class Accumulator {
    /** Values that were not NULL. */
    long[] counts = new long[16];

    void grow(int groups) {
        if (groups > counts.length) {
            resize(Math.max(groups, 2 * counts.length));
        }
    }

    void resize(int capacity) {
        counts = Arrays.copyOf(counts, capacity);
    }

    /**
     * Adds a chunk.
     *
     * @param argument null for {@code COUNT(*)}
     * @param groups the group of each row
     */
    abstract void add(@Nullable Column argument, int[] groups);

    /** Adds values to the first group that someone else has counted and added up. */
    void addTotal(long count, BigInteger sum) {
        throw new IllegalStateException(this + " is not a total, but got " + count + " " + sum);
    }

    /** Takes in what another worker has; {@code mapping} gives its groups' numbers here. */
    abstract void absorb(Accumulator other, int[] mapping);

    abstract void write(int group, FieldVector out, int row);

    /** COUNT, with or without an argument. */
    static final class Count extends Accumulator {
        @Override
        void add(@Nullable Column argument, int[] groups) {
            for (int i = 0; i < groups.length; i++) {
                if (argument == null || !argument.isNull(i)) {
                    counts[groups[i]]++;
                }
            }
        }

        @Override
        void addTotal(long count, BigInteger sum) {
            counts[0] += count;
        }

        @Override
        void absorb(Accumulator other, int[] mapping) {
            for (int i = 0; i < mapping.length; i++) {
                counts[mapping[i]] += other.counts[i];
            }
        }

        @Override
        void write(int group, FieldVector out, int row) {
            Store.set(out, row, counts[group]);
        }
    }

    /** SUM and AVG of integers and decimals, exact in 128 bits. */
    static final class ExactSum extends Accumulator {
        private final int scale;
        private final boolean average;
        private final boolean zeroIfEmpty;
        private long[] low = new long[16];
        private long[] high = new long[16];

        ExactSum(int scale, boolean average, boolean zeroIfEmpty) {
            this.scale = scale;
            this.average = average;
            this.zeroIfEmpty = zeroIfEmpty;
        }

        @Override
        void resize(int capacity) {
            super.resize(capacity);
            low = Arrays.copyOf(low, capacity);
            high = Arrays.copyOf(high, capacity);
        }

        @Override
        void add(@Nullable Column argument, int[] groups) {
            if (!(argument instanceof Column.Longs(long[] values, boolean[] nulls))) {
                throw new IllegalStateException("a sum needs numbers");
            }
            for (int i = 0; i < groups.length; i++) {
                if (nulls == null || !nulls[i]) {
                    int group = groups[i];
                    long value = values[i];
                    long sum = low[group] + value;
                    // The carry out of the lower half, then the value's sign.
                    high[group] +=
                            (Long.compareUnsigned(sum, value) < 0 ? 1 : 0)
                                    + (value >> (Long.SIZE - 1));
                    low[group] = sum;
                    counts[group]++;
                }
            }
        }

        @Override
        void addTotal(long count, BigInteger sum) {
            long lowHalf = sum.longValue();
            long total = low[0] + lowHalf;
            high[0] +=
                    sum.shiftRight(Long.SIZE).longValue()
                            + (Long.compareUnsigned(total, lowHalf) < 0 ? 1 : 0);
            low[0] = total;
            counts[0] += count;
        }

        @Override
        void absorb(Accumulator other, int[] mapping) {
            ExactSum sums = (ExactSum) other;
            for (int i = 0; i < mapping.length; i++) {
                int group = mapping[i];
                long sum = low[group] + sums.low[i];
                high[group] += sums.high[i] + (Long.compareUnsigned(sum, sums.low[i]) < 0 ? 1 : 0);
                low[group] = sum;
                counts[group] += sums.counts[i];
            }
        }

        @Override
        void write(int group, FieldVector out, int row) {
            DecimalVector to = (DecimalVector) out;
            if (counts[group] == 0 && !zeroIfEmpty) {
                to.setNull(row);
                return;
            }
            BigDecimal sum = new BigDecimal(sum(group), scale);
            to.setSafe(
                    row,
                    average
                            ? sum.divide(
                                    BigDecimal.valueOf(counts[group]),
                                    to.getScale(),
                                    RoundingMode.HALF_UP)
                            : sum.setScale(to.getScale(), RoundingMode.UNNECESSARY));
        }

        private BigInteger sum(int group) {
            BigInteger lower = BigInteger.valueOf(low[group] & Long.MAX_VALUE);
            if (low[group] < 0) {
                lower = lower.setBit(Long.SIZE - 1);
            }
            return BigInteger.valueOf(high[group]).shiftLeft(Long.SIZE).add(lower);
        }
    }

    /** SUM and AVG of doubles. */
    static final class DoubleSum extends Accumulator {
        private final boolean average;
        private double[] sums = new double[16];

        DoubleSum(boolean average) {
            this.average = average;
        }

        @Override
        void resize(int capacity) {
            super.resize(capacity);
            sums = Arrays.copyOf(sums, capacity);
        }

        @Override
        void add(@Nullable Column argument, int[] groups) {
            if (!(argument instanceof Column.Doubles(double[] values, boolean[] nulls))) {
                throw new IllegalStateException("a sum of doubles needs doubles");
            }
            for (int i = 0; i < groups.length; i++) {
                if (nulls == null || !nulls[i]) {
                    sums[groups[i]] += values[i];
                    counts[groups[i]]++;
                }
            }
        }

        @Override
        void absorb(Accumulator other, int[] mapping) {
            for (int i = 0; i < mapping.length; i++) {
                sums[mapping[i]] += ((DoubleSum) other).sums[i];
                counts[mapping[i]] += other.counts[i];
            }
        }

        @Override
        void write(int group, FieldVector out, int row) {
            if (counts[group] == 0) {
                out.setNull(row);
            } else {
                double sum = sums[group];
                ((Float8Vector) out).setSafe(row, average ? sum / counts[group] : sum);
            }
        }
    }

    /** MIN and MAX of whatever is a long. */
    static final class Extreme extends Accumulator {
        private final boolean greatest;
        private long[] best = new long[16];

        Extreme(boolean greatest) {
            this.greatest = greatest;
        }

        @Override
        void resize(int capacity) {
            super.resize(capacity);
            best = Arrays.copyOf(best, capacity);
        }

        @Override
        void add(@Nullable Column argument, int[] groups) {
            if (!(argument instanceof Column.Longs(long[] values, boolean[] nulls))) {
                throw new IllegalStateException("an extreme needs numbers");
            }
            for (int i = 0; i < groups.length; i++) {
                if (nulls == null || !nulls[i]) {
                    add(groups[i], values[i]);
                    counts[groups[i]]++;
                }
            }
        }

        private void add(int group, long value) {
            if (counts[group] == 0 || (greatest ? value > best[group] : value < best[group])) {
                best[group] = value;
            }
        }

        @Override
        void absorb(Accumulator other, int[] mapping) {
            for (int i = 0; i < mapping.length; i++) {
                if (other.counts[i] > 0) {
                    add(mapping[i], ((Extreme) other).best[i]);
                    counts[mapping[i]] += other.counts[i];
                }
            }
        }

        @Override
        void write(int group, FieldVector out, int row) {
            if (counts[group] == 0) {
                out.setNull(row);
            } else {
                Store.set(out, row, best[group]);
            }
        }
    }
}
