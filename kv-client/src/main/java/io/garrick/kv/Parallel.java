package io.garrick.kv;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Runs the parts of one call side by side, the first one on the caller's thread. */
final class Parallel {
    private Parallel() {}

    /** Returns when all are done; throws the first failure in list order. */
    static void run(ExecutorService executor, List<? extends Runnable> parts) {
        List<Future<?>> others = new ArrayList<>();
        for (int i = 1; i < parts.size(); i++) {
            others.add(executor.submit(parts.get(i)));
        }
        RuntimeException failure = null;
        if (!parts.isEmpty()) {
            try {
                parts.getFirst().run();
            } catch (RuntimeException e) {
                failure = e;
            }
        }
        for (Future<?> other : others) {
            RuntimeException also = outcome(other);
            failure = failure == null ? also : failure;
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static @Nullable RuntimeException outcome(Future<?> future) {
        try {
            future.get();
            return null;
        } catch (ExecutionException e) {
            return e.getCause() instanceof RuntimeException runtime
                    ? runtime
                    : new IllegalStateException("a part of a call died", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new KvException("interrupted", e);
        }
    }
}
