package io.garrick.learner.transport;

import io.garrick.learner.peer.Store;
import io.grpc.Codec;
import io.grpc.Decompressor;
import io.grpc.DecompressorRegistry;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.zip.InflaterInputStream;

/** The port that TiKV, TiDB and import tools dial. Handlers run on virtual threads. */
public final class RaftServer implements AutoCloseable {
    // TiKV's clients ping every 10 s; others may be eager.
    private static final long MIN_PING_SECONDS = 1;

    private final Server server;
    private final ExecutorService handlers;
    private final HealthStatusManager health = new HealthStatusManager();

    /** Listens at once; {@code port} 0 takes a free one. */
    public RaftServer(String host, int port, Store store) throws IOException {
        this.handlers = Executors.newVirtualThreadPerTaskExecutor();
        this.server =
                NettyServerBuilder.forAddress(new InetSocketAddress(host, port))
                        .executor(handlers)
                        .maxInboundMessageSize(Integer.MAX_VALUE)
                        .permitKeepAliveTime(MIN_PING_SECONDS, TimeUnit.SECONDS)
                        .permitKeepAliveWithoutCalls(true)
                        .decompressorRegistry(
                                DecompressorRegistry.getDefaultInstance()
                                        .with(new Codec.Gzip(), true)
                                        .with(new Deflate(), true))
                        .addService(new RaftService(store))
                        .addService(new ImportService())
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
