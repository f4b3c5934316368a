package io.garrick.learner.transport;

import io.garrick.kv.Tls;
import io.garrick.learner.peer.Refusals;
import io.garrick.learner.peer.Store;
import io.grpc.Codec;
import io.grpc.Decompressor;
import io.grpc.DecompressorRegistry;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/** The port that TiKV, TiDB and import tools dial. Handlers run on virtual threads. */
public final class RaftServer implements AutoCloseable {
    // TiKV's clients ping every 10 s; others may be eager.
    private static final long MIN_PING_SECONDS = 1;

    private final Server server;
    private final ExecutorService handlers;
    private @Nullable EventLoopGroup eventLoops;
    private final HealthStatusManager health = new HealthStatusManager();

    /**
     * Listens at once; {@code port} 0 takes a free one.
     *
     * @param tls null for plain text
     */
    public RaftServer(String host, int port, Store store, @Nullable Tls tls) throws IOException {
        this.handlers = Executors.newVirtualThreadPerTaskExecutor();
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(new InetSocketAddress(host, port));
        if (tls != null) {
            secure(builder, tls, store.counters().refusals());
        }
        this.server =
                builder.executor(handlers)
                        .maxInboundMessageSize(Integer.MAX_VALUE)
                        .permitKeepAliveTime(MIN_PING_SECONDS, TimeUnit.SECONDS)
                        .permitKeepAliveWithoutCalls(true)
                        .decompressorRegistry(
                                DecompressorRegistry.getDefaultInstance()
                                        .with(new Codec.Gzip(), true)
                                        .with(new Deflate(), true))
                        .addService(new RaftService(store))
                        .addService(new ImportService(store.counters().refusals()))
                        .addService(health.getHealthService())
                        .build();
        try {
            server.start();
        } catch (IOException e) {
            handlers.shutdownNow();
            throw new IOException("cannot listen on " + host + ":" + port, e);
        }
        health.setStatus("", ServingStatus.SERVING);
    }

    private void secure(NettyServerBuilder builder, Tls tls, Refusals refusals) {
        tls.onRefusedClient(detail -> refusals.add("client certificate", detail));
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(NioIoHandler.newFactory());
        eventLoops = loops;
        // gRPC wants all three or none.
        builder.sslContext(tls.forServers())
                .channelFactory(() ->
                        new PlainTextGuard(
                                detail -> refusals.add("plain text on the TLS port", detail)))
                .bossEventLoopGroup(loops)
                .workerEventLoopGroup(loops);
    }

    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        health.enterTerminalState();
        server.shutdownNow();
        try {
            if (!server.awaitTermination(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the gRPC server does not stop");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        handlers.shutdownNow();
        EventLoopGroup loops = eventLoops;
        if (loops != null) {
            // Quiet at once: the server has ended.
            loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    /** TiKV may be configured to compress with deflate, which grpc-java does not know by itself. */
    private static final class Deflate implements Decompressor {
        @Override
        public String getMessageEncoding() {
            return "deflate";
        }

        @Override
        public InputStream decompress(InputStream in) {
            return new InflaterInputStream(in);
        }
    }
}
