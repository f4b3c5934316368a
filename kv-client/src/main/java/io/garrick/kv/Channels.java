package io.garrick.kv;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One open channel per address. Closing it ends every call on every channel. */
final class Channels implements AutoCloseable {
    // TiKV's own limits are far above what a scan page or a snapshot chunk needs.
    private static final int MAX_MESSAGE_BYTES = 256 << 20;
    private static final int FLOW_CONTROL_WINDOW_BYTES = 2 << 20;

    private final @Nullable Tls tls;
    private final Map<String, ManagedChannel> byAddress = new ConcurrentHashMap<>();

    Channels(@Nullable Tls tls) {
        this.tls = tls;
    }

    @Nullable Tls tls() {
        return tls;
    }

    /** {@code address} is {@code host:port} or a URL with a host and a port. */
    ManagedChannel to(String address) {
        return byAddress.computeIfAbsent(hostPort(address), this::open);
    }

    /** Dials again at the next call, for example after the host came back. */
    void wake(String address) {
        ManagedChannel channel = byAddress.get(hostPort(address));
        if (channel != null) {
            channel.resetConnectBackoff();
        }
    }

    static String hostPort(String address) {
        int scheme = address.indexOf("://");
        String rest = scheme < 0 ? address : address.substring(scheme + 3);
        int path = rest.indexOf('/');
        return path < 0 ? rest : rest.substring(0, path);
    }

    private ManagedChannel open(String hostPort) {
        // TiKV and PD accept pings every 10 s; a dead host is noticed within 13 s.
        return Tls.secured(NettyChannelBuilder.forTarget("dns:///" + hostPort), tls)
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
                .keepAliveTime(10, TimeUnit.SECONDS)
                .keepAliveTimeout(3, TimeUnit.SECONDS)
                .build();
    }

    @Override
    public void close() {
        byAddress.values().forEach(ManagedChannel::shutdownNow);
        for (ManagedChannel channel : byAddress.values()) {
            try {
                if (!channel.awaitTermination(5, TimeUnit.SECONDS)) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
