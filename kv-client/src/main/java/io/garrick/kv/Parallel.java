package io.garrick.kv;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Runs the parts of one call side by side, on the caller's thread and some others. */
final class Parallel {
    /** Of one call: a huge transaction shall not send everything at once. */
    private static final int MOST_AT_ONCE = 16;

    private Parallel() {}

    /** Returns when all are done; throws one of the failures. After a failure no part begins. */
    static void run(ExecutorService executor, List<? extends Runnable> parts) {
        AtomicInteger next = new AtomicInteger();
        Runnable worker =
                () -> {
                    try {
                        for (int i = next.getAndIncrement();
                                i < parts.size();
                                i = next.getAndIncrement()) {
                            parts.get(i).run();
                        }
                    } catch (RuntimeException e) {
                        next.set(parts.size());
                        throw e;
                    }
                };
        List<Future<?>> others = new ArrayList<>();
        for (int i = 1; i < Math.min(parts.size(), MOST_AT_ONCE); i++) {
            others.add(executor.submit(worker));
        }
        RuntimeException failure = null;
        try {
            worker.run();
        } catch (RuntimeException e) {
            failure = e;
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
