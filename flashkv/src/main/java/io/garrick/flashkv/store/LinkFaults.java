package io.garrick.flashkv.store;

import io.garrick.proto.raftserver.RaftMessage;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A network that can be bad: cuts links, loses, repeats and delays messages. Delayed ones come
 * behind later ones, so this also reorders. Harmless until told otherwise.
 */
final class LinkFaults implements RaftTransport {
    private final RaftTransport network;
    private final Set<Long> cut = ConcurrentHashMap.newKeySet();
    private volatile @Nullable Trouble trouble;

    /** {@link RandomGenerator} used by the store's thread alone. */
    private record Trouble(
            double lossRate,
            double repeatRate,
            double delayRate,
            Duration maxDelay,
            RandomGenerator random,
            ScheduledExecutorService timer) {}

    LinkFaults(RaftTransport network) {
        this.network = network;
    }

    /** Nothing is sent to the store until the link is healed. */
    void setCut(long storeId, boolean isCut) {
        if (isCut) {
            cut.add(storeId);
        } else {
            cut.remove(storeId);
        }
    }

    /** Rates are between 0 and 1, per message. */
    synchronized void disturb(
            double lossRate,
            double repeatRate,
            double delayRate,
            Duration maxDelay,
            RandomGenerator random) {
        calm();
        ScheduledExecutorService timer =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("flashkv-slow-network").factory());
        trouble = new Trouble(lossRate, repeatRate, delayRate, maxDelay, random, timer);
    }

    synchronized void calm() {
        Trouble over = trouble;
        trouble = null;
        if (over != null) {
            over.timer().shutdownNow(); // what is still delayed is lost
        }
    }

    @Override
    public void send(RaftMessage message) {
        if (cut.contains(message.getToPeer().getStoreId())) {
            return;
        }
        Trouble now = trouble;
        if (now == null) {
            network.send(message);
            return;
        }
        if (now.random().nextDouble() < now.lossRate()) {
            return;
        }
        int copies = now.random().nextDouble() < now.repeatRate() ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            if (now.random().nextDouble() < now.delayRate()) {
                later(now, message);
            } else {
                network.send(message);
            }
        }
    }

    private void later(Trouble now, RaftMessage message) {
        long nanos = 1 + now.random().nextLong(Math.max(1, now.maxDelay().toNanos()));
        try {
            var _ =
                    now.timer()
                            .schedule(
                                    () -> {
                                        network.send(message);
                                        network.flush();
                                    },
                                    nanos,
                                    TimeUnit.NANOSECONDS);
        } catch (java.util.concurrent.RejectedExecutionException e) {
            network.send(message); // the trouble ended this moment
        }
    }

    @Override
    public void flush() {
        network.flush();
    }

    @Override
    public void sendSnapshot(RaftMessage message, SnapshotFiles files, SnapshotDone done) {
        if (cut.contains(message.getToPeer().getStoreId())) {
            done.sent(false);
        } else {
            network.sendSnapshot(message, files, done);
        }
    }

    @Override
    public void close() {
        calm();
        network.close();
    }
}
