package io.garrick.server.status;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.garrick.kv.Tls;
import io.prometheus.metrics.exporter.httpserver.MetricsHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * HTTP on the status port.
 *
 * <p>For people and monitors: {@code /status}, {@code /config}, {@code /healthz}, {@code /readyz},
 * {@code /metrics}. For TiDB, in its exact format (pingcap/tidb, pkg/ddl/ddl_tiflash_api.go):
 * {@code /tiflash/sync-status/...}; and the other paths a TiFlash answers.
 */
public final class StatusServer implements AutoCloseable {
    private static final Pattern SYNC_STATUS =
            Pattern.compile("/tiflash/sync-status/(?:keyspace/(\\d+)/table/)?(-?\\d+)");
    private static final Pattern SYNC_SCHEMA =
            Pattern.compile("/tiflash/sync-schema/keyspace/(\\d+)/table/(\\d+)");

    private static final int BACKLOG = 64;
    private static final String NULL_KEYSPACE = "4294967295";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final NodeStatus node;
    private final ObjectMapper json = new ObjectMapper();

    private StatusServer(HttpServer server, NodeStatus node) {
        this.server = server;
        this.node = node;
    }

    /** Binds and serves. A busy port is an {@code IOException} that names it. */
    public static StatusServer start(InetSocketAddress address, NodeStatus node)
            throws IOException {
        return start(address, null, node);
    }

    /** With TLS if {@code tls} is given. */
    public static StatusServer start(InetSocketAddress address, @Nullable Tls tls, NodeStatus node)
            throws IOException {
        HttpServer http;
        try {
            http = tls == null ? HttpServer.create(address, BACKLOG) : https(address, tls);
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen on status address "
                            + address.getHostString()
                            + ":"
                            + address.getPort()
                            + ": "
                            + e.getMessage(),
                    e);
        }
        StatusServer status = new StatusServer(http, node);
        http.setExecutor(status.threads);
        http.createContext("/metrics", new MetricsHandler());
        http.createContext("/status", status::answerStatus);
        http.createContext("/config", status::answerConfig);
        http.createContext("/healthz", exchange -> send(exchange, 200, "text/plain", "ok\n"));
        http.createContext("/readyz", status::answerReady);
        http.createContext("/tiflash/sync-status", status::answerSyncStatus);
        http.createContext("/tiflash/sync-schema", status::answerSyncSchema);
        http.createContext(
                "/tiflash/store-status",
                exchange -> send(exchange, 200, "text/plain", node.storeStatus()));
        http.createContext("/tiflash/livez", exchange -> send(exchange, 200, "text/plain", "ok\n"));
        http.createContext("/tiflash/readyz", status::answerTiflashReady);
        http.start();
        return status;
    }

    /** A certificate is asked for, and demanded if only certain names may connect. */
    private static HttpServer https(InetSocketAddress address, Tls tls) throws IOException {
        HttpsServer server = HttpsServer.create(address, BACKLOG);
        server.setHttpsConfigurator(
                new HttpsConfigurator(tls.forHttps()) {
                    @Override
                    public void configure(HttpsParameters connection) {
                        SSLParameters parameters = getSSLContext().getDefaultSSLParameters();
                        if (tls.restrictsNames()) {
                            parameters.setNeedClientAuth(true);
                        } else {
                            parameters.setWantClientAuth(true);
                        }
                        connection.setSSLParameters(parameters);
                    }
                });
        return server;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    private void answerStatus(HttpExchange exchange) throws IOException {
        Map<String, Object> summary = node.summary();
        send(
                exchange,
                200,
                "application/json",
                json.writerWithDefaultPrettyPrinter().writeValueAsString(summary) + "\n");
    }

    private void answerConfig(HttpExchange exchange) throws IOException {
        send(
                exchange,
                200,
                "application/json",
                json.writeValueAsString(node.configuration()) + "\n");
    }

    private void answerReady(HttpExchange exchange) throws IOException {
        String reason = node.notReadyReason();
        if (reason.isEmpty()) {
            send(exchange, 200, "text/plain", "ok\n");
        } else {
            send(exchange, 503, "text/plain", reason + "\n");
        }
    }

    private void answerTiflashReady(HttpExchange exchange) throws IOException {
        boolean ready = node.notReadyReason().isEmpty();
        send(exchange, ready ? 200 : 500, "text/plain", ready ? "ok\n" : "fail\n");
    }

    /** {@code <count>\n<id> <id>\n}; TiDB parses both lines and ignores the HTTP status. */
    private void answerSyncStatus(HttpExchange exchange) throws IOException {
        Matcher path = SYNC_STATUS.matcher(exchange.getRequestURI().getPath());
        if (!path.matches()) {
            send(exchange, 400, "text/plain", "");
            return;
        }
        // Keys of a keyspace begin with its own prefix, which is not followed here.
        String keyspace = path.group(1);
        boolean foreign = keyspace != null && !keyspace.equals(NULL_KEYSPACE);
        OptionalLong table = number(path.group(2));
        if (table.isEmpty()) {
            send(exchange, 400, "text/plain", "");
            return;
        }
        List<Long> regions = foreign ? List.of() : node.regionsOfTable(table.getAsLong());
        String ids =
                regions.stream().sorted().map(String::valueOf).collect(Collectors.joining(" "));
        send(exchange, 200, "text/plain", regions.size() + "\n" + ids + "\n");
    }

    private static OptionalLong number(String digits) {
        try {
            return OptionalLong.of(Long.parseLong(digits));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    private void answerSyncSchema(HttpExchange exchange) throws IOException {
        boolean known = SYNC_SCHEMA.matcher(exchange.getRequestURI().getPath()).matches();
        send(exchange, known ? 200 : 400, "text/plain", "");
    }

    private static void send(HttpExchange exchange, int code, String type, String body)
            throws IOException {
        try (exchange) {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
            exchange.sendResponseHeaders(code, bytes.length == 0 ? -1 : bytes.length);
            if (bytes.length > 0) {
                exchange.getResponseBody().write(bytes);
            }
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
