package io.garrick.learner;

import static io.garrick.learner.Waiting.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.OrderedStore;
import io.garrick.base.RocksStore;
import io.garrick.codec.key.Memcomparable;
import io.garrick.flashkv.FlashKv;
import io.garrick.flashkv.FlashKvConfig;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.PdClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A learner in a whole cluster: PD places it, leaders feed it, transactions become visible. */
final class FollowClusterTest {
    private static final KeyRange TABLE =
            new KeyRange(Memcomparable.encode(key("t")), Memcomparable.encode(key("u")));

    @TempDir Path directory;
    private FlashKv cluster;
    private PdClient pd;
    private KvClient kv;
    private OrderedStore durable;
    private MemorySink sink = new MemorySink();
    private Learner learner;

    @BeforeEach
    void start() throws Exception {
        cluster =
                FlashKv.start(
                        FlashKvConfig.of(directory.resolve("cluster"))
                                .withSyncWrites(false)
                                .withTick(Duration.ofMillis(50))
                                .withHeartbeatInterval(Duration.ofMillis(200)));
        pd = PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT);
        kv = KvClient.connect(pd);
        durable =
                RocksStore.open(
                        directory.resolve("durable"), OrderedStore.Mode.LOGGED, Learner.FAMILIES);
        startLearner();
    }

    private void startLearner() throws IOException {
        learner =
                Learner.start(
                        LearnerConfig.of(directory.resolve("snap"))
                                .withClocks(Duration.ofMillis(50), Duration.ofMillis(500)),
                        pd,
                        durable,
                        sink);
    }

    @AfterEach
    void stop() throws IOException {
        learner.close();
        durable.close();
        kv.close();
        pd.close();
        cluster.close();
    }

    private static Key key(String text) {
        return Key.of(text.getBytes(StandardCharsets.UTF_8));
    }

    private void placeLearners() throws IOException, InterruptedException {
        String rule =
                """
                {"group_id":"tiflash","id":"table-1-r","index":120,"start_key":"%s","end_key":"%s",
                 "role":"learner","count":1,
                 "label_constraints":[{"key":"engine","op":"in","values":["tiflash"]}]}
                """
                        .formatted(TABLE.start(), TABLE.end());
        try (HttpClient http = HttpClient.newHttpClient()) {
            String base = cluster.pdHttpAddress();
            HttpResponse<String> answer =
                    http.send(
                            HttpRequest.newBuilder(
                                            URI.create(
                                                    (base.startsWith("http")
                                                                    ? base
                                                                    : "http://" + base)
                                                            + "/pd/api/v1/config/rule"))
                                    .POST(HttpRequest.BodyPublishers.ofString(rule))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        }
    }

    private void write(int from, int to) {
        KvTransaction txn = kv.begin();
        for (int i = from; i < to; i++) {
            txn.put(key("t%05d".formatted(i)), ("value " + i).getBytes(StandardCharsets.UTF_8));
        }
        txn.commit();
    }

    private ReadOutcome read() throws Exception {
        return learner.readGate()
                .prepareRead(TABLE, pd.timestamp(), Set.of(), Duration.ofSeconds(30))
                .get(60, TimeUnit.SECONDS);
    }

    private void awaitRows(int count) {
        await(
                count + " rows are readable",
                () -> {
                    try {
                        return read() instanceof ReadOutcome.Ready(List<RegionLease> regions)
                                && sink.writeRecordCount() == count
                                && learner.readGate().stillValid(regions);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    @Test
    void transactionsAreVisibleThroughSplitsRestartsAndLeaderChanges() throws Exception {
        write(0, 100);
        placeLearners();
        awaitRows(100);
        for (int i = 1; i <= 20; i++) {
            write(100 * i, 100 * i + 10);
            awaitRows(100 + 10 * i);
        }
        kv.splitRegions(List.of(key("t00500"), key("t01000"), key("t01500")));
        for (int i = 0; i < 20; i++) {
            write(3000 + 100 * i, 3000 + 100 * i + 10);
        }
        awaitRows(500);
        assertThat(learner.status().regions()).hasSizeGreaterThanOrEqualTo(4);

        learner.close();
        sink = sink.crashed();
        write(6000, 6100);
        startLearner();
        awaitRows(600);

        cluster.stopStore(1);
        write(7000, 7100);
        awaitRows(700);
        cluster.startStore(1);
        write(8000, 8100);
        awaitRows(800);
    }
}
