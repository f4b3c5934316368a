package io.garrick.it;

import static io.garrick.it.TikvClientCluster.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tikv.common.TiSession;
import org.tikv.common.exception.RawCASConflictException;
import org.tikv.common.util.ScanOption;
import org.tikv.kvproto.Kvrpcpb.KvPair;
import org.tikv.raw.RawKVClient;
import org.tikv.shade.com.google.protobuf.ByteString;

/** Raw access of {@code org.tikv:tikv-client-java}, over several regions. */
final class TikvClientRawTest {
    @TempDir static Path directory;

    private static TikvClientCluster cluster;
    private static TiSession session;
    private static RawKVClient raw;

    @BeforeAll
    static void start() throws IOException {
        cluster = TikvClientCluster.start(directory, true);
        session = cluster.rawSession();
        raw = session.createRawClient();
        session.splitRegionAndScatter(
                List.of("g", "n", "t").stream()
                        .map(key -> key.getBytes(StandardCharsets.UTF_8))
                        .toList());
        assertThat(cluster.get("/regions").path("count").asInt()).isGreaterThanOrEqualTo(4);
    }

    @AfterAll
    static void stop() throws Exception {
        if (session != null) {
            session.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    private static List<String> shown(List<KvPair> pairs) {
        return pairs.stream()
                .map(pair -> pair.getKey().toStringUtf8() + "=" + pair.getValue().toStringUtf8())
                .toList();
    }

    @Test
    void whatIsPutInAnyRegionIsReadBackAndADeletedKeyIsGone() {
        for (String key : List.of("put-a", "h-put", "o-put", "z-put")) {
            raw.put(bytes(key), bytes("value of " + key));
            assertThat(raw.get(bytes(key))).contains(bytes("value of " + key));
            raw.delete(bytes(key));
            assertThat(raw.get(bytes(key))).isEmpty();
        }
    }

    @Test
    void aBatchGoesToAllItsRegions() {
        Map<ByteString, ByteString> batch = new LinkedHashMap<>();
        for (char first = 'a'; first <= 'z'; first++) {
            batch.put(bytes(first + "-batch"), bytes("v" + first));
        }
        raw.batchPut(batch);
        List<ByteString> keys = new ArrayList<>(batch.keySet()); // the client sorts what it gets
        assertThat(raw.batchGet(keys)).hasSize(26);
        raw.batchDelete(new ArrayList<>(keys.subList(0, 20)));
        assertThat(raw.batchGet(keys)).hasSize(6);
        raw.batchDelete(keys);
    }

    @Test
    void aScanCrossesRegionsInOrderAndStopsAtItsEndAndLimit() {
        IntStream.range(0, 26)
                .forEach(i -> raw.put(bytes((char) ('a' + i) + "-scan"), bytes("" + i)));
        try {
            List<KvPair> all = raw.scan(bytes("a-scan"), bytes("z-scan~"));
            assertThat(shown(all).stream().filter(pair -> pair.contains("-scan=")))
                    .hasSize(26)
                    .isSorted()
                    .startsWith("a-scan=0")
                    .endsWith("z-scan=25");
            assertThat(shown(raw.scan(bytes("f-scan"), bytes("h-scan"))))
                    .containsExactly("f-scan=5", "g-scan=6");
            assertThat(shown(raw.scan(bytes("m-scan"), 3)))
                    .containsExactly("m-scan=12", "n-scan=13", "o-scan=14");
            assertThat(raw.scan(bytes("m-scan"), 1, true).getFirst().getValue()).isEmpty();
        } finally {
            raw.batchDelete(
                    new ArrayList<>(
                            IntStream.range(0, 26)
                                    .mapToObj(i -> bytes((char) ('a' + i) + "-scan"))
                                    .toList()));
        }
    }

    @Test
    void severalRangesAreScannedAtOnce() {
        raw.put(bytes("b-ranges"), bytes("1"));
        raw.put(bytes("s-ranges"), bytes("2"));
        List<List<KvPair>> found =
                raw.batchScan(
                        List.of(
                                option("b-ranges", "b-ranges~"),
                                option("h-ranges", "h-ranges~"),
                                option("s-ranges", "s-ranges~")));
        assertThat(found.stream().map(TikvClientRawTest::shown))
                .containsExactly(List.of("b-ranges=1"), List.of(), List.of("s-ranges=2"));
    }

    private static ScanOption option(String from, String to) {
        return ScanOption.newBuilder()
                .setStartKey(bytes(from))
                .setEndKey(bytes(to))
                .setLimit(10)
                .setKeyOnly(false)
                .build();
    }

    @Test
    void aRangeIsDeletedInEveryRegionAndNothingBesideIt() {
        for (String key : List.of("e1-range", "f-range", "h-range", "m-range", "p-range")) {
            raw.put(bytes(key), bytes("x"));
        }
        raw.deleteRange(bytes("f-range"), bytes("p-range"));
        assertThat(raw.get(bytes("e1-range"))).isPresent();
        assertThat(raw.get(bytes("f-range"))).isEmpty();
        assertThat(raw.get(bytes("h-range"))).isEmpty();
        assertThat(raw.get(bytes("m-range"))).isEmpty();
        assertThat(raw.get(bytes("p-range"))).isPresent();
    }

    @Test
    void compareAndSetSwapsOnlyTheExpectedValue() {
        ByteString key = bytes("i-cas");
        raw.compareAndSet(key, Optional.empty(), bytes("one"));
        raw.compareAndSet(key, Optional.of(bytes("one")), bytes("two"));
        assertThatThrownBy(() -> raw.compareAndSet(key, Optional.of(bytes("one")), bytes("three")))
                .isInstanceOf(RawCASConflictException.class);
        assertThatThrownBy(() -> raw.compareAndSet(key, Optional.empty(), bytes("three")))
                .isInstanceOf(RawCASConflictException.class);
        assertThat(raw.get(key)).contains(bytes("two"));
    }

    @Test
    void putIfAbsentKeepsTheFirstValueAndReturnsIt() {
        ByteString key = bytes("u-absent");
        assertThat(raw.putIfAbsent(key, bytes("first"))).isEmpty();
        assertThat(raw.putIfAbsent(key, bytes("second"))).contains(bytes("first"));
        assertThat(raw.get(key)).contains(bytes("first"));
    }

    @Test
    void aValueWithATimeToLiveTellsItAndOneWithoutNeverEnds() {
        raw.put(bytes("ttl-some"), bytes("v"), 1000);
        raw.put(bytes("ttl-none"), bytes("v"));
        assertThat(raw.getKeyTTL(bytes("ttl-some")).orElseThrow()).isBetween(1L, 1000L);
        assertThat(raw.getKeyTTL(bytes("ttl-none"))).contains(0L);
        assertThat(raw.getKeyTTL(bytes("ttl-missing"))).isEmpty();
    }

    @Test
    void aValueIsGoneWhenItsTimeIsOver() {
        raw.put(bytes("ttl-short"), bytes("v"), 1);
        TikvClientCluster.eventually("the value ends", () -> raw.get(bytes("ttl-short")).isEmpty());
        assertThat(raw.putIfAbsent(bytes("ttl-short"), bytes("again"))).isEmpty();
        assertThat(raw.scan(bytes("ttl-short"), bytes("ttl-short~"))).hasSize(1);
    }

    @Test
    void aLargeBatchAndScanLoseNothing() {
        Map<ByteString, ByteString> rows = new LinkedHashMap<>();
        for (int i = 0; i < 3000; i++) {
            rows.put(bytes("large-%05d".formatted(i)), bytes("value " + i));
        }
        raw.batchPut(rows);
        List<KvPair> found = raw.scan(bytes("large-"), bytes("large-~"));
        assertThat(found.stream().map(KvPair::getKey)).containsExactlyElementsOf(rows.keySet());
        raw.deletePrefix(bytes("large-"));
        assertThat(raw.scanPrefix(bytes("large-"))).isEmpty();
    }
}
