package io.garrick.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.garrick.flashkv.FlashKv;
import io.garrick.flashkv.FlashKvConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.tikv.common.TiConfiguration;
import org.tikv.common.TiSession;
import org.tikv.shade.com.google.protobuf.ByteString;

/** Three stores, and sessions of the public Java client on them. */
final class TikvClientCluster implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FlashKv cluster;
    private final HttpClient http = HttpClient.newHttpClient();

    private TikvClientCluster(FlashKv cluster) {
        this.cluster = cluster;
    }

    static TikvClientCluster start(Path directory, boolean rawTtl) throws IOException {
        TikvClientCluster started =
                new TikvClientCluster(
                        FlashKv.start(
                                FlashKvConfig.of(directory)
                                        .withSyncWrites(false)
                                        .withTick(Duration.ofMillis(50))
                                        .withHeartbeatInterval(Duration.ofSeconds(1))
                                        .withRawTtl(rawTtl)));
        eventually("three voters", () -> started.region("").path("peers").size() == 3);
        return started;
    }

    FlashKv flashKv() {
        return cluster;
    }

    TiSession rawSession() {
        TiConfiguration config = TiConfiguration.createRawDefault(cluster.pdAddress());
        config.setEnableAtomicForCAS(true);
        return session(config);
    }

    TiSession transactionSession() {
        return session(TiConfiguration.createDefault(cluster.pdAddress()));
    }

    private static TiSession session(TiConfiguration config) {
        config.setWarmUpEnable(false);
        config.setScatterWaitSeconds(10);
        return TiSession.create(config);
    }

    // ---- what an operator does over PD's HTTP API

    /** The region that holds an encoded key, as PD shows it. */
    JsonNode region(String encodedKeyHex) {
        for (JsonNode region : get("/regions").path("regions")) {
            String start = region.path("start_key").asText().toLowerCase(Locale.ROOT);
            String end = region.path("end_key").asText().toLowerCase(Locale.ROOT);
            if (encodedKeyHex.compareTo(start) >= 0
                    && (end.isEmpty() || encodedKeyHex.compareTo(end) < 0)) {
                return region;
            }
        }
        return JSON.missingNode();
    }

    /** Makes another store lead the region of an encoded key; returns once PD knows. */
    void moveLead(String encodedKeyHex) {
        JsonNode region = region(encodedKeyHex);
        long leader = region.path("leader").path("store_id").asLong();
        long to = 0;
        for (JsonNode peer : region.path("peers")) {
            if (peer.path("store_id").asLong() != leader) {
                to = peer.path("store_id").asLong();
            }
        }
        long target = to;
        post(
                "/operators",
                "{\"name\":\"transfer-leader\",\"region_id\":%d,\"to_store_id\":%d}"
                        .formatted(region.path("id").asLong(), target));
        eventually(
                "store " + target + " leads",
                () -> region(encodedKeyHex).path("leader").path("store_id").asLong() == target);
    }

    /** Merges the region of an encoded key into the one behind it; returns once PD knows. */
    void mergeWithNext(String encodedKeyHex) {
        JsonNode source = region(encodedKeyHex);
        JsonNode target = region(source.path("end_key").asText().toLowerCase(Locale.ROOT));
        post(
                "/operators",
                "{\"name\":\"merge-region\",\"source_region_id\":%d,\"target_region_id\":%d}"
                        .formatted(source.path("id").asLong(), target.path("id").asLong()));
        eventually(
                "region " + source.path("id") + " is a part of " + target.path("id"),
                () -> region(encodedKeyHex).path("id").equals(target.path("id")));
    }

    JsonNode get(String path) {
        return send(HttpRequest.newBuilder(uri(path)).build());
    }

    JsonNode post(String path, String body) {
        return send(
                HttpRequest.newBuilder(uri(path))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build());
    }

    private URI uri(String path) {
        return URI.create("http://" + cluster.pdHttpAddress() + "/pd/api/v1" + path);
    }

    private JsonNode send(HttpRequest request) {
        try {
            HttpResponse<String> response =
                    http.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new AssertionError(request.uri() + ": " + response.body());
            }
            return JSON.readTree(response.body());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    static void eventually(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not in time: " + what);
            }
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    static String hex(ByteString key) {
        return HexFormat.of().formatHex(key.toByteArray());
    }

    @Override
    public void close() {
        http.close();
        cluster.close();
    }
}
