package io.garrick.server.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Asks the replica's status port, as an operator or TiDB would. */
final class ReplicaStatus implements AutoCloseable {
    private static final String NULL_KEYSPACE = "4294967295";

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final String address;

    ReplicaStatus(String address) {
        this.address = address;
    }

    /** The whole numbers of {@code /status}. */
    Map<String, Long> numbers() throws IOException {
        JsonNode status = new ObjectMapper().readTree(get("/status"));
        Map<String, Long> numbers = new HashMap<>();
        status.properties()
                .forEach(field -> {
                    if (field.getValue().isIntegralNumber()) {
                        numbers.put(field.getKey(), field.getValue().asLong());
                    }
                });
        return numbers;
    }

    /** How many regions of a physical table are here and initialized. */
    int regionsOfTable(long physicalId) throws IOException {
        String body =
                get("/tiflash/sync-status/keyspace/" + NULL_KEYSPACE + "/table/" + physicalId);
        int lineEnd = body.indexOf('\n');
        return lineEnd < 0 ? 0 : Integer.parseInt(body.substring(0, lineEnd));
    }

    private String get(String path) throws IOException {
        try {
            return http.send(
                            HttpRequest.newBuilder(URI.create("http://" + address + path))
                                    .timeout(Duration.ofSeconds(10))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
