package io.garrick.query;

import io.garrick.codec.row.ArrowTypes;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.codec.schema.TableSchema;
import io.garrick.mergetree.MaskedBatch;
import io.garrick.mergetree.Morsel;
import io.garrick.mergetree.ScanSpec;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.Decimal256Vector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.DurationVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.TimeStampMicroVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.util.TransferPair;
import org.jspecify.annotations.Nullable;

/**
 * A table in memory. Every seventh stored row is one that no snapshot sees: a scan that forgets the
 * mask gives wrong answers.
 */
final class MemoryTable implements AutoCloseable {
    private static final int MORSEL_ROWS = 4096;

    private final TableSchema schema;
    private final List<List<FieldVector>> morsels = new ArrayList<>();
    private final List<long[]> masks = new ArrayList<>();
    private final List<Integer> counts = new ArrayList<>();
    private final long rowCount;

    MemoryTable(TableSchema schema, List<@Nullable Object[]> rows, BufferAllocator allocator) {
        this.schema = schema;
        this.rowCount = rows.size();
        List<@Nullable Object[]> stored = new ArrayList<>();
        List<Boolean> visible = new ArrayList<>();
        for (@Nullable Object[] row : rows) {
            if (stored.size() % 7 == 3) {
                stored.add(row);
                visible.add(false);
            }
            stored.add(row);
            visible.add(true);
        }
        for (int start = 0; start < stored.size(); start += MORSEL_ROWS) {
            int end = Math.min(stored.size(), start + MORSEL_ROWS);
            morsels.add(vectors(stored.subList(start, end), allocator));
            masks.add(mask(visible.subList(start, end)));
            counts.add(end - start);
        }
    }

    TableSchema schema() {
        return schema;
    }

    long rowCount() {
        return rowCount;
    }

    TableView view() {
        return new TableView() {
            @Override
            public long maxRowCount() {
                return rowCount;
            }

            @Override
            public List<Morsel> morsels(ScanSpec spec) {
                List<Morsel> scans = new ArrayList<>();
                for (int i = 0; i < morsels.size(); i++) {
                    scans.add(new StoredMorsel(i, spec.columns()));
                }
                return scans;
            }

            @Override
            public void close() {}
        };
    }

    private final class StoredMorsel implements Morsel {
        private final int index;
        private final List<ColumnSchema> columns;

        StoredMorsel(int index, List<ColumnSchema> columns) {
            this.index = index;
            this.columns = columns;
        }

        @Override
        public int rowCount() {
            return counts.get(index);
        }

        @Override
        public MaskedBatch read(BufferAllocator allocator) {
            List<FieldVector> out = new ArrayList<>();
            for (ColumnSchema column : columns) {
                FieldVector stored = morsels.get(index).get(schema.columns().indexOf(column));
                TransferPair pair = stored.getTransferPair(allocator);
                pair.splitAndTransfer(0, rowCount());
                out.add((FieldVector) pair.getTo());
            }
            long[] mask = masks.get(index);
            int visible = 0;
            for (long word : mask) {
                visible += Long.bitCount(word);
            }
            return new MaskedBatch(out, rowCount(), mask, visible);
        }
    }

    private static long[] mask(List<Boolean> visible) {
        long[] words = new long[(visible.size() + 63) / 64];
        for (int i = 0; i < visible.size(); i++) {
            if (visible.get(i)) {
                words[i >> 6] |= 1L << i;
            }
        }
        return words;
    }

    private List<FieldVector> vectors(List<@Nullable Object[]> rows, BufferAllocator allocator) {
        List<FieldVector> vectors = new ArrayList<>();
        for (int column = 0; column < schema.columns().size(); column++) {
            FieldVector vector =
                    ArrowTypes.field(schema.columns().get(column)).createVector(allocator);
            vector.setInitialCapacity(rows.size());
            vector.allocateNew();
            for (int row = 0; row < rows.size(); row++) {
                Object value = rows.get(row)[column];
                if (value == null) {
                    vector.setNull(row);
                } else {
                    set(vector, row, value);
                }
            }
            vector.setValueCount(rows.size());
            vectors.add(vector);
        }
        return vectors;
    }

    private static void set(FieldVector vector, int row, Object value) {
        switch (vector) {
            case TinyIntVector to -> to.setSafe(row, ((Number) value).intValue());
            case SmallIntVector to -> to.setSafe(row, ((Number) value).intValue());
            case IntVector to -> to.setSafe(row, ((Number) value).intValue());
            case BigIntVector to -> to.setSafe(row, ((Number) value).longValue());
            case UInt1Vector to -> to.setSafe(row, ((Number) value).intValue());
            case UInt2Vector to -> to.setSafe(row, ((Number) value).intValue());
            case UInt4Vector to -> to.setSafe(row, ((Number) value).intValue());
            case UInt8Vector to -> to.setSafe(row, ((Number) value).longValue());
            case Float4Vector to -> to.setSafe(row, ((Number) value).floatValue());
            case Float8Vector to -> to.setSafe(row, ((Number) value).doubleValue());
            case DecimalVector to ->
                    to.setSafe(row, new BigDecimal(value.toString()).setScale(to.getScale()));
            case Decimal256Vector to ->
                    to.setSafe(row, new BigDecimal(value.toString()).setScale(to.getScale()));
            case DateDayVector to -> to.setSafe(row, ((Number) value).intValue());
            case TimeStampMicroVector to -> to.setSafe(row, ((Number) value).longValue());
            case TimeStampMicroTZVector to -> to.setSafe(row, ((Number) value).longValue());
            case DurationVector to -> to.setSafe(row, ((Number) value).longValue());
            case VarCharVector to ->
                    to.setSafe(row, value.toString().getBytes(StandardCharsets.UTF_8));
            case VarBinaryVector to -> to.setSafe(row, (byte[]) value);
            default -> throw new IllegalArgumentException(vector.getField().toString());
        }
    }

    @Override
    public void close() {
        morsels.forEach(vectors -> vectors.forEach(FieldVector::close));
    }
}
