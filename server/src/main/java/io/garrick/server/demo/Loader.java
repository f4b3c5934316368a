package io.garrick.server.demo;

import io.garrick.codec.row.RowEncoder;
import io.garrick.codec.schema.TableSchema;
import io.garrick.kv.ClusterException;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvTransaction;
import io.garrick.server.FailureText;
import io.garrick.server.UserError;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;

/** Loads a table through transactions of some hundred rows, on a few threads. */
final class Loader {
    private static final int ROWS_PER_TRANSACTION = 500;
    private static final int THREADS = 4;
    private static final int ATTEMPTS = 5;

    private final KvClient kv;
    private final LongConsumer progress;

    /**
     * @param progress is told how many rows more are committed
     */
    Loader(KvClient kv, LongConsumer progress) {
        this.kv = kv;
        this.progress = progress;
    }

    void load(TableSchema schema, DemoTable.Rows rows) {
        List<Future<?>> slices = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            for (int i = 0; i < THREADS; i++) {
                int slice = i;
                slices.add(threads.submit(() -> loadSlice(schema, rows.slice(slice, THREADS))));
            }
            for (Future<?> slice : slices) {
                slice.get();
            }
        } catch (ExecutionException e) {
            throw new UserError("loading " + schema.name() + " failed: " + FailureText.of(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("interrupted while loading " + schema.name(), e);
        }
    }

    private void loadSlice(TableSchema schema, Iterator<List<Object>> rows) {
        RowEncoder encoder = new RowEncoder(schema);
        List<RowEncoder.Encoded> batch = new ArrayList<>(ROWS_PER_TRANSACTION);
        while (rows.hasNext()) {
            batch.add(encoder.encode(rows.next(), 0));
            if (batch.size() == ROWS_PER_TRANSACTION || !rows.hasNext()) {
                commit(batch);
                progress.accept(batch.size());
                batch.clear();
            }
        }
    }

    /** The same rows again after a failure: a put of what is there already changes nothing. */
    private void commit(List<RowEncoder.Encoded> batch) {
        for (int attempt = 1; ; attempt++) {
            try {
                KvTransaction transaction = kv.begin();
                batch.forEach(row -> transaction.put(row.rawKey(), row.value().unsafeBytes()));
                transaction.commit();
                return;
            } catch (ClusterException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }
}
