package io.garrick.query.vector;

import io.garrick.mergetree.MaskedBatch;
import io.garrick.mergetree.Morsel;
import io.garrick.mergetree.MorselTotals;
import io.garrick.query.scan.Scan;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;

/**
 * Scans, filters and aggregates. Workers take morsels from one counter; each has groups and sums of
 * its own, which the first takes in at the end.
 */
final class AggregateSource implements BatchSource {
    private static final int BATCH_ROWS = 1 << 16;

    private final LeafProgram program;
    private final AggregateProgram aggregate;
    private final List<Morsel> morsels;
    private final BufferAllocator allocator;
    private final int threads;
    private final BooleanSupplier cancelled;
    private @Nullable Worker result;
    private int written;

    AggregateSource(
            LeafProgram program,
            AggregateProgram aggregate,
            List<Morsel> morsels,
            BufferAllocator allocator,
            int threads,
            BooleanSupplier cancelled) {
        this.program = program;
        this.aggregate = aggregate;
        this.morsels = morsels;
        this.allocator = allocator;
        this.threads = threads;
        this.cancelled = cancelled;
    }

    /** One thread's groups. */
    private final class Worker {
        private final Groups groups = new Groups(aggregate.keys());
        private final List<Accumulator> accumulators = new ArrayList<>();

        Worker() {
            aggregate.functions().forEach(f -> accumulators.add(f.newAccumulator()));
        }

        void run(AtomicInteger next, AtomicReference<@Nullable Throwable> failure) {
            try {
                int index = next.getAndIncrement();
                while (index < morsels.size() && failure.get() == null) {
                    if (cancelled.getAsBoolean()) {
                        throw new IOException("cancelled");
                    }
                    if (!addTotals(morsels.get(index))) {
                        try (MaskedBatch batch = morsels.get(index).read(allocator)) {
                            add(batch);
                        }
                    }
                    index = next.getAndIncrement();
                }
            } catch (IOException | RuntimeException | Error thrown) {
                failure.compareAndSet(null, thrown);
            }
        }

        /** Lets the storage add up, if it can and nothing else is asked for. */
        private boolean addTotals(Morsel morsel) throws IOException {
            if (!program.filters().conditions().isEmpty() || !aggregate.isOfTotals()) {
                return false;
            }
            Optional<MorselTotals> found = morsel.totals();
            if (found.isEmpty()) {
                return false;
            }
            MorselTotals totals = found.get();
            for (int i = 0; i < accumulators.size(); i++) {
                Accumulator accumulator = accumulators.get(i);
                accumulator.grow(1);
                if (aggregate.functions().get(i).argument().isPresent()
                        && aggregate.functions().get(i).argument().get().expr()
                                instanceof Expr.StoredLongs(int column)) {
                    MorselTotals.Column total = totals.columns().get(column);
                    accumulator.addTotal(total.count(), total.sum());
                } else {
                    accumulator.addTotal(totals.rowCount(), BigInteger.ZERO);
                }
            }
            return true;
        }

        private void add(MaskedBatch batch) {
            int[] visible = Scan.visibleRows(batch);
            int count =
                    Selection.filter(program.filters(), batch.columns(), visible, visible.length);
            for (int start = 0; start < count; start += Selection.CHUNK_ROWS) {
                int[] chunk = Selection.chunk(visible, start, count);
                add(new Rows(batch.columns(), chunk, chunk.length));
            }
        }

        private void add(Rows rows) {
            int[] ids = groups.of(rows);
            for (int i = 0; i < accumulators.size(); i++) {
                Accumulator accumulator = accumulators.get(i);
                accumulator.grow(groups.count());
                accumulator.add(
                        aggregate.functions().get(i).argument().isPresent()
                                ? aggregate.functions().get(i).argument().get().expr().eval(rows)
                                : null,
                        ids);
            }
        }

        void absorb(Worker other) {
            int[] mapping = groups.absorb(other.groups);
            for (int i = 0; i < accumulators.size(); i++) {
                accumulators.get(i).grow(groups.count());
                accumulators.get(i).absorb(other.accumulators.get(i), mapping);
            }
        }

        void write(int first, int count, VectorSchemaRoot target) {
            int keys = aggregate.keys().size();
            for (int column = 0; column < target.getFieldVectors().size(); column++) {
                FieldVector vector = target.getVector(column);
                vector.setInitialCapacity(count);
                vector.allocateNew();
                for (int row = 0; row < count; row++) {
                    if (column < keys) {
                        groups.write(column, first + row, vector, row);
                    } else {
                        accumulators.get(column - keys).write(first + row, vector, row);
                    }
                }
            }
            target.setRowCount(count);
        }
    }

    @Override
    public boolean next(VectorSchemaRoot target) throws IOException {
        Worker all = result;
        if (all == null) {
            all = aggregate();
            result = all;
        }
        int count = Math.min(BATCH_ROWS, all.groups.count() - written);
        if (count <= 0) {
            return false;
        }
        all.write(written, count, target);
        written += count;
        return true;
    }

    private Worker aggregate() throws IOException {
        AtomicInteger next = new AtomicInteger();
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        List<Worker> workers = new ArrayList<>();
        List<Thread> running = new ArrayList<>();
        Worker first = new Worker();
        for (int i = 1; i < Math.min(threads, morsels.size()); i++) {
            Worker worker = new Worker();
            workers.add(worker);
            running.add(
                    Thread.ofPlatform()
                            .name("query-scan-" + i)
                            .daemon()
                            .start(() -> worker.run(next, failure)));
        }
        first.run(next, failure);
        join(running);
        switch (failure.get()) {
            case null -> workers.forEach(first::absorb);
            case IOException thrown -> throw thrown;
            case RuntimeException thrown -> throw thrown;
            case Error thrown -> throw thrown;
            case Throwable thrown -> throw new IllegalStateException(thrown);
        }
        return first;
    }

    /** The workers end by themselves soon; their batches must be closed before the allocator. */
    private static void join(List<Thread> running) {
        boolean interrupted = false;
        for (Thread thread : running) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
