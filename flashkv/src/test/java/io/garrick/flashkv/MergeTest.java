package io.garrick.flashkv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.codec.key.Memcomparable;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvEntry;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.PdClient;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Regions that become one again: in peace, under load, with stores that miss it, over restarts. */
final class MergeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int ROWS = 60;

    @TempDir private Path directory;

    private final Map<Key, String> expected = new TreeMap<>();

    private FlashKvConfig config() {
        return FlashKvConfig.of(directory)
                .withSyncWrites(false)
                .withTick(Duration.ofMillis(50))
                .withHeartbeatInterval(Duration.ofSeconds(1));
    }

    private record Client(FlashKv cluster, PdClient pd, KvClient kv) implements AutoCloseable {
        static Client of(FlashKv cluster) {
            PdClient pd = PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT);
            return new Client(cluster, pd, KvClient.connect(pd));
        }

        @Override
        public void close() {
            kv.close();
            pd.close();
        }
    }

    private static void eventually(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not in time: " + what);
            }
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static Key row(int number) {
        return Key.wrap("row%03d".formatted(number).getBytes(StandardCharsets.UTF_8));
    }

    private void write(Client client, int from, int to, String value) {
        KvTransaction transaction = client.kv().begin();
        for (int i = from; i < to; i++) {
            transaction.put(row(i), value.getBytes(StandardCharsets.UTF_8));
            expected.put(row(i), value);
        }
        transaction.commit();
    }

    private static Map<Key, String> read(Client client) {
        Map<Key, String> rows = new TreeMap<>();
        Iterator<KvEntry> found =
                client.kv().snapshot(client.pd().timestamp()).scan(new KeyRange(row(0), row(ROWS)));
        found.forEachRemaining(
                entry -> rows.put(entry.key(), new String(entry.value(), StandardCharsets.UTF_8)));
        return rows;
    }

    private static boolean everywhere(FlashKv cluster, int regions) {
        for (int number = 1; number <= 3; number++) {
            List<Region> here = cluster.store(number).regionList();
            boolean complete =
                    here.size() == regions
                            && here.stream()
                                    .allMatch(region ->
                                            region.getPeersList().stream()
                                                            .filter(peer ->
                                                                    peer.getRole()
                                                                            == PeerRole.Voter)
                                                            .count()
                                                    == 3);
            if (!complete) {
                return false;
            }
        }
        return cluster.regions().size() == regions;
    }

    /** Rows in two regions on three stores. */
    private void openTwoRegions(Client client) {
        write(client, 0, ROWS, "first");
        client.kv().splitRegions(List.of(row(ROWS / 2)));
        eventually("two regions everywhere", () -> everywhere(client.cluster(), 2));
    }

    private static long left(FlashKv cluster) {
        return cluster.regions().getFirst().getId();
    }

    private static long right(FlashKv cluster) {
        return cluster.regions().getLast().getId();
    }

    @Test
    void aRegionEndsInItsLeftOrRightNeighbourWithAllItsRows() throws IOException {
        try (FlashKv cluster = FlashKv.start(config());
                Client client = Client.of(cluster)) {
            openTwoRegions(client);
            cluster.mergeRegion(left(cluster), right(cluster));
            eventually("one region", () -> everywhere(cluster, 1));
            assertThat(read(client)).isEqualTo(expected);
            write(client, 20, 40, "second");
            client.kv().splitRegions(List.of(row(25)));
            eventually("two regions again", () -> everywhere(cluster, 2));
            cluster.mergeRegion(right(cluster), left(cluster));
            eventually("one region again", () -> everywhere(cluster, 1));
            write(client, 10, 30, "third");
            assertThat(read(client)).isEqualTo(expected);
        }
        try (FlashKv cluster = FlashKv.start(config());
                Client client = Client.of(cluster)) {
            assertThat(read(client)).isEqualTo(expected);
            assertThat(cluster.store(1).regionList()).hasSize(1);
        }
    }

    @Test
    void aStoppedStoreIsBroughtAlong() throws IOException {
        try (FlashKv cluster = FlashKv.start(config());
                Client client = Client.of(cluster)) {
            openTwoRegions(client);
            cluster.stopStore(3);
            write(client, 0, 10, "while stopped");
            write(client, 40, 50, "while stopped");
            cluster.mergeRegion(right(cluster), left(cluster));
            eventually("merged", () -> cluster.regions().size() == 1);
            write(client, 45, 55, "merged");
            cluster.startStore(3);
            eventually("one region everywhere", () -> everywhere(cluster, 1));
            cluster.transferLeader(left(cluster), 3);
            eventually("led by the late one", () -> cluster.store(3).ledRegions().size() == 1);
            assertThat(read(client)).isEqualTo(expected);
        }
    }

    @Test
    void storesThatFailAtAnyMomentOfAMergeLoseNothing() throws Exception {
        try (FlashKv cluster = FlashKv.start(config());
                Client client = Client.of(cluster);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            openTwoRegions(client);
            for (int round = 0; round < 6; round++) {
                AtomicBoolean over = new AtomicBoolean();
                int writer = round;
                Future<?> writing =
                        threads.submit(() -> {
                            int count = 0;
                            while (!over.get()) {
                                int at = 20 + count++ % 20;
                                write(client, at, at + 1, "round " + writer + "/" + count);
                            }
                        });
                boolean leftward = round % 2 == 0;
                cluster.mergeRegion(
                        leftward ? right(cluster) : left(cluster),
                        leftward ? left(cluster) : right(cluster));
                // From "not begun" to "long over".
                Thread.sleep(60L * round);
                int victim = 1 + round % 3;
                try {
                    cluster.stopStore(victim);
                    Thread.sleep(40L * round);
                    cluster.startStore(victim);
                    // A new leader does not know how far the stopped one was: it merges only now.
                    eventually("one region everywhere", () -> everywhere(cluster, 1));
                } finally {
                    over.set(true);
                }
                writing.get();
                assertThat(read(client)).isEqualTo(expected);
                client.kv().splitRegions(List.of(row(ROWS / 2 - round)));
                eventually("two regions everywhere", () -> everywhere(cluster, 2));
            }
        }
    }

    @Test
    void aMergeWhoseTargetWentOnIsTakenBack() throws IOException {
        try (FlashKv cluster = FlashKv.start(config());
                Client client = Client.of(cluster)) {
            openTwoRegions(client);
            // Each prepares to end in the other, and so neither finds the other as it was.
            List<Region> both = cluster.regions();
            for (int number = 1; number <= 3; number++) {
                cluster.store(number).merge(both.getFirst().getId(), both.getLast());
                cluster.store(number).merge(both.getLast().getId(), both.getFirst());
            }
            eventually(
                    "epochs moved",
                    () ->
                            cluster.regions().size() == 1
                                    || cluster.regions().stream()
                                            .allMatch(region ->
                                                    region.getRegionEpoch().getVersion()
                                                            >= both.getFirst()
                                                                            .getRegionEpoch()
                                                                            .getVersion()
                                                                    + 2));
            write(client, 20, 40, "after");
            assertThat(read(client)).isEqualTo(expected);
            if (cluster.regions().size() == 2) {
                cluster.mergeRegion(left(cluster), right(cluster));
            }
            eventually("one region everywhere", () -> everywhere(cluster, 1));
            assertThat(read(client)).isEqualTo(expected);
        }
    }

    @Test
    void operatorsAreAskedForOverHttp() throws Exception {
        try (FlashKv cluster = FlashKv.start(config());
                Client client = Client.of(cluster);
                HttpClient http = HttpClient.newHttpClient()) {
            openTwoRegions(client);
            List<String> answers = new ArrayList<>();
            for (String body :
                    List.of(
                            "{\"name\":\"merge-region\",\"source_region_id\":%d}"
                                    .formatted(left(cluster)),
                            "{\"name\":\"no-such\"}",
                            "{\"name\":\"merge-region\",\"source_region_id\":%d,\"target_region_id\":%d}"
                                    .formatted(left(cluster), 999_999),
                            "{\"name\":\"merge-region\",\"source_region_id\":%d,\"target_region_id\":%d}"
                                    .formatted(left(cluster), right(cluster)))) {
                HttpResponse<String> answer =
                        http.send(
                                HttpRequest.newBuilder(
                                                URI.create(
                                                        "http://"
                                                                + cluster.pdHttpAddress()
                                                                + "/pd/api/v1/operators"))
                                        .POST(HttpRequest.BodyPublishers.ofString(body))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
                answers.add(answer.statusCode() + " " + answer.body().strip());
            }
            assertThat(answers)
                    .containsExactly(
                            "400 \"target_region_id is missing or not a number\"",
                            "400 \"unknown operator no-such\"",
                            "400 \"region 999999 not found\"",
                            "200 \"The operator is created.\"");
            eventually("one region everywhere", () -> everywhere(cluster, 1));
            cluster.splitRegion(left(cluster), List.of(Memcomparable.encode(row(10))));
            eventually("two regions everywhere", () -> everywhere(cluster, 2));
            assertThat(read(client)).isEqualTo(expected);
        }
    }

    @Test
    void regionsThatAreNoNeighboursAreRefused() throws IOException {
        try (FlashKv cluster = FlashKv.start(config());
                Client client = Client.of(cluster)) {
            openTwoRegions(client);
            client.kv().splitRegions(List.of(row(45)));
            eventually("three regions everywhere", () -> everywhere(cluster, 3));
            assertThatThrownBy(() -> cluster.mergeRegion(left(cluster), right(cluster)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("not adjacent");
            assertThatThrownBy(() -> cluster.mergeRegion(left(cluster), left(cluster)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
