package io.garrick.flashkv.txn;

import io.garrick.flashkv.kv.ClusterView;
import io.garrick.proto.deadlock.DeadlockGrpc;
import io.garrick.proto.deadlock.DeadlockRequest;
import io.garrick.proto.deadlock.DeadlockRequestType;
import io.garrick.proto.deadlock.DeadlockResponse;
import io.garrick.proto.kvrpc.Deadlock;
import io.garrick.proto.kvrpc.WaitForEntry;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports this store's waits to the detector, wherever it is. Best effort: while the detector moves
 * or does not answer no deadlock is found, and the waits end by their timeout.
 *
 * <p>Safe for use by many threads; finding the detector blocks.
 */
final class DeadlockClient implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DeadlockClient.class);
    private static final long LEADER_KNOWN_MILLIS = 1_000;

    private record WaitId(long txn, long waitForTxn) {
        static WaitId of(WaitForEntry entry) {
            return new WaitId(entry.getTxn(), entry.getWaitForTxn());
        }
    }

    /** A stream to the store that was the detector when it was opened. */
    private record Link(
            long storeId,
            ManagedChannel channel,
            Answers answers,
            StreamObserver<DeadlockRequest> requests) {}

    private final ClusterView cluster;
    private final InstantSource clock;
    private final DeadlockDetector detector;
    private final Map<WaitId, LockWaits.Waiter> pending = new ConcurrentHashMap<>();
    private @Nullable Link link;
    private OptionalLong leader = OptionalLong.empty();
    private long leaderSinceMillis;

    DeadlockClient(ClusterView cluster, InstantSource clock) {
        this.cluster = cluster;
        this.clock = clock;
        this.detector = new DeadlockDetector(clock, this::isHere);
    }

    /** To be served on the store's address. */
    DeadlockDetector detector() {
        return detector;
    }

    private boolean isHere() {
        return leader().equals(OptionalLong.of(cluster.storeId()));
    }

    private synchronized OptionalLong leader() {
        long now = clock.millis();
        if (leader.isEmpty() || now - leaderSinceMillis > LEADER_KNOWN_MILLIS) {
            try {
                leader = cluster.leaderOfFirstRegion();
                leaderSinceMillis = now;
            } catch (RuntimeException e) {
                log.debug("deadlock detector not found: {}", e.toString());
                leader = OptionalLong.empty();
            }
        }
        return leader;
    }

    /** Completes the waiter's outcome, maybe at once, if its waiting is a deadlock. */
    void detect(WaitForEntry wait, LockWaits.Waiter waiter) {
        OptionalLong store = leader();
        if (store.isEmpty()) {
            return;
        }
        if (store.getAsLong() == cluster.storeId()) {
            detector.detect(wait).ifPresent(found -> tell(waiter, wait, found));
            return;
        }
        pending.put(WaitId.of(wait), waiter);
        send(
                store.getAsLong(),
                DeadlockRequest.newBuilder()
                        .setTp(DeadlockRequestType.Detect)
                        .setEntry(wait)
                        .build());
    }

    /** It waits no longer. */
    void forget(WaitForEntry wait) {
        pending.remove(WaitId.of(wait));
        detector.remove(wait);
        Link current = current();
        if (current != null) {
            send(
                    current.storeId(),
                    DeadlockRequest.newBuilder()
                            .setTp(DeadlockRequestType.CleanUpWaitFor)
                            .setEntry(wait)
                            .build());
        }
    }

    private static void tell(LockWaits.Waiter waiter, WaitForEntry wait, Deadlock found) {
        waiter.outcome()
                .complete(
                        Optional.of(
                                found.toBuilder()
                                        .setLockTs(wait.getWaitForTxn())
                                        .setLockKey(wait.getKey())
                                        .build()));
    }

    private synchronized @Nullable Link current() {
        return link;
    }

    private synchronized void send(long storeId, DeadlockRequest request) {
        try {
            Link open = link;
            if (open == null || open.storeId() != storeId) {
                drop();
                open = open(storeId);
                link = open;
            }
            if (open != null) {
                open.requests().onNext(request);
            }
        } catch (RuntimeException e) {
            log.debug("deadlock detector not reached storeId={}", storeId, e);
            drop();
        }
    }

    private @Nullable Link open(long storeId) {
        String address = cluster.address(storeId).orElse(null);
        if (address == null) {
            return null;
        }
        ManagedChannel channel = NettyChannelBuilder.forTarget(address).usePlaintext().build();
        Answers answers = new Answers();
        return new Link(storeId, channel, answers, DeadlockGrpc.newStub(channel).detect(answers));
    }

    private final class Answers implements StreamObserver<DeadlockResponse> {
        @Override
        public void onNext(DeadlockResponse response) {
            WaitForEntry wait = response.getEntry();
            LockWaits.Waiter waiter = pending.remove(WaitId.of(wait));
            if (waiter != null) {
                tell(
                        waiter,
                        wait,
                        Deadlock.newBuilder()
                                .setDeadlockKeyHash(response.getDeadlockKeyHash())
                                .setDeadlockKey(response.getDeadlockKey())
                                .addAllWaitChain(response.getWaitChainList())
                                .build());
            }
        }

        @Override
        public void onError(Throwable failure) {
            log.debug("deadlock detector's stream failed", failure);
            ended(this);
        }

        @Override
        public void onCompleted() {
            ended(this);
        }
    }

    private synchronized void ended(Answers answers) {
        Link current = link;
        if (current != null && current.answers() == answers) {
            drop();
        }
    }

    /** The next wait opens another link. */
    private synchronized @Nullable Link drop() {
        Link old = link;
        link = null;
        leader = OptionalLong.empty();
        if (old != null) {
            old.channel().shutdownNow();
        }
        return old;
    }

    @Override
    public void close() {
        Link old = drop();
        try {
            if (old != null && !old.channel().awaitTermination(5, TimeUnit.SECONDS)) {
                log.warn("channel still open at close storeId={}", old.storeId());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
