package io.garrick.flashkv.pd;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.proto.pd.ErrorType;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Placement rules and status over HTTP, on PD's paths below {@code /pd/api/v1} (tikv/pd {@code
 * server/api}). TiDB asks for stores and region counts here, and sets a table's learner rule here.
 */
final class PdHttp implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PdHttp.class);

    private static final String ROOT = "/pd/api/v1";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Cluster cluster;
    private final HttpServer server;
    private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();

    private PdHttp(Cluster cluster, HttpServer server) {
        this.cluster = cluster;
        this.server = server;
    }

    static PdHttp start(PdConfig config, Cluster cluster) throws IOException {
        HttpServer server = HttpServer.create(config.httpListen(), 0);
        PdHttp http = new PdHttp(cluster, server);
        server.setExecutor(http.calls);
        server.createContext("/", http::handle);
        server.start();
        return http;
    }

    InetSocketAddress address() {
        return server.getAddress();
    }

    @Override
    public void close() {
        server.stop(0);
        calls.shutdown();
    }

    /** What a handler answers; the body is JSON. */
    private record Answer(int status, JsonNode body) {
        static Answer ok(JsonNode body) {
            return new Answer(200, body);
        }

        static Answer ok(String text) {
            return ok(JsonNodeFactory.instance.textNode(text));
        }

        static Answer refused(int status, String text) {
            return new Answer(status, JsonNodeFactory.instance.textNode(text));
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] request = exchange.getRequestBody().readAllBytes();
            Answer answer = answer(exchange, request);
            byte[] body = (answer.body().toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json; charset=UTF-8");
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private Answer answer(HttpExchange exchange, byte[] request) {
        URI uri = exchange.getRequestURI();
        try {
            String path = uri.getPath();
            if (!path.startsWith(ROOT + "/")) {
                return Answer.refused(404, "not found");
            }
            List<String> parts = List.of(path.substring(ROOT.length() + 1).split("/", -1));
            return route(exchange.getRequestMethod(), parts, query(uri), request);
        } catch (JsonProcessingException | IllegalArgumentException e) {
            return Answer.refused(400, String.valueOf(e.getMessage()));
        } catch (PdException e) {
            boolean early = e.type() == ErrorType.NOT_BOOTSTRAPPED;
            return Answer.refused(early ? 500 : 404, e.text());
        } catch (IOException | RuntimeException e) {
            log.warn("http call failed uri={}", uri, e);
            return Answer.refused(500, e.toString());
        }
    }

    private Answer route(String method, List<String> parts, Map<String, byte[]> query, byte[] body)
            throws IOException {
        return switch (parts.getFirst()) {
            case "stores" -> Answer.ok(PdJson.stores(cluster));
            case "store" -> store(method, parts);
            case "config" -> config(method, parts, body);
            case "stats" -> Answer.ok(PdJson.regionStats(cluster.regions(range(query), 0)));
            case "region" -> region(parts);
            case "regions" -> regions(method, query);
            case "operators" -> operators(method, parts, body);
            case "members" -> Answer.ok(PdJson.members(cluster));
            default -> Answer.refused(404, "not found");
        };
    }

    private Answer store(String method, List<String> parts) {
        if (parts.size() < 2) {
            return Answer.refused(404, "not found");
        }
        long id = Long.parseLong(parts.get(1));
        boolean stateChange = parts.size() == 3 && parts.get(2).equals("state");
        if (method.equals("DELETE")) {
            cluster.removeStore(id);
            return Answer.ok("The store is set as Offline.");
        }
        if (stateChange && method.equals("POST")) {
            cluster.restoreStore(id);
            return Answer.ok("The store's state is updated.");
        }
        return Answer.ok(PdJson.store(cluster, cluster.store(id)));
    }

    private Answer region(List<String> parts) {
        if (parts.size() != 3 || !parts.get(1).equals("id")) {
            return Answer.refused(404, "not found");
        }
        Optional<RegionInfo> region = cluster.region(Long.parseLong(parts.get(2)));
        return Answer.ok(
                region.<JsonNode>map(PdJson::region).orElseGet(JsonNodeFactory.instance::nullNode));
    }

    private Answer regions(String method, Map<String, byte[]> query) {
        if (method.equals("POST")) {
            // accelerate-schedule: the patrol comes by within moments anyway.
            return Answer.ok("Accelerate regions scheduling.");
        }
        return Answer.ok(PdJson.regions(cluster.regions(range(query), 0)));
    }

    // ---- operators ----

    private Answer operators(String method, List<String> parts, byte[] body) throws IOException {
        if (method.equals("POST")) {
            OperatorRequest.parse(JSON.readTree(body)).apply(cluster);
            return Answer.ok("The operator is created.");
        }
        if (parts.size() < 2) {
            return Answer.ok(PdJson.operators(cluster));
        }
        long regionId = Long.parseLong(parts.get(1));
        if (method.equals("DELETE")) {
            cluster.cancelOrder(regionId);
            return Answer.ok("The pending operator is canceled.");
        }
        return cluster.runningStep(regionId)
                .map(step -> Answer.ok(PdJson.operator(regionId, step)))
                .orElseGet(() -> Answer.refused(404, "operator not found"));
    }

    // ---- placement rules ----

    private Answer config(String method, List<String> parts, byte[] body) throws IOException {
        if (parts.size() < 2) {
            return Answer.refused(404, "not found");
        }
        return switch (parts.get(1)) {
            case "cluster-version" -> Answer.ok(cluster.clusterVersion().toString());
            case "rule" -> rule(method, parts, body);
            case "rules" -> rules(method, parts, body);
            case "rule_group" -> ruleGroup(method, parts, body);
            case "rule_groups" -> {
                ArrayNode groups = JSON.createArrayNode();
                cluster.rules().groups().forEach(group -> groups.add(group.toJson()));
                yield Answer.ok(groups);
            }
            default -> Answer.refused(404, "not found");
        };
    }

    private Answer rule(String method, List<String> parts, byte[] body) throws IOException {
        if (method.equals("POST")) {
            PlacementRule rule = PlacementRule.parse(JSON.readTree(body));
            cluster.updateRules(List.of(rule), List.of(), List.of(), List.of());
            return Answer.ok("Update rule successfully.");
        }
        if (parts.size() != 4) {
            return Answer.refused(404, "not found");
        }
        String name = parts.get(2) + "/" + parts.get(3);
        if (method.equals("DELETE")) {
            cluster.updateRules(List.of(), List.of(name), List.of(), List.of());
            return Answer.ok("Delete rule successfully.");
        }
        return cluster.rules().rules().stream()
                .filter(rule -> rule.name().equals(name))
                .findFirst()
                .map(rule -> Answer.ok(rule.toJson()))
                .orElseGet(() -> Answer.refused(404, "rule not found"));
    }

    /** All, those of one group, a replacement of all, or a batch. */
    private Answer rules(String method, List<String> parts, byte[] body) throws IOException {
        if (method.equals("POST")) {
            boolean batch = parts.size() == 3 && parts.get(2).equals("batch");
            return batch ? ruleBatch(JSON.readTree(body)) : putRules(JSON.readTree(body));
        }
        ArrayNode listed = JSON.createArrayNode();
        boolean byGroup = parts.size() == 4 && parts.get(2).equals("group");
        for (PlacementRule rule : cluster.rules().rules()) {
            if (!byGroup || rule.groupId().equals(parts.get(3))) {
                listed.add(rule.toJson());
            }
        }
        return Answer.ok(listed);
    }

    private Answer putRules(JsonNode array) {
        List<PlacementRule> puts = new ArrayList<>();
        array.forEach(item -> puts.add(PlacementRule.parse(item)));
        cluster.updateRules(puts, List.of(), List.of(), List.of());
        return Answer.ok("Update rules successfully.");
    }

    private Answer ruleBatch(JsonNode array) {
        List<PlacementRule> puts = new ArrayList<>();
        List<String> deletes = new ArrayList<>();
        for (JsonNode item : array) {
            switch (item.path("action").asText()) {
                case "add" -> puts.add(PlacementRule.parse(item));
                case "del" -> deletes.addAll(deleted(item));
                default ->
                        throw new IllegalArgumentException(
                                "unknown action " + item.path("action").asText());
            }
        }
        cluster.updateRules(puts, deletes, List.of(), List.of());
        return Answer.ok("Batch operations successfully.");
    }

    private List<String> deleted(JsonNode item) {
        String group = item.path("group_id").asText();
        String id = item.path("id").asText();
        if (!item.path("delete_by_id_prefix").asBoolean(false)) {
            return List.of(group + "/" + id);
        }
        return cluster.rules().rules().stream()
                .filter(rule -> rule.groupId().equals(group) && rule.id().startsWith(id))
                .map(PlacementRule::name)
                .toList();
    }

    private Answer ruleGroup(String method, List<String> parts, byte[] body) throws IOException {
        if (method.equals("POST")) {
            RuleGroup group = RuleGroup.parse(JSON.readTree(body));
            cluster.updateRules(List.of(), List.of(), List.of(group), List.of());
            return Answer.ok("Update rule group successfully.");
        }
        if (parts.size() != 3) {
            return Answer.refused(404, "not found");
        }
        if (method.equals("DELETE")) {
            cluster.updateRules(List.of(), List.of(), List.of(), List.of(parts.get(2)));
            return Answer.ok("Delete rule group successfully.");
        }
        return Answer.ok(cluster.rules().group(parts.get(2)).toJson());
    }

    // ---- queries ----

    private static KeyRange range(Map<String, byte[]> query) {
        return new KeyRange(
                Key.wrap(query.getOrDefault("start_key", new byte[0])),
                Key.wrap(query.getOrDefault("end_key", new byte[0])));
    }

    /** Values are escaped raw bytes, not text: latin-1 keeps each byte. */
    private static Map<String, byte[]> query(URI uri) {
        Map<String, byte[]> values = new HashMap<>();
        if (uri.getRawQuery() == null) {
            return values;
        }
        for (String pair : uri.getRawQuery().split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals >= 0) {
                String value =
                        URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.ISO_8859_1);
                values.put(pair.substring(0, equals), value.getBytes(StandardCharsets.ISO_8859_1));
            }
        }
        return values;
    }
}
