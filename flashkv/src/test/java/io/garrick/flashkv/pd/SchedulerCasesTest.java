package io.garrick.flashkv.pd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.proto.meta.Peer;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.pd.PeerStats;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The scheduler's decisions as data: {@code scheduler.cases}. Rules, stores and a region, then the
 * one next step. A peer's id is its store's id plus 100; a key is one letter, encoded.
 */
final class SchedulerCasesTest {
    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        try (InputStream in = SchedulerCasesTest.class.getResourceAsStream("scheduler.cases")) {
            assertThat(in).isNotNull();
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Stream.of(text.split("\n\n+", -1))
                    .filter(block -> !block.isBlank())
                    .map(block ->
                            DynamicTest.dynamicTest(
                                    block.lines().findFirst().orElseThrow().substring(2),
                                    () -> run(block)));
        }
    }

    private static void run(String block) {
        List<PlacementRule> rules = new ArrayList<>();
        List<RuleGroup> groups = new ArrayList<>();
        Map<Long, StoreView> stores = new TreeMap<>();
        List<RegionInfo> regions = new ArrayList<>();
        List<String> lines = block.lines().filter(line -> !line.startsWith("#")).toList();
        int border = lines.indexOf("----");
        for (String line : lines.subList(0, border)) {
            Line parsed = Line.parse(line);
            switch (parsed.verb()) {
                case "rule" -> rules.add(rule(parsed));
                case "group" ->
                        groups.add(
                                new RuleGroup(
                                        parsed.text("id", ""),
                                        parsed.number("index", 0),
                                        parsed.has("override")));
                case "store" -> {
                    StoreView store = store(parsed);
                    stores.put(store.id(), store);
                }
                case "region" -> regions.add(region(parsed));
                default -> throw new IllegalArgumentException(line);
            }
        }
        Optional<Step> step =
                Scheduler.decide(regions.getFirst(), new RuleSet(rules, groups), stores);
        assertThat(step.map(SchedulerCasesTest::text).orElse("nothing"))
                .isEqualTo(lines.get(border + 1));
    }

    private record Line(String verb, Map<String, String> arguments) {
        static Line parse(String line) {
            List<String> words = List.of(line.split(" +", -1));
            Map<String, String> arguments = new HashMap<>();
            for (String word : words.subList(1, words.size())) {
                int equals = word.indexOf('=');
                if (equals < 0) {
                    arguments.put(word, "");
                } else {
                    arguments.put(word.substring(0, equals), word.substring(equals + 1));
                }
            }
            return new Line(words.getFirst(), arguments);
        }

        boolean has(String name) {
            return arguments.containsKey(name);
        }

        String text(String name, String otherwise) {
            return arguments.getOrDefault(name, otherwise);
        }

        int number(String name, int otherwise) {
            return Integer.parseInt(text(name, Integer.toString(otherwise)));
        }

        List<String> list(String name) {
            String text = text(name, "");
            return text.isEmpty() ? List.of() : List.of(text.split(",", -1));
        }

        KeyRange range() {
            return new KeyRange(key(text("from", "")), key(text("to", "")));
        }
    }

    private static Key key(String letter) {
        if (letter.isEmpty()) {
            return Key.EMPTY;
        }
        byte[] encoded =
                ByteBuffer.allocate(9).put((byte) letter.charAt(0)).put(8, (byte) 0xf8).array();
        return Key.wrap(encoded);
    }

    private static PlacementRule rule(Line line) {
        List<LabelConstraint> constraints =
                line.has("engine")
                        ? List.of(
                                new LabelConstraint(
                                        "engine",
                                        LabelConstraint.Op.IN,
                                        List.of(line.text("engine", ""))))
                        : List.of();
        return new PlacementRule(
                line.text("group", "pd"),
                line.text("id", "default"),
                line.number("index", 0),
                line.has("override"),
                line.range(),
                PlacementRule.Role.valueOf(line.text("role", "VOTER")),
                line.number("count", 3),
                constraints,
                List.of(),
                "");
    }

    private static StoreView store(Line line) {
        return new StoreView(
                line.number("id", 0),
                line.has("engine") ? Map.of("engine", line.text("engine", "")) : Map.of(),
                !line.has("leaving"),
                !line.has("silent"),
                line.number("peers", 0),
                line.number("leaders", 0));
    }

    /** peers=1,2,3L: voters on 1 and 2, a learner on 3; the first one leads. */
    private static RegionInfo region(Line line) {
        Region.Builder region =
                Region.newBuilder()
                        .setId(1)
                        .setStartKey(bytes(line.range().start()))
                        .setEndKey(bytes(line.range().end()));
        List<Peer> pending = new ArrayList<>();
        List<PeerStats> down = new ArrayList<>();
        for (String text : line.list("peers")) {
            Peer peer = peer(text);
            region.addPeers(peer);
            String store = Long.toString(peer.getStoreId());
            if (line.list("pending").contains(store)) {
                pending.add(peer);
            }
            if (line.list("down").contains(store)) {
                down.add(PeerStats.newBuilder().setPeer(peer).setDownSeconds(3600).build());
            }
        }
        return new RegionInfo(region.build(), region.getPeers(0), down, pending, 0, 0);
    }

    private static Peer peer(String text) {
        boolean learner = text.endsWith("L");
        boolean joint = text.endsWith("I");
        long storeId = Long.parseLong(text.replaceAll("[LI]", ""));
        PeerRole role = learner ? PeerRole.Learner : PeerRole.Voter;
        return Peer.newBuilder()
                .setId(storeId + 100)
                .setStoreId(storeId)
                .setRole(joint ? PeerRole.IncomingVoter : role)
                .build();
    }

    private static ByteString bytes(Key key) {
        return ByteString.copyFrom(key.toBytes());
    }

    private static String text(Step step) {
        return switch (step) {
            case Step.AddLearner(long storeId) -> "add learner on " + storeId;
            case Step.Promote(Peer peer) -> "promote on " + peer.getStoreId();
            case Step.Remove(Peer peer) -> "remove on " + peer.getStoreId();
            case Step.TransferLeader(Peer to) -> "lead on " + to.getStoreId();
            case Step.Scatter(Peer to) -> "scatter to " + to.getStoreId();
            case Step.Merge(Region target) -> "merge into " + target.getId();
            case Step.Split(List<Key> keys) ->
                    "split at " + keys.stream().map(key -> "" + (char) key.byteAt(0)).toList();
        };
    }
}
