package io.garrick.query.vector;

import io.garrick.mergetree.MaskedBatch;
import io.garrick.mergetree.Morsel;
import io.garrick.query.scan.Scan;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Scans and filters. */
final class FilterSource implements BatchSource {
    private final LeafProgram program;
    private final Iterator<Morsel> morsels;
    private final BufferAllocator allocator;
    private final BooleanSupplier cancelled;

    FilterSource(
            LeafProgram program,
            List<Morsel> morsels,
            BufferAllocator allocator,
            BooleanSupplier cancelled) {
        this.program = program;
        this.morsels = morsels.iterator();
        this.allocator = allocator;
        this.cancelled = cancelled;
    }

    @Override
    public boolean next(VectorSchemaRoot target) throws IOException {
        while (morsels.hasNext()) {
            if (cancelled.getAsBoolean()) {
                throw new IOException("cancelled");
            }
            try (MaskedBatch batch = morsels.next().read(allocator)) {
                if (load(batch, target)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean load(MaskedBatch batch, VectorSchemaRoot target) {
        if (batch.visibleCount() == 0) {
            return false;
        }
        if (program.filters().conditions().isEmpty()) {
            Scan.load(batch, program.outputs(), target);
            return true;
        }
        int[] rows = Scan.visibleRows(batch);
        int count = Selection.filter(program.filters(), batch.columns(), rows, rows.length);
        if (count == 0) {
            return false;
        }
        Scan.load(batch, program.outputs(), rows, count, target);
        return true;
    }
}
