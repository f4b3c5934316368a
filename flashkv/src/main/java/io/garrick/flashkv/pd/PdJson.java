package io.garrick.flashkv.pd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.garrick.base.Key;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.Store;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** PD's answers as JSON; the names are PD's (tikv/pd {@code pkg/response}). */
final class PdJson {
    private static final long MIB = 1 << 20;

    private PdJson() {}

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    // ---- stores ----

    static ObjectNode stores(Cluster cluster) {
        ObjectNode json = object();
        ArrayNode listed = JsonNodeFactory.instance.arrayNode();
        for (StoreInfo store : cluster.stores()) {
            if (!store.isRemoved()) {
                listed.add(store(cluster, store));
            }
        }
        json.put("count", listed.size());
        json.set("stores", listed);
        return json;
    }

    static ObjectNode store(Cluster cluster, StoreInfo store) {
        ObjectNode json = object();
        json.set("store", meta(store.meta(), store.stateName(cluster.now())));
        int leaders = cluster.leaderCount(store.id());
        int peers = cluster.peerCount(store.id());
        ObjectNode status = json.putObject("status");
        status.put("capacity", bytes(store.stats().getCapacity()))
                .put("available", bytes(store.stats().getAvailable()))
                .put("used_size", bytes(store.stats().getUsedSize()))
                .put("leader_count", leaders)
                .put("leader_weight", 1)
                .put("leader_score", leaders)
                .put("region_count", peers)
                .put("region_weight", 1)
                .put("region_score", peers)
                .put("slow_score", Math.max(1, store.stats().getSlowScore()));
        long startSeconds = store.meta().getStartTimestamp();
        if (startSeconds > 0) {
            status.put("start_ts", Instant.ofEpochSecond(startSeconds).toString());
        }
        if (store.heartbeatMillis() > 0) {
            status.put(
                    "last_heartbeat_ts", Instant.ofEpochMilli(store.heartbeatMillis()).toString());
            if (startSeconds > 0) {
                status.put("uptime", uptime(store.heartbeatMillis() / 1000 - startSeconds));
            }
        }
        return json;
    }

    private static ObjectNode meta(Store store, String stateName) {
        ObjectNode json = object();
        json.put("id", store.getId()).put("address", store.getAddress());
        if (store.getStateValue() != 0) {
            json.put("state", store.getStateValue());
        }
        if (store.getLabelsCount() > 0) {
            ArrayNode labels = json.putArray("labels");
            store.getLabelsList()
                    .forEach(label ->
                            labels.addObject()
                                    .put("key", label.getKey())
                                    .put("value", label.getValue()));
        }
        return json.put("version", store.getVersion())
                .put("peer_address", store.getPeerAddress())
                .put("status_address", store.getStatusAddress())
                .put("git_hash", store.getGitHash())
                .put("start_timestamp", store.getStartTimestamp())
                .put("deploy_path", store.getDeployPath())
                .put("last_heartbeat", store.getLastHeartbeat())
                .put("node_state", store.getNodeStateValue())
                .put("state_name", stateName);
    }

    /** Like {@code 1.5GiB}. */
    private static String bytes(long count) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
        double value = count;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        String text = String.format(Locale.ROOT, "%.4g", value);
        if (text.contains(".")) {
            text = text.replaceAll("0+$", "").replaceAll("\\.$", "");
        }
        return text + units[unit];
    }

    /** Like {@code 1h2m3s}. */
    private static String uptime(long seconds) {
        Duration duration = Duration.ofSeconds(Math.max(0, seconds));
        return duration.toHours()
                + "h"
                + duration.toMinutesPart()
                + "m"
                + duration.toSecondsPart()
                + "s";
    }

    // ---- regions ----

    static ObjectNode regions(List<RegionInfo> regions) {
        ObjectNode json = object();
        json.put("count", regions.size());
        ArrayNode listed = json.putArray("regions");
        regions.forEach(region -> listed.add(region(region)));
        return json;
    }

    static ObjectNode region(RegionInfo region) {
        ObjectNode json = object();
        json.put("id", region.id())
                .put("start_key", hex(region.range().start()))
                .put("end_key", hex(region.range().end()));
        json.putObject("epoch").put("conf_ver", region.confVer()).put("version", region.version());
        ArrayNode peers = json.putArray("peers");
        region.region().getPeersList().forEach(peer -> peers.add(peer(peer)));
        json.set("leader", peer(region.leader()));
        ArrayNode pending = json.putArray("pending_peers");
        region.pending().forEach(peer -> pending.add(peer(peer)));
        return json.put("approximate_size", region.sizeBytes() / MIB)
                .put("approximate_keys", region.keyCount());
    }

    private static ObjectNode peer(Peer peer) {
        ObjectNode json = object();
        json.put("id", peer.getId()).put("store_id", peer.getStoreId());
        if (peer.getRoleValue() != 0) {
            json.put("role", peer.getRoleValue());
        }
        json.put("role_name", peer.getRole().name());
        if (!RegionInfo.isVoter(peer)) {
            json.put("is_learner", true);
        }
        return json;
    }

    private static String hex(Key key) {
        return key.toString().toUpperCase(Locale.ROOT);
    }

    static ObjectNode regionStats(List<RegionInfo> regions) {
        long size = 0;
        long keys = 0;
        int empty = 0;
        Map<Long, Integer> leaders = new TreeMap<>();
        Map<Long, Integer> peers = new TreeMap<>();
        for (RegionInfo region : regions) {
            size += region.sizeBytes();
            keys += region.keyCount();
            empty += region.sizeBytes() < MIB ? 1 : 0;
            if (region.leader().getId() != 0) {
                leaders.merge(region.leader().getStoreId(), 1, Integer::sum);
            }
            region.region()
                    .getPeersList()
                    .forEach(peer -> peers.merge(peer.getStoreId(), 1, Integer::sum));
        }
        ObjectNode json = object();
        json.put("count", regions.size())
                .put("empty_count", empty)
                .put("storage_size", size / MIB)
                .put("storage_keys", keys);
        json.set("store_leader_count", counts(leaders));
        json.set("store_peer_count", counts(peers));
        return json;
    }

    private static ObjectNode counts(Map<Long, Integer> byStore) {
        ObjectNode json = object();
        byStore.forEach((id, count) -> json.put(Long.toString(id), count));
        return json;
    }

    // ---- the rest ----

    static ArrayNode operators(Cluster cluster) {
        ArrayNode json = JsonNodeFactory.instance.arrayNode();
        new TreeMap<>(cluster.runningSteps()).forEach((id, step) -> json.add(operator(id, step)));
        cluster.asked().forEach((id, goal) -> json.add("admin " + goal + " {region " + id + "}"));
        return json;
    }

    static JsonNode operator(long regionId, Step step) {
        return JsonNodeFactory.instance.textNode(step.description() + " {region " + regionId + "}");
    }

    static ObjectNode members(Cluster cluster) {
        ObjectNode json = object();
        json.putObject("header").put("cluster_id", cluster.clusterId());
        json.putArray("members").addObject().put("member_id", cluster.memberId());
        json.putObject("leader").put("member_id", cluster.memberId());
        return json;
    }
}
