package io.garrick.flashkv.store;

import io.garrick.proto.raftserver.RaftMessage;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * {@link RaftTransport} over gRPC: a BatchRaft stream per store, a Snapshot call per snapshot.
 * Messages to stores of the same process are handed over.
 */
final class GrpcTransport implements RaftTransport {
    private static final int MAX_MESSAGE_BYTES = 64 << 20;
    private static final int FLOW_CONTROL_WINDOW_BYTES = 4 << 20;

    private final Map<Long, StoreLink> links = new ConcurrentHashMap<>();
    private final long ownStoreId;
    private final LongFunction<@Nullable String> resolver;
    private final LongConsumer unreachable;
    private final Neighbours neighbours;
    // For stores of this process: what waits for the flush.
    private final Map<Long, List<RaftMessage>> near = new HashMap<>();
    private volatile boolean closed;

    /**
     * @param resolver a store's {@code host:port}, null when unknown; may block
     * @param unreachable told when messages to a store were lost; on any thread
     */
    GrpcTransport(
            long ownStoreId,
            Neighbours neighbours,
            LongFunction<@Nullable String> resolver,
            LongConsumer unreachable) {
        this.ownStoreId = ownStoreId;
        this.neighbours = neighbours;
        this.resolver = resolver;
        this.unreachable = unreachable;
    }

    private StoreLink link(long storeId) {
        return links.computeIfAbsent(
                storeId, id -> new StoreLink(ownStoreId, id, resolver, unreachable));
    }

    @Override
    public void send(RaftMessage message) {
        if (closed) {
            return;
        }
        long storeId = message.getToPeer().getStoreId();
        if (neighbours.inboxOf(storeId) == null) {
            link(storeId).add(message);
            return;
        }
        synchronized (near) {
            near.computeIfAbsent(storeId, _ -> new ArrayList<>()).add(message);
        }
    }

    private void flushNear() {
        Map<Long, List<RaftMessage>> batches;
        synchronized (near) {
            if (near.isEmpty()) {
                return;
            }
            batches = new HashMap<>(near);
            near.clear();
        }
        batches.forEach((storeId, messages) -> {
            Consumer<List<RaftMessage>> inbox = neighbours.inboxOf(storeId);
            if (inbox != null && !closed) {
                inbox.accept(messages);
            }
        });
    }

    @Override
    public void flush() {
        flushNear();
        links.values().forEach(StoreLink::flush);
    }

    @Override
    public void sendSnapshot(RaftMessage message, SnapshotFiles files, SnapshotDone done) {
        long storeId = message.getToPeer().getStoreId();
        if (closed) {
            done.sent(false);
            return;
        }
        Thread.ofVirtual()
                .name("flashkv-snapshot-" + storeId)
                .start(() -> {
                    String address = resolve(storeId);
                    done.sent(address != null && SnapshotSender.send(address, message, files));
                });
    }

    private @Nullable String resolve(long storeId) {
        try {
            return resolver.apply(storeId);
        } catch (RuntimeException e) {
            return null;
        }
    }

    static ManagedChannel channelTo(String address) {
        return NettyChannelBuilder.forTarget("dns:///" + address)
                .usePlaintext()
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
                .keepAliveTime(10, TimeUnit.SECONDS)
                .keepAliveTimeout(3, TimeUnit.SECONDS)
                .directExecutor() // callbacks only move messages; nothing blocks
                .build();
    }

    @Override
    public void close() {
        closed = true;
        links.values().forEach(StoreLink::close);
    }
}
