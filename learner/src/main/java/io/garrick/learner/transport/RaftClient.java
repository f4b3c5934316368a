package io.garrick.learner.transport;

import io.garrick.kv.Tls;
import io.garrick.learner.PlacementDriver;
import io.garrick.learner.peer.Outbox;
import io.garrick.proto.meta.Store;
import io.garrick.proto.meta.StoreState;
import io.garrick.proto.raftserver.Done;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.tikv.BatchRaftMessage;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends raft messages: one BatchRaft stream per store, so that a region's messages keep their
 * order.
 *
 * <p>A full queue or a broken connection drops messages; raft repeats what matters. Addresses come
 * from PD and are looked up anew after each failure. Safe for use by many threads.
 */
public final class RaftClient implements Outbox, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RaftClient.class);
    private static final Metadata.Key<String> SOURCE =
            Metadata.Key.of("source_store_id", Metadata.ASCII_STRING_MARSHALLER);
    private static final int QUEUE_MESSAGES = 8192;
    // TiKV's own limits: 256 messages, below its 10 MiB message size.
    private static final int BATCH_MESSAGES = 256;
    private static final int BATCH_BYTES = 4 << 20;
    private static final long MIN_BACKOFF_MILLIS = 50;
    private static final long MAX_BACKOFF_MILLIS = 5000;

    private final PlacementDriver pd;
    private final long storeId;
    private final @Nullable Tls tls;
    private final Map<Long, Line> lines = new ConcurrentHashMap<>();
    private final LongAdder dropped = new LongAdder();
    private volatile boolean closed;

    /**
     * Dials when the first message comes.
     *
     * @param tls null for plain text
     */
    public RaftClient(PlacementDriver pd, long storeId, @Nullable Tls tls) {
        this.pd = pd;
        this.tls = tls;
        this.storeId = storeId;
    }

    @Override
    public void send(RaftMessage message) {
        if (closed) {
            return;
        }
        Line line = lines.computeIfAbsent(message.getToPeer().getStoreId(), Line::new);
        if (!line.queue.offer(message)) {
            dropped.increment();
        }
    }

    public long messagesDropped() {
        return dropped.sum();
    }

    @Override
    public void close() {
        closed = true;
        lines.values().forEach(line -> line.thread.interrupt());
        for (Line line : lines.values()) {
            try {
                line.thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The way to one store; its thread connects, sends and connects again. */
    private final class Line {
        private final long target;
        private final BlockingQueue<RaftMessage> queue = new ArrayBlockingQueue<>(QUEUE_MESSAGES);
        private final Thread thread;

        Line(long target) {
            this.target = target;
            this.thread = Thread.ofVirtual().name("garrick-raft-to-" + target).start(this::run);
        }

        private void run() {
            long backoff = MIN_BACKOFF_MILLIS;
            try {
                while (!closed) {
                    RaftMessage first = queue.take();
                    Optional<String> address = resolve();
                    boolean sent = address.isPresent() && converse(address.get(), first);
                    backoff = sent ? MIN_BACKOFF_MILLIS : Math.min(2 * backoff, MAX_BACKOFF_MILLIS);
                    Thread.sleep(backoff);
                    // What waited meanwhile is old news.
                    dropped.add(queue.size() + 1L);
                    queue.clear();
                }
            } catch (InterruptedException e) {
                // Only close() interrupts.
                queue.clear();
            }
        }

        private Optional<String> resolve() {
            try {
                Optional<Store> store = pd.store(target);
                if (store.isEmpty() || store.get().getState() == StoreState.Tombstone) {
                    return Optional.empty();
                }
                return Optional.of(
                        store.get().getPeerAddress().isEmpty()
                                ? store.get().getAddress()
                                : store.get().getPeerAddress());
            } catch (IOException | RuntimeException e) {
                LOG.info("store not resolved storeId={} reason={}", target, e.toString());
                return Optional.empty();
            }
        }

        /** Sends until the connection breaks. False if it never worked. */
        private boolean converse(String address, RaftMessage first) throws InterruptedException {
            ManagedChannel channel =
                    Tls.secured(NettyChannelBuilder.forTarget(address), tls)
                            .keepAliveTime(10, TimeUnit.SECONDS)
                            .keepAliveTimeout(3, TimeUnit.SECONDS)
                            .build();
            try {
                Metadata header = new Metadata();
                header.put(SOURCE, Long.toString(storeId));
                Stream stream = new Stream();
                TikvGrpc.newStub(channel)
                        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(header))
                        .batchRaft(stream);
                return pump(stream, first);
            } finally {
                channel.shutdownNow();
                channel.awaitTermination(5, TimeUnit.SECONDS);
            }
        }

        private boolean pump(Stream stream, RaftMessage first) throws InterruptedException {
            RaftMessage next = first;
            boolean worked = false;
            while (true) {
                if (!stream.awaitReady()) {
                    return worked;
                }
                if (next == null) {
                    next = queue.poll(1, TimeUnit.SECONDS);
                    if (next == null) {
                        continue;
                    }
                }
                worked = true;
                stream.send(batchFrom(next));
                next = null;
            }
        }

        private BatchRaftMessage batchFrom(RaftMessage first) {
            List<RaftMessage> messages = new ArrayList<>();
            messages.add(first);
            int bytes = first.getSerializedSize();
            while (messages.size() < BATCH_MESSAGES && bytes < BATCH_BYTES) {
                RaftMessage next = queue.poll();
                if (next == null) {
                    break;
                }
                messages.add(next);
                bytes += next.getSerializedSize();
            }
            return BatchRaftMessage.newBuilder().addAllMsgs(messages).build();
        }
    }

    /** An outgoing call with its flow control. */
    private static final class Stream implements ClientResponseObserver<BatchRaftMessage, Done> {
        private final Semaphore changed = new Semaphore(0);
        private volatile boolean ended;
        private @Nullable ClientCallStreamObserver<BatchRaftMessage> requests;

        @Override
        public void beforeStart(ClientCallStreamObserver<BatchRaftMessage> call) {
            requests = call;
            call.setOnReadyHandler(changed::release);
        }

        private ClientCallStreamObserver<BatchRaftMessage> requests() {
            ClientCallStreamObserver<BatchRaftMessage> call = requests;
            if (call == null) {
                throw new IllegalStateException("the call has not begun");
            }
            return call;
        }

        /** False once the call has ended. */
        boolean awaitReady() throws InterruptedException {
            while (!ended && !requests().isReady()) {
                changed.acquire();
                changed.drainPermits();
            }
            return !ended;
        }

        void send(BatchRaftMessage batch) {
            try {
                requests().onNext(batch);
            } catch (IllegalStateException e) {
                ended = true;
            }
        }

        @Override
        public void onNext(Done done) {}

        @Override
        public void onError(Throwable failure) {
            ended = true;
            changed.release();
        }

        @Override
        public void onCompleted() {
            ended = true;
            changed.release();
        }
    }
}
