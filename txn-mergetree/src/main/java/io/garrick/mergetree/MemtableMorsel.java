package io.garrick.mergetree;

import io.garrick.codec.row.ArrowTypes;
import io.garrick.codec.schema.ColumnSchema;
import io.garrick.mergetree.memtable.Memtable;
import io.garrick.mergetree.part.VectorBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;

/** Rows [from, to) of a memtable; {@code visible} starts at row {@code from}. */
final class MemtableMorsel implements Morsel {
    private final Memtable memtable;
    private final ScanSpec spec;
    private final int from;
    private final int to;
    private final long[] visible;

    MemtableMorsel(Memtable memtable, ScanSpec spec, int from, int to, long[] visible) {
        this.memtable = memtable;
        this.spec = spec;
        this.from = from;
        this.to = to;
        this.visible = visible;
    }

    @Override
    public int rowCount() {
        return to - from;
    }

    @Override
    public MaskedBatch read(BufferAllocator allocator) throws IOException {
        List<FieldVector> vectors = new ArrayList<>();
        try {
            for (ColumnSchema column : spec.columns()) {
                try (VectorBuilder builder =
                        new VectorBuilder(ArrowTypes.field(column), allocator, to - from)) {
                    memtable.columns().copy(spec.table(), column, from, to, builder);
                    vectors.add(builder.finish());
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            vectors.forEach(FieldVector::close);
            throw e;
        }
        int visibleCount = 0;
        for (long word : visible) {
            visibleCount += Long.bitCount(word);
        }
        return new MaskedBatch(vectors, to - from, visible.clone(), visibleCount);
    }
}
