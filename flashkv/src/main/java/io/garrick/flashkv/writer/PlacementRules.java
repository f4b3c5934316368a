package io.garrick.flashkv.writer;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import io.garrick.codec.key.TableKeys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/**
 * Asks PD over HTTP to keep learners of a table's rows on columnar stores, with the rules TiDB sets
 * for ALTER TABLE SET TIFLASH REPLICA (TiDB, pkg/domain/infosync/tiflash_manager.go).
 */
final class PlacementRules {
    private static final String GROUP = "tiflash";
    private static final int INDEX = 120;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final JsonMapper json = new JsonMapper();
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    private final String base;

    /**
     * Where PD listens.
     *
     * @param address {@code host:port} or a URL
     */
    PlacementRules(String address) {
        this.base = (address.contains("://") ? address : "http://" + address) + "/pd/api/v1";
    }

    void set(long physicalId, int count) {
        send(
                "POST",
                "/config/rule_group",
                node().put("id", GROUP).put("index", INDEX).put("override", false));
        // Only record keys are replicated: no index keys.
        KeyRange range =
                Memcomparable.encode(
                        new KeyRange(
                                TableKeys.recordPrefix(physicalId),
                                TableKeys.tablePrefix(physicalId + 1)));
        ObjectNode rule =
                node().put("group_id", GROUP)
                        .put("id", ruleId(physicalId))
                        .put("index", INDEX)
                        .put("override", false)
                        .put("start_key", range.start().toString())
                        .put("end_key", range.end().toString())
                        .put("role", "learner")
                        .put("count", count);
        ObjectNode constraint = rule.putArray("label_constraints").addObject();
        constraint.put("key", "engine").put("op", "in").putArray("values").add("tiflash");
        send("POST", "/config/rule", rule);
    }

    void remove(long physicalId) {
        send("DELETE", "/config/rule/" + GROUP + "/" + ruleId(physicalId), node());
    }

    private static String ruleId(long physicalId) {
        return "table-" + physicalId + "-r";
    }

    private static ObjectNode node() {
        return JsonNodeFactory.instance.objectNode();
    }

    private void send(String method, String path, ObjectNode body) {
        try {
            HttpResponse<String> response =
                    http.send(
                            HttpRequest.newBuilder(URI.create(base + path))
                                    .timeout(TIMEOUT)
                                    .header("Content-Type", "application/json")
                                    .method(
                                            method,
                                            HttpRequest.BodyPublishers.ofString(
                                                    json.writeValueAsString(body)))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IOException(
                        "%s %s: PD answered %d: %s"
                                .formatted(method, path, response.statusCode(), response.body()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot set placement rule", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException("interrupted", e));
        }
    }
}
