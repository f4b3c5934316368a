package io.garrick.flashkv.pd;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.meta.RegionEpoch;
import io.garrick.proto.meta.Store;
import io.garrick.proto.meta.StoreLabel;
import io.garrick.proto.pd.RegionHeartbeatRequest;
import io.garrick.proto.pd.RegionHeartbeatResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What TiDB does over HTTP when a table gets a columnar replica. */
final class PdHttpTest {
    // mce(t\x80..\x2a_r) and mce(t\x80..\x2b): the records of table 42.
    private static final String TABLE_START = "7480000000000000ff2a5f720000000000fa";
    private static final String TABLE_END = "7480000000000000ff2b00000000000000f8";

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir Path dir;

    private PdMeta meta;
    private Cluster cluster;
    private PdHttp http;
    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeEach
    void start() throws IOException {
        PdConfig config = PdConfig.loopback(dir).withReplicas(1);
        meta = new PdMeta(RocksStore.open(dir, OrderedStore.Mode.LOGGED, List.of("default")));
        cluster = new Cluster(config, meta, new Random(1));
        http = PdHttp.start(config, cluster);
        cluster.bootstrap(store(1, ""), region());
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        http.close();
        meta.close();
    }

    @Test
    void aLearnerRuleIsRefusedUntilAStoreCanHoldIt() throws Exception {
        assertThat(post("/config/rule", rule()).statusCode()).isEqualTo(400);

        cluster.putStore(store(2, "tiflash"));

        assertThat(post("/config/rule", rule()).statusCode()).isEqualTo(200);
        assertThat(get("/config/rule/tiflash/table-42-r")).isEqualTo(JSON.readTree(rule()));
    }

    @Test
    void aLearnerRuleSplitsAtItsBordersAndThenAddsLearnersToItsRegionsOnly() throws Exception {
        cluster.putStore(store(2, "tiflash"));
        assertThat(post("/config/rule_group", "{\"id\":\"tiflash\",\"index\":120}").statusCode())
                .isEqualTo(200);
        assertThat(
                        post(
                                        "/config/rules/batch",
                                        "["
                                                + rule().replaceFirst("\\{", "{\"action\":\"add\",")
                                                + "]")
                                .statusCode())
                .isEqualTo(200);

        RegionHeartbeatResponse split = heartbeat(region());
        assertThat(split.getSplitRegion().getKeysList())
                .extracting(key -> HexFormat.of().formatHex(key.toByteArray()))
                .containsExactly(TABLE_START, TABLE_END);

        Region table =
                region().toBuilder()
                        .setId(20)
                        .setStartKey(hex(TABLE_START))
                        .setEndKey(hex(TABLE_END))
                        .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(1).setVersion(2))
                        .build();
        RegionHeartbeatResponse add = heartbeat(table);
        assertThat(add.getChangePeer().getPeer().getStoreId()).isEqualTo(2);
        assertThat(add.getChangePeer().getPeer().getRoleValue()).isEqualTo(1);

        Region before =
                table.toBuilder().setId(21).clearStartKey().setEndKey(hex(TABLE_START)).build();
        assertThat(cluster.regionHeartbeat(message(before))).isEmpty();
    }

    @Test
    void deletingTheRuleRemovesTheLearner() throws Exception {
        cluster.putStore(store(2, "tiflash"));
        post("/config/rule", rule());
        Region table =
                region().toBuilder()
                        .setStartKey(hex(TABLE_START))
                        .setEndKey(hex(TABLE_END))
                        .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(2).setVersion(2))
                        .addPeers(
                                Peer.newBuilder().setId(30).setStoreId(2).setRole(PeerRole.Learner))
                        .build();
        assertThat(cluster.regionHeartbeat(message(table))).isEmpty();

        assertThat(
                        send(HttpRequest.newBuilder(uri("/config/rule/tiflash/table-42-r"))
                                        .DELETE()
                                        .build())
                                .statusCode())
                .isEqualTo(200);

        assertThat(heartbeat(table).getChangePeer().getPeer().getId()).isEqualTo(30);
    }

    @Test
    void storesAreListedWithLabelsStateAndAddresses() throws Exception {
        cluster.putStore(store(2, "tiflash"));

        JsonNode stores = get("/stores");

        assertThat(stores.path("count").asInt()).isEqualTo(2);
        JsonNode learner = stores.path("stores").path(1).path("store");
        assertThat(learner.path("id").asInt()).isEqualTo(2);
        assertThat(learner.path("state_name").asText()).isEqualTo("Up");
        assertThat(learner.path("status_address").asText()).isEqualTo("127.0.0.1:3002");
        assertThat(learner.path("labels").path(0).path("value").asText()).isEqualTo("tiflash");
    }

    @Test
    void regionStatsCountTheRegionsOfAnEscapedKeyRange() throws Exception {
        JsonNode stats =
                get(
                        "/stats/region?start_key="
                                + escape(TABLE_START)
                                + "&end_key="
                                + escape(TABLE_END));

        assertThat(stats.path("count").asInt()).isEqualTo(1);
        assertThat(stats.path("store_peer_count").path("1").asInt()).isEqualTo(1);
        assertThat(get("/region/id/2").path("epoch").path("version").asInt()).isEqualTo(1);
        assertThat(get("/config/cluster-version").asText()).isEqualTo("8.5.0");
    }

    private static String rule() {
        return """
        {"group_id":"tiflash","id":"table-42-r","index":120,"start_key":"%s","end_key":"%s",\
        "role":"learner","is_witness":false,"count":1,\
        "label_constraints":[{"key":"engine","op":"in","values":["tiflash"]}]}\
        """
                .formatted(TABLE_START, TABLE_END);
    }

    private static String escape(String hex) {
        StringBuilder escaped = new StringBuilder();
        for (int i = 0; i < hex.length(); i += 2) {
            escaped.append('%').append(hex, i, i + 2);
        }
        return escaped.toString();
    }

    private static ByteString hex(String hex) {
        return ByteString.copyFrom(HexFormat.of().parseHex(hex));
    }

    private RegionHeartbeatResponse heartbeat(Region region) {
        return cluster.regionHeartbeat(message(region)).orElseThrow();
    }

    private static RegionHeartbeatRequest message(Region region) {
        return RegionHeartbeatRequest.newBuilder()
                .setRegion(region)
                .setLeader(region.getPeers(0))
                .build();
    }

    private static Store store(int id, String engine) {
        Store.Builder store =
                Store.newBuilder()
                        .setId(id)
                        .setAddress("127.0.0.1:100" + id)
                        .setPeerAddress("127.0.0.1:200" + id)
                        .setStatusAddress("127.0.0.1:300" + id)
                        .setVersion("8.5.0");
        if (!engine.isEmpty()) {
            store.addLabels(StoreLabel.newBuilder().setKey("engine").setValue(engine));
        }
        return store.build();
    }

    private static Region region() {
        return Region.newBuilder()
                .setId(2)
                .setRegionEpoch(RegionEpoch.newBuilder().setConfVer(1).setVersion(1))
                .addPeers(Peer.newBuilder().setId(3).setStoreId(1))
                .build();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + http.address().getPort() + "/pd/api/v1" + path);
    }

    private JsonNode get(String path) throws Exception {
        return JSON.readTree(send(HttpRequest.newBuilder(uri(path)).build()).body());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return send(
                HttpRequest.newBuilder(uri(path))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build());
    }

    private HttpResponse<String> send(HttpRequest request) throws Exception {
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
