package io.garrick.flashkv.pd;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.Supplier;

/** Placement rules and status over HTTP, on PD's paths. */
final class PdHttp implements AutoCloseable {
    private final HttpServer server;

    private PdHttp(HttpServer server) {
        this.server = server;
    }

    static PdHttp start(PdConfig config, Cluster cluster, Supplier<String> grpcAddress)
            throws IOException {
        HttpServer server = HttpServer.create(config.httpListen(), 0);
        server.start();
        return new PdHttp(server);
    }

    InetSocketAddress address() {
        return server.getAddress();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
