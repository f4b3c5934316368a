package io.garrick.flashkv.store;

import io.garrick.proto.raftserver.Done;
import io.garrick.proto.raftserver.RaftMessage;
import io.garrick.proto.tikv.BatchRaftMessage;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one other store: queue, channel and stream, opened anew after a pause when it breaks.
 *
 * <p>Messages that do not fit the queue, and all that wait when the stream breaks, are dropped:
 * raft sends again. Safe for many threads.
 */
final class StoreLink implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StoreLink.class);
    private static final Metadata.Key<String> SOURCE_STORE =
            Metadata.Key.of("source_store_id", Metadata.ASCII_STRING_MARSHALLER);
    private static final int MAX_QUEUED_BYTES = 16 << 20;
    private static final int MAX_BATCH_COUNT = 256;
    private static final int MAX_BATCH_BYTES = 8 << 20;
    private static final Duration RECONNECT_PAUSE = Duration.ofMillis(300);

    private final long ownStoreId;
    private final long storeId;
    private final LongFunction<@Nullable String> resolver;
    private final LongConsumer unreachable;
    private final Deque<RaftMessage> queue = new ArrayDeque<>();
    private long queuedBytes;
    private @Nullable ManagedChannel channel;
    private @Nullable ClientCallStreamObserver<BatchRaftMessage> stream;
    private boolean connecting;
    private boolean closed;

    StoreLink(
            long ownStoreId,
            long storeId,
            LongFunction<@Nullable String> resolver,
            LongConsumer unreachable) {
        this.ownStoreId = ownStoreId;
        this.storeId = storeId;
        this.resolver = resolver;
        this.unreachable = unreachable;
    }

    synchronized void add(RaftMessage message) {
        int size = message.getSerializedSize();
        if (closed || queuedBytes + size > MAX_QUEUED_BYTES) {
            return;
        }
        queue.add(message);
        queuedBytes += size;
    }

    synchronized void flush() {
        if (queue.isEmpty() || closed) {
            return;
        }
        ClientCallStreamObserver<BatchRaftMessage> open = stream;
        if (open == null) {
            connect();
            return;
        }
        while (!queue.isEmpty() && open.isReady()) {
            BatchRaftMessage.Builder batch = BatchRaftMessage.newBuilder();
            int bytes = 0;
            while (!queue.isEmpty()
                    && batch.getMsgsCount() < MAX_BATCH_COUNT
                    && bytes < MAX_BATCH_BYTES) {
                RaftMessage message = queue.remove();
                bytes += message.getSerializedSize();
                batch.addMsgs(message);
            }
            queuedBytes -= bytes;
            open.onNext(batch.build());
        }
    }

    private void connect() {
        if (connecting || closed) {
            return;
        }
        connecting = true;
        Thread.ofVirtual().name("flashkv-connect-" + storeId).start(this::open);
    }

    private void open() {
        String address;
        try {
            address = resolver.apply(storeId);
        } catch (RuntimeException e) {
            address = null;
        }
        if (address == null) {
            broken(null, "no address");
            return;
        }
        ManagedChannel opened = GrpcTransport.channelTo(address);
        synchronized (this) {
            if (closed) {
                opened.shutdownNow();
                return;
            }
            channel = opened;
        }
        Metadata headers = new Metadata();
        headers.put(SOURCE_STORE, Long.toString(ownStoreId));
        TikvGrpc.newStub(opened)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .batchRaft(new Answers(opened));
    }

    private synchronized void opened(ClientCallStreamObserver<BatchRaftMessage> requests) {
        stream = requests;
    }

    private void broken(@Nullable ManagedChannel which, String why) {
        synchronized (this) {
            if (which != null && !which.equals(channel)) {
                return;
            }
            stream = null;
            queue.clear();
            queuedBytes = 0;
            if (channel != null) {
                channel.shutdownNow();
                channel = null;
            }
            if (closed) {
                return;
            }
        }
        log.info("store unreachable storeId={} reason={}", storeId, why);
        unreachable.accept(storeId);
        // The next message after the pause dials again, at the address PD then knows.
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        Thread.sleep(RECONNECT_PAUSE);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    synchronized (this) {
                        connecting = false;
                    }
                });
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (channel != null) {
            channel.shutdownNow();
        }
    }

    /** A store never answers a raft stream, except when it breaks. */
    private final class Answers implements ClientResponseObserver<BatchRaftMessage, Done> {
        private final ManagedChannel of;

        Answers(ManagedChannel of) {
            this.of = of;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<BatchRaftMessage> requests) {
            requests.setOnReadyHandler(() -> {
                opened(requests);
                flush();
            });
        }

        @Override
        public void onNext(Done done) {}

        @Override
        public void onError(Throwable error) {
            broken(of, String.valueOf(error.getMessage()));
        }

        @Override
        public void onCompleted() {
            broken(of, "ended by the other store");
        }
    }
}
