package io.garrick.it;

import static io.garrick.it.TikvClientCluster.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tikv.common.TiSession;
import org.tikv.raw.RawKVClient;

/** What the public client's region cache knows goes stale, and it finds its way. */
final class TikvClientRegionTest {
    @TempDir static Path directory;

    private static TikvClientCluster cluster;
    private static TiSession session;
    private static RawKVClient raw;

    @BeforeAll
    static void start() throws IOException {
        cluster = TikvClientCluster.start(directory, false);
        session = cluster.rawSession();
        raw = session.createRawClient();
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

    private static void write(String round) {
        for (String key : List.of("a", "k", "z")) {
            raw.put(bytes(key), bytes(key + round));
        }
    }

    private static void assertRead(String round) {
        for (String key : List.of("a", "k", "z")) {
            assertThat(raw.get(bytes(key))).contains(bytes(key + round));
        }
        assertThat(raw.scan(bytes("a"), bytes("zz"))).hasSize(3);
    }

    /** Another client does it, so that this one's cache is stale. */
    private static void splitAt(String... keys) throws Exception {
        try (TiSession other = cluster.rawSession()) {
            other.splitRegionAndScatter(
                    List.of(keys).stream()
                            .map(key -> key.getBytes(StandardCharsets.UTF_8))
                            .toList());
        }
    }

    @Test
    void aSplitThatTheClientHasNotSeenIsFollowed() throws Exception {
        write("1");
        splitAt("c", "m");
        assertRead("1");
        write("2");
        assertRead("2");
    }

    @Test
    void aMergeThatTheClientHasNotSeenIsFollowed() throws Exception {
        splitAt("e", "q");
        write("8");
        assertRead("8");
        long before = cluster.get("/regions").path("count").asLong();
        cluster.mergeWithNext(TikvClientCluster.hex(bytes("e")));
        assertThat(cluster.get("/regions").path("count").asLong()).isLessThan(before);
        assertRead("8");
        write("9");
        assertRead("9");
    }

    @Test
    void aLeaderThatMovedIsFollowed() {
        write("3");
        for (int round = 0; round < 3; round++) {
            cluster.moveLead(TikvClientCluster.hex(bytes("a")));
            write("4" + round);
            assertRead("4" + round);
        }
    }

    @Test
    void aStoreThatStopsIsRoutedAround() throws Exception {
        write("5");
        cluster.flashKv().stopStore(2);
        try {
            write("6");
            assertRead("6");
        } finally {
            cluster.flashKv().startStore(2);
        }
        write("7");
        assertRead("7");
    }
}
