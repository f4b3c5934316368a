package io.garrick.learner.peer;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that owns regions: it runs their tasks in order, and after each batch of tasks lets the
 * touched peers write together, with one sync.
 */
final class Worker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    // Bounds how long an answer waits for the others of its batch.
    private static final int MAX_BATCH = 512;

    private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private final Consumer<Set<Peer>> writeTogether;
    private final Consumer<Throwable> onDeath;
    private final Set<Peer> touched = new LinkedHashSet<>();
    // Those that wait for something. An idle region is not among them and costs no tick.
    private final Set<Peer> waiting = new LinkedHashSet<>();
    private final Thread thread;
    private volatile boolean closed;

    /**
     * Not started yet.
     *
     * @param onDeath told if an error ends the thread: its regions cannot go on
     */
    Worker(String name, Consumer<Set<Peer>> writeTogether, Consumer<Throwable> onDeath) {
        this.writeTogether = writeTogether;
        this.onDeath = onDeath;
        this.thread = Thread.ofPlatform().name(name).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    void post(Runnable task) {
        tasks.add(task);
    }

    /** From within a task: the peer may have something to write or send. */
    void touch(Peer peer) {
        touched.add(peer);
    }

    /** From within a task: the peer wants every tick until it {@link Peer#waits} no more. */
    void keepTicking(Peer peer) {
        waiting.add(peer);
    }

    /** From within a task. */
    void tick(Consumer<Peer> onTick) {
        for (Peer peer : List.copyOf(waiting)) {
            onTick.accept(peer);
        }
        waiting.removeIf(peer -> !peer.waits());
    }

    private void run() {
        List<Runnable> batch = new ArrayList<>();
        while (!closed) {
            try {
                batch.add(tasks.take());
                tasks.drainTo(batch, MAX_BATCH);
                batch.forEach(this::runOne);
                batch.clear();
                while (!touched.isEmpty() && !closed) {
                    Set<Peer> round = new LinkedHashSet<>(touched);
                    touched.clear();
                    writeTogether.accept(round);
                }
            } catch (InterruptedException e) {
                // Only close() interrupts.
                return;
            } catch (Error e) {
                onDeath.accept(e);
                throw e;
            }
        }
    }

    private void runOne(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            // Peers guard themselves; what comes here belongs to no region.
            LOG.error("task failed", e);
        }
    }

    /** Ends after the task that is running. */
    @Override
    public void close() {
        closed = true;
        post(() -> {});
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
