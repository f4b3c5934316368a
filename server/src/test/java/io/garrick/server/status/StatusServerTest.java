package io.garrick.server.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The pages of a node with regions 9 and 4 of table 77. */
final class StatusServerTest {
    private static final NodeStatus NODE =
            new NodeStatus() {
                @Override
                public Map<String, Object> summary() {
                    return Map.of("state", "running");
                }

                @Override
                public Map<String, Object> configuration() {
                    return Map.of("engine-store", Map.of("http_port", 20292));
                }

                @Override
                public String notReadyReason() {
                    return "";
                }

                @Override
                public List<Long> regionsOfTable(long physicalTableId) {
                    return physicalTableId == 77 ? List.of(9L, 4L) : List.of();
                }

                @Override
                public String storeStatus() {
                    return "Running";
                }
            };

    /** TiDB parses the two lines and ignores the code. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "/tiflash/sync-status/keyspace/4294967295/table/77, 200, '2|4 9|'",
        "/tiflash/sync-status/77, 200, '2|4 9|'",
        "/tiflash/sync-status/keyspace/4294967295/table/78, 200, '0||'",
        // a keyspace that is not followed here has nothing replicated
        "/tiflash/sync-status/keyspace/1/table/77, 200, '0||'",
        "/tiflash/sync-status/keyspace/4294967295/table/x, 400, ''",
        "/tiflash/sync-status/keyspace/1/table/99999999999999999999, 400, ''",
        "/tiflash/store-status, 200, Running",
        "/tiflash/readyz, 200, 'ok|'",
        "/config, 200, '{\"engine-store\":{\"http_port\":20292}}|'",
        "/healthz, 200, 'ok|'",
    })
    void aPageAnswersAsTidbExpects(String path, int code, String body)
            throws IOException, InterruptedException {
        try (StatusServer server =
                        StatusServer.start(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), NODE);
                HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> answer =
                    http.send(
                            HttpRequest.newBuilder(
                                            URI.create("http://127.0.0.1:" + server.port() + path))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(code);
            assertThat(answer.body().replace('\n', '|')).isEqualTo(body);
        }
    }
}
