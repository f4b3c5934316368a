package io.garrick.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.garrick.base.Key;
import io.garrick.base.KeyRange;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.Memcomparable;
import io.garrick.proto.error.DiskFull;
import io.garrick.proto.error.EpochNotMatch;
import io.garrick.proto.error.Error;
import io.garrick.proto.error.MaxTimestampNotSynced;
import io.garrick.proto.error.MismatchPeerId;
import io.garrick.proto.error.NotLeader;
import io.garrick.proto.error.ProposalInMergingMode;
import io.garrick.proto.error.ReadIndexNotReady;
import io.garrick.proto.error.RegionNotFound;
import io.garrick.proto.error.RegionNotInitialized;
import io.garrick.proto.error.ServerIsBusy;
import io.garrick.proto.error.StaleCommand;
import io.garrick.proto.error.StoreNotMatch;
import io.garrick.proto.kvrpc.CommitRequest;
import io.garrick.proto.kvrpc.PrewriteRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class KvClientTest {
    private FakeCluster cluster;
    private PdClient pd;
    private KvClient kv;

    @BeforeEach
    void open() {
        cluster = new FakeCluster();
        pd = cluster.connectPd();
        kv = KvClient.connect(pd);
    }

    @AfterEach
    void close() {
        kv.close();
        pd.close();
        cluster.close();
    }

    private static Key key(String text) {
        return Key.wrap(text.getBytes(UTF_8));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private void write(Map<String, String> values) {
        KvTransaction txn = kv.begin();
        values.forEach((k, v) -> txn.put(key(k), bytes(v)));
        txn.commit();
    }

    private NavigableMap<String, String> scan(Timestamp ts, KeyRange range) {
        NavigableMap<String, String> found = new TreeMap<>();
        Iterator<KvEntry> entries = kv.snapshot(ts).scan(range);
        while (entries.hasNext()) {
            KvEntry entry = entries.next();
            found.put(
                    new String(entry.key().unsafeBytes(), UTF_8), new String(entry.value(), UTF_8));
        }
        return found;
    }

    @Test
    void concurrentCallersGetDistinctTimestampsAndShareRequests() throws Exception {
        int callers = 16;
        int each = 200;
        List<Long> all = new ArrayList<>();
        try (ExecutorService executor = Executors.newFixedThreadPool(callers)) {
            List<Future<List<Long>>> futures = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                futures.add(
                        executor.submit(() ->
                                IntStream.range(0, each)
                                        .mapToObj(_ -> pd.timestamp().value())
                                        .toList()));
            }
            for (Future<List<Long>> future : futures) {
                List<Long> own = future.get();
                assertThat(own).isSorted().doesNotHaveDuplicates();
                all.addAll(own);
            }
        }
        assertThat(all).doesNotHaveDuplicates().hasSize(callers * each);
        assertThat(cluster.tsoRequests).isLessThan(callers * each);
    }

    @Test
    void callsFollowThePdLeader() {
        Timestamp before = pd.timestamp();
        cluster.movePdLeader();
        assertThat(pd.timestamp()).isGreaterThan(before);
        cluster.stopPd(0);
        assertThat(pd.getAllStores()).hasSize(FakeCluster.STORES);
        assertThat(pd.timestamp()).isGreaterThan(before);
    }

    @Test
    void whatPdRefusesIsThrownWithItsType() {
        assertThat(pd.getStore(99)).isEmpty();
        assertThatThrownBy(() ->
                        pd.putStore(io.garrick.proto.meta.Store.newBuilder().setId(4).build()))
                .isInstanceOf(StoreTombstoneException.class);
    }

    @Test
    void noPdAtAllIsReportedWithinTheTimeAllowed() {
        PdClient.Options hasty =
                new PdClient.Options(Duration.ofMillis(100), Duration.ofMillis(300));
        assertThatThrownBy(() -> PdClient.connect(List.of("127.0.0.1:1"), hasty))
                .isInstanceOf(PdException.class)
                .hasMessageContaining("no PD leader found");
    }

    @Test
    void aTransactionOverManyRegionsIsSeenWhollyFromItsCommitOn() {
        cluster.split(key("g"));
        cluster.split(key("p"));
        Timestamp before = pd.timestamp();
        KvTransaction txn = kv.begin();
        txn.put(key("a"), bytes("1"));
        txn.put(key("h"), bytes("2"));
        txn.put(key("z"), bytes("3"));
        assertThat(txn.get(key("h"))).contains(bytes("2"));
        Timestamp committed = txn.commit();
        assertThat(scan(before, KeyRange.ALL)).isEmpty();
        assertThat(scan(committed, KeyRange.ALL)).isEqualTo(Map.of("a", "1", "h", "2", "z", "3"));
        kv.flush();
        assertThat(cluster.lockCount()).isZero();
        assertThat(kv.snapshot(committed).batchGet(List.of(key("z"), key("a"), key("x"))).keySet())
                .containsExactlyInAnyOrder(key("a"), key("z"));
        KvTransaction removal = kv.begin();
        removal.delete(key("a"));
        assertThat(kv.snapshot(removal.commit()).get(key("a"))).isEmpty();
        assertThat(kv.snapshot(committed).get(key("a"))).contains(bytes("1"));
    }

    @Test
    void aScanWalksRegionsAndPagesAndKeepsItsBounds() {
        KvTransaction txn = kv.begin();
        NavigableMap<String, String> expected = new TreeMap<>();
        for (int i = 0; i < 3_000; i++) {
            String name = "k%05d".formatted(i);
            expected.put(name, "v" + i);
            txn.put(key(name), bytes("v" + i));
        }
        Timestamp ts = txn.commit();
        Iterator<KvEntry> entries =
                kv.snapshot(ts).scan(new KeyRange(key("k00010"), key("k02900")));
        List<String> seen = new ArrayList<>();
        while (entries.hasNext()) {
            if (seen.size() % 500 == 10) {
                cluster.split(key("k%05d".formatted(seen.size() + 700)));
            }
            seen.add(new String(entries.next().key().unsafeBytes(), UTF_8));
        }
        assertThat(seen)
                .containsExactlyElementsOf(
                        expected.subMap("k00010", true, "k02900", false).keySet());
        Iterator<KvEntry> few = kv.snapshot(ts).scan(KeyRange.ALL, 700);
        int count = 0;
        for (; few.hasNext(); few.next()) {
            count++;
        }
        assertThat(count).isEqualTo(700);
    }

    @Test
    void theLaterOfTwoConflictingTransactionsWritesNothing() {
        KvTransaction late = kv.begin();
        write(Map.of("m", "first"));
        late.put(key("a"), bytes("late"));
        late.put(key("m"), bytes("late"));
        assertThatThrownBy(late::commit).isInstanceOf(WriteConflictException.class);
        kv.flush();
        assertThat(cluster.lockCount()).isZero();
        assertThat(scan(pd.timestamp(), KeyRange.ALL)).isEqualTo(Map.of("m", "first"));
    }

    @Test
    void insertingAnExistingKeyFails() {
        write(Map.of("k", "v"));
        KvTransaction txn = kv.begin();
        txn.insert(key("k"), bytes("w"));
        assertThatThrownBy(txn::commit).isInstanceOf(KeyExistsException.class);
    }

    static Stream<Error> regionErrors() {
        Error.Builder e = Error.newBuilder().setMessage("made up");
        return Stream.of(
                e.clone().setNotLeader(NotLeader.newBuilder().setRegionId(1)).build(),
                e.clone().setRegionNotFound(RegionNotFound.newBuilder().setRegionId(1)).build(),
                e.clone().setEpochNotMatch(EpochNotMatch.getDefaultInstance()).build(),
                e.clone().setServerIsBusy(ServerIsBusy.newBuilder().setBackoffMs(3)).build(),
                e.clone().setStaleCommand(StaleCommand.getDefaultInstance()).build(),
                e.clone().setStoreNotMatch(StoreNotMatch.getDefaultInstance()).build(),
                e.clone()
                        .setMaxTimestampNotSynced(MaxTimestampNotSynced.getDefaultInstance())
                        .build(),
                e.clone().setReadIndexNotReady(ReadIndexNotReady.getDefaultInstance()).build(),
                e.clone()
                        .setProposalInMergingMode(ProposalInMergingMode.getDefaultInstance())
                        .build(),
                e.clone()
                        .setRegionNotInitialized(RegionNotInitialized.getDefaultInstance())
                        .build(),
                e.clone().setMismatchPeerId(MismatchPeerId.getDefaultInstance()).build(),
                e.clone().setDiskFull(DiskFull.getDefaultInstance()).build(),
                e.clone().setMessage("Raft ProposalDropped").build());
    }

    @ParameterizedTest
    @MethodSource("regionErrors")
    void everyPassingRegionErrorIsSurvived(Error error) {
        cluster.failNext(error, 2);
        write(Map.of("a", "1", "b", "2"));
        cluster.failNext(error, 2);
        assertThat(kv.snapshot(pd.timestamp()).get(key("a"))).contains(bytes("1"));
        cluster.failNext(error, 2);
        assertThat(scan(pd.timestamp(), KeyRange.ALL)).hasSize(2);
    }

    @Test
    void anErrorThatStaysIsNamedWhenTheTimeIsOver() {
        cluster.failNext(
                Error.newBuilder()
                        .setMessage("made up")
                        .setRegionNotFound(RegionNotFound.getDefaultInstance())
                        .build(),
                100_000);
        try (KvClient hasty =
                KvClient.connect(
                        pd, new KvClient.Options(Duration.ofMillis(200), Duration.ofMillis(400)))) {
            assertThatThrownBy(() -> hasty.snapshot(pd.timestamp()).get(key("a")))
                    .isInstanceOf(KvException.class)
                    .hasMessageContaining("kv get: gave up after 400 ms")
                    .hasMessageContaining("region 1: made up");
        }
        cluster.regionErrors.clear();
    }

    @Test
    void requestsFollowLeadersAndSurviveADeadStore() {
        write(Map.of("a", "1"));
        cluster.moveLeader(key("a"), 2);
        write(Map.of("a", "2"));
        cluster.stopStore(2);
        cluster.moveLeader(key("a"), 1);
        write(Map.of("a", "3"));
        assertThat(kv.snapshot(pd.timestamp()).get(key("a"))).contains(bytes("3"));
    }

    @Test
    void aSplitBetweenThePhasesIsFollowed() {
        AtomicInteger requests = new AtomicInteger();
        kv.snapshot(pd.timestamp()).get(key("a"));
        cluster.beforeEach(() -> {
            switch (requests.incrementAndGet()) {
                case 1 -> cluster.split(key("m"));
                case 4 -> cluster.split(key("b"));
                default -> {}
            }
        });
        write(Map.of("a", "1", "c", "2", "n", "3"));
        kv.flush();
        assertThat(cluster.lockCount()).isZero();
        assertThat(cluster.splits).isEqualTo(2);
        assertThat(scan(pd.timestamp(), KeyRange.ALL)).hasSize(3);
    }

    @Test
    void aReaderRollsBackATransactionThatDiedBeforeItsCommit() {
        write(Map.of("a", "1", "z", "1"));
        cluster.split(key("m"));
        cluster.leaveLocks(pd.timestamp().value(), 100, false, key("a"), key("z"));
        cluster.advanceClock(1_000);
        assertThat(kv.snapshot(pd.timestamp()).get(key("z"))).contains(bytes("1"));
        assertThat(scan(pd.timestamp(), KeyRange.ALL).values()).containsOnly("1");
        assertThat(cluster.lockCount()).isZero();
    }

    @Test
    void aReaderFinishesATransactionWhosePrimaryIsCommitted() {
        cluster.split(key("m"));
        Timestamp start = pd.timestamp();
        cluster.leaveLocks(start.value(), 60_000, false, key("a"), key("z"));
        Timestamp commit = pd.timestamp();
        cluster.locked(() -> {
            assertThat(cluster.mvcc.commit(key("a"), start.value(), commit.value())).isEmpty();
        });
        assertThat(kv.snapshot(start).get(key("z"))).isEmpty();
        assertThat(kv.snapshot(pd.timestamp()).get(key("z"))).contains(bytes("left behind"));
        assertThat(cluster.lockCount()).isZero();
    }

    @Test
    void aReaderPushesALiveTransactionPastItselfAndReadsOn() {
        Timestamp start = pd.timestamp();
        cluster.leaveLocks(start.value(), 60_000, false, key("a"), key("z"));
        KvSnapshot reader = kv.snapshot(pd.timestamp());
        assertThat(reader.get(key("z"))).isEmpty();
        assertThat(reader.scan(KeyRange.ALL).hasNext()).isFalse();
        assertThat(cluster.lockCount()).isEqualTo(2);
        cluster.locked(() -> {
            assertThat(cluster.mvcc.commit(key("a"), start.value(), reader.ts().value()))
                    .get()
                    .matches(error -> error.hasCommitTsExpired());
        });
    }

    @Test
    void aLockWhosePrimaryWasNeverWrittenLivesUntilItsTimeIsOver() {
        Timestamp start = pd.timestamp();
        cluster.leaveLocks(start.value(), 5_000, false, key("a"), key("z"));
        cluster.locked(() -> {
            cluster.mvcc.locks.remove(key("a"));
        });
        var lock = cluster.mvcc.locks.get(key("z"));
        LockResolution alive = kv.locks().resolve(List.of(lock), pd.timestamp());
        assertThat(alive.resolved()).isFalse();
        assertThat(alive.waitMillis()).isPositive().isLessThanOrEqualTo(5_000);
        cluster.advanceClock(5_000);
        LockResolution over = kv.locks().resolve(List.of(lock), pd.timestamp());
        assertThat(over.resolved()).isTrue();
        assertThat(over.bypass()).containsExactly(start.value());
        assertThat(cluster.lockCount()).isZero();
    }

    @Test
    void asyncCommitIsDecidedByAllItsLocks() {
        cluster.split(key("m"));
        Timestamp whole = pd.timestamp();
        cluster.leaveLocks(whole.value(), 100, true, key("a"), key("b"), key("z"));
        Timestamp partial = pd.timestamp();
        cluster.leaveLocks(partial.value(), 100, true, key("c"), key("y"));
        cluster.locked(() -> {
            cluster.mvcc.locks.remove(key("y"));
        });
        cluster.advanceClock(1_000);
        assertThat(scan(pd.timestamp(), KeyRange.ALL).keySet()).containsExactly("a", "b", "z");
        assertThat(cluster.lockCount()).isZero();
        assertThat(scan(whole, KeyRange.ALL)).isEmpty();
    }

    @Test
    void aTransactionThatLostItsLocksIsAborted() {
        KvTransaction txn = kv.begin();
        txn.put(key("a"), bytes("1"));
        AtomicInteger requests = new AtomicInteger();
        cluster.beforeEach(() -> {
            if (requests.incrementAndGet() == 2) {
                cluster.mvcc.rollBack(key("a"), txn.startTs().value());
            }
        });
        assertThatThrownBy(txn::commit).isInstanceOf(TransactionAbortedException.class);
    }

    @Test
    void aLostAnswerToTheCommitIsAskedForAgain() {
        AtomicInteger lost = new AtomicInteger();
        cluster.loseAnswers(r -> r instanceof CommitRequest && lost.getAndIncrement() == 0);
        write(Map.of("a", "1"));
        assertThat(lost.get()).isGreaterThan(1);
        assertThat(kv.snapshot(pd.timestamp()).get(key("a"))).contains(bytes("1"));
    }

    @Test
    void aCommitThatIsNeverAnsweredIsUndeterminedButALostPrewriteIsNot() {
        try (KvClient hasty =
                KvClient.connect(
                        pd, new KvClient.Options(Duration.ofMillis(200), Duration.ofMillis(500)))) {
            cluster.loseAnswers(r -> r instanceof CommitRequest);
            KvTransaction txn = hasty.begin();
            txn.put(key("a"), bytes("1"));
            assertThatThrownBy(txn::commit).isInstanceOf(UndeterminedException.class);
            cluster.loseAnswers(r -> r instanceof PrewriteRequest);
            KvTransaction other = hasty.begin();
            other.put(key("b"), bytes("1"));
            assertThatThrownBy(other::commit)
                    .isInstanceOf(KvException.class)
                    .isNotInstanceOf(UndeterminedException.class);
        }
        cluster.loseAnswers(_ -> false);
        assertThat(scan(pd.timestamp(), KeyRange.ALL).keySet()).containsExactly("a");
    }

    @Test
    void regionsAreSplitAtTheKeysAskedFor() {
        kv.splitRegions(List.of(key("d"), key("m"), key("d")));
        kv.splitRegions(List.of(key("m"), key("x")));
        assertThat(cluster.regionCount()).isEqualTo(4);
        assertThat(pd.regionByKey(Memcomparable.encode(key("e"))))
                .get()
                .matches(info ->
                        Bytes.key(info.region().getStartKey())
                                .equals(Memcomparable.encode(key("d"))));
    }

    /** Money moves between accounts while regions split, leaders move and answers get lost. */
    @Test
    void theSumOfAccountsHoldsAtEveryTimestampWhateverHappensToRegions() throws Exception {
        long seed = 20_261_121;
        int accounts = 12;
        long sum = accounts * 100L;
        KvTransaction setup = kv.begin();
        for (int i = 0; i < accounts; i++) {
            setup.put(account(i), bytes("100"));
        }
        setup.commit();
        RandomGenerator chaos = new java.util.Random(seed);
        cluster.beforeEach(() -> {
            switch (chaos.nextInt(24)) {
                case 0 -> cluster.moveLeader(account(chaos.nextInt(accounts)), chaos.nextInt(3));
                case 1 -> cluster.split(account(chaos.nextInt(accounts)));
                case 2 -> cluster.advanceClock(1);
                default -> {}
            }
        });
        cluster.loseAnswers(_ -> chaos.nextInt(150) == 0);
        AtomicInteger committed = new AtomicInteger();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> workers = new ArrayList<>();
            for (int w = 0; w < 4; w++) {
                RandomGenerator random = new java.util.Random(seed + w);
                workers.add(
                        executor.submit(() -> {
                            for (int i = 0; i < 40; i++) {
                                if (transfer(random, accounts)) {
                                    committed.incrementAndGet();
                                }
                                assertThat(total(pd.timestamp())).as("seed " + seed).isEqualTo(sum);
                            }
                        }));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
        }
        cluster.loseAnswers(_ -> false);
        kv.flush();
        assertThat(total(pd.timestamp())).isEqualTo(sum);
        assertThat(committed.get()).isGreaterThan(20);
        assertThat(cluster.splits).isPositive();
    }

    private static Key account(int i) {
        return key("account%02d".formatted(i));
    }

    private long total(Timestamp ts) {
        return scan(ts, KeyRange.ALL).values().stream().mapToLong(Long::parseLong).sum();
    }

    private boolean transfer(RandomGenerator random, int accounts) {
        KvTransaction txn = kv.begin();
        Key from = account(random.nextInt(accounts));
        Key to = account(random.nextInt(accounts));
        if (from.equals(to)) {
            txn.rollback();
            return false;
        }
        txn.put(from, bytes(Long.toString(balance(txn, from) - 1)));
        txn.put(to, bytes(Long.toString(balance(txn, to) + 1)));
        try {
            txn.commit();
            return true;
        } catch (WriteConflictException e) {
            return false;
        }
    }

    private static long balance(KvTransaction txn, Key key) {
        return Long.parseLong(new String(txn.get(key).orElseThrow(), UTF_8));
    }
}
