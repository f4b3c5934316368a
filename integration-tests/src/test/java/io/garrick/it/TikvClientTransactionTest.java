package io.garrick.it;

import static io.garrick.it.TikvClientCluster.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tikv.common.BytePairWrapper;
import org.tikv.common.ByteWrapper;
import org.tikv.common.TiSession;
import org.tikv.common.exception.GrpcException;
import org.tikv.common.exception.TiBatchWriteException;
import org.tikv.common.util.ConcreteBackOffer;
import org.tikv.kvproto.Kvrpcpb.KvPair;
import org.tikv.txn.KVClient;
import org.tikv.txn.TwoPhaseCommitter;

/** Transactions of {@code org.tikv:tikv-client-java}, over several regions. */
final class TikvClientTransactionTest {
    private static final int BACK_OFF_MILLIS = 20_000;

    @TempDir static Path directory;

    private static TikvClientCluster cluster;
    private static TiSession session;
    private static KVClient kv;

    @BeforeAll
    static void start() throws IOException {
        cluster = TikvClientCluster.start(directory, false);
        session = cluster.transactionSession();
        kv = session.createKVClient();
        session.splitRegionAndScatter(List.of(utf8("g"), utf8("n"), utf8("t")));
        assertThat(cluster.get("/regions").path("count").asInt()).isEqualTo(4);
    }

    @AfterAll
    static void stop() throws Exception {
        if (kv != null) {
            kv.close();
        }
        if (session != null) {
            session.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static long now() {
        return session.getTimestamp().getVersion();
    }

    /** Commits rows through both phases; the first key is the primary. An empty value deletes. */
    private static long commit(Map<String, String> rows) throws Exception {
        long startTs = now();
        List<String> keys = new ArrayList<>(rows.keySet());
        byte[] primary = utf8(keys.getFirst());
        try (TwoPhaseCommitter committer = new TwoPhaseCommitter(session, startTs)) {
            prewrite(committer, rows, keys);
            long commitTs = now();
            committer.commitPrimaryKey(backOff(), primary, commitTs);
            committer.commitSecondaryKeys(
                    keys.stream().skip(1).map(key -> new ByteWrapper(utf8(key))).iterator(),
                    commitTs,
                    BACK_OFF_MILLIS);
            return commitTs;
        }
    }

    private static void prewrite(
            TwoPhaseCommitter committer, Map<String, String> rows, List<String> keys) {
        byte[] primary = utf8(keys.getFirst());
        committer.prewritePrimaryKey(backOff(), primary, utf8(value(rows, keys.getFirst())));
        committer.prewriteSecondaryKeys(
                primary,
                keys.stream()
                        .skip(1)
                        .map(key -> new BytePairWrapper(utf8(key), utf8(value(rows, key))))
                        .iterator(),
                BACK_OFF_MILLIS);
    }

    private static String value(Map<String, String> rows, String key) {
        return rows.getOrDefault(key, "");
    }

    private static ConcreteBackOffer backOff() {
        return ConcreteBackOffer.newCustomBackOff(BACK_OFF_MILLIS);
    }

    private static Map<String, String> rows(String suffix, String value) {
        Map<String, String> rows = new TreeMap<>();
        for (String first : List.of("a", "h", "o", "u")) {
            rows.put(first + suffix, value);
        }
        return rows;
    }

    private static List<String> shown(List<KvPair> pairs, String suffix) {
        return pairs.stream()
                .filter(pair -> pair.getKey().toStringUtf8().endsWith(suffix))
                .map(pair -> pair.getKey().toStringUtf8() + "=" + pair.getValue().toStringUtf8())
                .toList();
    }

    @Test
    void aTransactionOverFourRegionsIsReadAtItsCommitAndNotBefore() throws Exception {
        long before = now();
        long commitTs = commit(rows("-2pc", "v"));
        assertThat(kv.get(bytes("a-2pc"), commitTs)).isEqualTo(bytes("v"));
        assertThat(kv.get(bytes("u-2pc"), commitTs)).isEqualTo(bytes("v"));
        assertThat(kv.get(bytes("a-2pc"), before)).isEmpty();
        assertThat(kv.get(bytes("u-2pc"), commitTs - 1)).isEmpty();
    }

    @Test
    void olderVersionsStayReadableAndADeleteHidesARowFromThenOn() throws Exception {
        long first = commit(rows("-versions", "one"));
        long second = commit(rows("-versions", "two"));
        long third = commit(rows("-versions", ""));
        assertThat(kv.get(bytes("h-versions"), first)).isEqualTo(bytes("one"));
        assertThat(kv.get(bytes("h-versions"), second)).isEqualTo(bytes("two"));
        assertThat(kv.get(bytes("h-versions"), third)).isEmpty();
    }

    @Test
    void batchGetAndScanCrossRegionsAtOneTimestamp() throws Exception {
        long commitTs = commit(rows("-scan", "1"));
        commit(rows("-scan", "2"));
        assertThat(
                        kv
                                .batchGet(
                                        backOff(),
                                        new ArrayList<>(
                                                List.of(
                                                        bytes("a-scan"),
                                                        bytes("o-scan"),
                                                        bytes("u-scan"),
                                                        bytes("x-scan"))),
                                        commitTs)
                                .stream()
                                .map(pair -> pair.getKey().toStringUtf8())
                                .sorted())
                .containsExactly("a-scan", "o-scan", "u-scan");
        assertThat(shown(kv.scan(bytes("a"), bytes("z"), commitTs), "-scan"))
                .containsExactly("a-scan=1", "h-scan=1", "o-scan=1", "u-scan=1");
        assertThat(shown(kv.scan(bytes("a"), bytes("z"), now()), "-scan"))
                .containsExactly("a-scan=2", "h-scan=2", "o-scan=2", "u-scan=2");
    }

    @Test
    void aSnapshotReadsRowsOfItsTimestamp() throws Exception {
        commit(rows("-snapshot", "old"));
        var snapshot = session.createSnapshot();
        commit(rows("-snapshot", "new"));
        assertThat(snapshot.get(utf8("o-snapshot"))).isEqualTo(utf8("old"));
        assertThat(
                        snapshot
                                .batchGet(
                                        BACK_OFF_MILLIS,
                                        List.of(utf8("a-snapshot"), utf8("u-snapshot")))
                                .stream()
                                .map(pair -> new String(pair.getValue(), StandardCharsets.UTF_8)))
                .containsExactly("old", "old");
    }

    @Test
    void aScanOfManyRowsInPagesLosesNone() throws Exception {
        Map<String, String> rows = new TreeMap<>();
        for (int i = 0; i < 2000; i++) {
            rows.put("f-many-%05d".formatted(i), "v" + i);
            rows.put("h-many-%05d".formatted(i), "v" + i);
        }
        long commitTs = commit(rows);
        assertThat(
                        kv.scan(bytes("f-many"), bytes("h-many~"), commitTs).stream()
                                .map(pair -> pair.getKey().toStringUtf8())
                                .filter(key -> key.contains("-many-")))
                .containsExactlyElementsOf(rows.keySet());
    }

    @Test
    void theSecondOfTwoWritersIsRefused() throws Exception {
        long startTs = now();
        commit(Map.of("k-conflict", "winner"));
        try (TwoPhaseCommitter late = new TwoPhaseCommitter(session, startTs)) {
            assertThatThrownBy(() ->
                            late.prewritePrimaryKey(
                                    ConcreteBackOffer.newCustomBackOff(500),
                                    utf8("k-conflict"),
                                    utf8("loser")))
                    .isInstanceOf(TiBatchWriteException.class)
                    .hasStackTraceContaining("conflict");
        }
        assertThat(kv.get(bytes("k-conflict"), now())).isEqualTo(bytes("winner"));
    }

    @Test
    void aReaderRollsBackAnAbandonedTransaction() throws Exception {
        commit(rows("-abandoned", "kept"));
        Map<String, String> lost = rows("-abandoned", "lost");
        long startTs = now();
        try (TwoPhaseCommitter committer = new TwoPhaseCommitter(session, startTs, 100)) {
            prewrite(committer, lost, List.copyOf(lost.keySet()));
        }
        long readTs = now();
        for (String key : lost.keySet()) {
            assertThat(kv.get(bytes(key), readTs)).isEqualTo(bytes("kept"));
        }
        // Its owner comes back too late.
        try (TwoPhaseCommitter late = new TwoPhaseCommitter(session, startTs)) {
            assertThatThrownBy(() ->
                            late.commitPrimaryKey(
                                    ConcreteBackOffer.newCustomBackOff(300),
                                    utf8("a-abandoned"),
                                    now()))
                    .isInstanceOf(GrpcException.class)
                    .hasMessageContaining("retry is exhausted");
        }
        assertThat(kv.get(bytes("a-abandoned"), now())).isEqualTo(bytes("kept"));
    }

    @Test
    void aReaderFinishesATransactionOfWhichOnlyThePrimaryIsCommitted() throws Exception {
        Map<String, String> rows = rows("-half", "done");
        List<String> keys = List.copyOf(rows.keySet());
        try (TwoPhaseCommitter committer = new TwoPhaseCommitter(session, now())) {
            prewrite(committer, rows, keys);
            committer.commitPrimaryKey(backOff(), utf8(keys.getFirst()), now());
        }
        long readTs = now();
        assertThat(shown(kv.scan(bytes("a"), bytes("z"), readTs), "-half"))
                .containsExactly("a-half=done", "h-half=done", "o-half=done", "u-half=done");
    }

    @Test
    void aWriterResolvesTheAbandonedLockInItsWay() throws Exception {
        try (TwoPhaseCommitter gone = new TwoPhaseCommitter(session, now(), 100)) {
            gone.prewritePrimaryKey(backOff(), utf8("m-blocked"), utf8("lost"));
        }
        long commitTs = commit(Map.of("m-blocked", "mine"));
        assertThat(kv.get(bytes("m-blocked"), commitTs)).isEqualTo(bytes("mine"));
    }
}
