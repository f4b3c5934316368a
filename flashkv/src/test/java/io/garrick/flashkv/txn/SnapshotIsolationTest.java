package io.garrick.flashkv.txn;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.garrick.base.KeyRange;
import io.garrick.proto.kvrpc.Action;
import io.garrick.proto.kvrpc.CheckTxnStatusRequest;
import io.garrick.proto.kvrpc.CheckTxnStatusResponse;
import io.garrick.proto.kvrpc.CommitRequest;
import io.garrick.proto.kvrpc.CommitResponse;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.GetResponse;
import io.garrick.proto.kvrpc.KvPair;
import io.garrick.proto.kvrpc.LockInfo;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.ResolveLockRequest;
import io.garrick.proto.kvrpc.ScanRequest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random histories of clients that interleave at every request, crash halfway, and resolve each
 * other's locks, against a model that only knows what was committed when.
 */
final class SnapshotIsolationTest {
    private static final int HISTORIES = 60;
    private static final int STEPS = 250;
    private static final int KEYS = 6;

    /** Far more locks than can be in a reader's way. */
    private static final int ATTEMPTS = 100;

    @ParameterizedTest
    @ValueSource(longs = {1, 1_000, 2_000, 3_000})
    void everyReadSeesExactlyWhatWasCommittedAtItsTimestamp(long firstSeed) {
        for (long seed = firstSeed; seed < firstSeed + HISTORIES; seed++) {
            History history = new History(seed);
            for (int i = 0; i < STEPS; i++) {
                history.step();
            }
            history.finish();
        }
    }

    /** Committed values by key and commit ts; an empty value is a delete. */
    private static final class Model {
        private final Map<String, TreeMap<Long, String>> versions = new TreeMap<>();
        private final List<Committed> committed = new ArrayList<>();

        private record Committed(long startTs, long commitTs, Set<String> keys) {}

        void commit(long startTs, long commitTs, Map<String, String> writes) {
            writes.forEach((key, value) ->
                    versions.computeIfAbsent(key, _ -> new TreeMap<>()).put(commitTs, value));
            committed.add(new Committed(startTs, commitTs, Set.copyOf(writes.keySet())));
        }

        String at(String key, long ts) {
            Map.Entry<Long, String> version =
                    versions.getOrDefault(key, new TreeMap<>()).floorEntry(ts);
            return version == null ? "" : version.getValue();
        }

        /** No two transactions that overlap in time wrote the same key. */
        boolean isFirstCommitterWins() {
            for (Committed a : committed) {
                for (Committed b : committed) {
                    boolean overlap = a.startTs < b.startTs && b.startTs < a.commitTs;
                    if (overlap && a.keys.stream().anyMatch(b.keys::contains)) {
                        return false;
                    }
                }
            }
            return true;
        }
    }

    private enum Phase {
        PREWRITING,
        COMMITTING,
        SECONDARIES,
        OVER
    }

    private static final class Client {
        private final long startTs;
        private final Map<String, String> writes;
        private final List<String> keys;
        private Phase phase = Phase.PREWRITING;
        private int done;
        private long commitTs;

        Client(long startTs, Map<String, String> writes) {
            this.startTs = startTs;
            this.writes = writes;
            this.keys = List.copyOf(writes.keySet());
        }
    }

    private record Seen(String key, long ts, String value) {}

    private static final class History {
        private final long seed;
        private final Random random;
        private final TxnCommands txn =
                MemoryCluster.commands(new Regions(new MemoryRegionKv(KeyRange.ALL)));
        private final Model model = new Model();
        private final List<Client> clients = new ArrayList<>();
        private final List<Seen> reads = new ArrayList<>();
        private long clock = 1L << 18;

        History(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
        }

        private long timestamp() {
            clock += 1 + random.nextInt(3);
            return clock;
        }

        void step() {
            if (clients.size() < 4) {
                clients.add(new Client(timestamp(), writes()));
            }
            Client client = clients.get(random.nextInt(clients.size()));
            switch (random.nextInt(8)) {
                case 0, 1 -> read(timestamp());
                case 2 -> scan(timestamp());
                case 3 -> crash(client);
                default -> advance(client);
            }
            clients.removeIf(other -> other.phase == Phase.OVER);
        }

        private Map<String, String> writes() {
            Map<String, String> writes = new TreeMap<>();
            int count = 1 + random.nextInt(3);
            for (int i = 0; i < count; i++) {
                String value =
                        switch (random.nextInt(5)) {
                            case 0 -> "";
                            case 1 -> "w".repeat(300) + clock;
                            default -> "v" + clock;
                        };
                writes.put("k" + random.nextInt(KEYS), value);
            }
            return writes;
        }

        /** Its locks stay behind for others to find. */
        private void crash(Client client) {
            if (random.nextInt(3) == 0) {
                client.phase = Phase.OVER;
            }
        }

        private void advance(Client client) {
            switch (client.phase) {
                case PREWRITING -> prewrite(client);
                case COMMITTING -> commitPrimary(client);
                case SECONDARIES -> commitSecondary(client);
                case OVER -> {}
            }
        }

        private void prewrite(Client client) {
            String key = client.keys.get(client.done);
            String value = client.writes.getOrDefault(key, "");
            var errors =
                    txn.percolator()
                            .prewrite(
                                    PrewriteRequest.newBuilder()
                                            .setStartVersion(client.startTs)
                                            .setPrimaryLock(bytes(client.keys.getFirst()))
                                            .setLockTtl(1000)
                                            .setMinCommitTs(client.startTs + 1)
                                            .addMutations(
                                                    Mutation.newBuilder()
                                                            .setOp(
                                                                    value.isEmpty()
                                                                            ? Op.Del
                                                                            : Op.Put)
                                                            .setKey(bytes(key))
                                                            .setValue(bytes(value)))
                                            .build())
                            .getErrorsList();
            if (errors.isEmpty()) {
                // A repeated request must change nothing.
                client.done += random.nextInt(4) == 0 ? 0 : 1;
                if (client.done == client.keys.size()) {
                    client.done = 0;
                    client.commitTs = timestamp();
                    client.phase = Phase.COMMITTING;
                }
            } else if (errors.getFirst().hasLocked()) {
                resolve(errors.getFirst().getLocked(), timestamp());
            } else {
                client.phase = Phase.OVER;
            }
        }

        private void commitPrimary(Client client) {
            CommitResponse response = commit(client, client.keys.getFirst());
            if (!response.hasError()) {
                if (client.done == 0) {
                    model.commit(client.startTs, client.commitTs, client.writes);
                    client.done = 1;
                }
                if (random.nextInt(4) != 0) {
                    client.phase = Phase.SECONDARIES;
                }
            } else if (response.getError().hasCommitTsExpired()) {
                client.commitTs = timestamp();
            } else {
                assertThat(response.getError().hasTxnLockNotFound()).as("seed %d", seed).isTrue();
                client.phase = Phase.OVER;
            }
        }

        private void commitSecondary(Client client) {
            if (client.done == client.keys.size()) {
                client.phase = Phase.OVER;
                return;
            }
            CommitResponse response = commit(client, client.keys.get(client.done));
            assertThat(response.hasError()).as("seed %d: %s", seed, response).isFalse();
            client.done++;
        }

        private CommitResponse commit(Client client, String key) {
            return txn.percolator()
                    .commit(
                            CommitRequest.newBuilder()
                                    .setStartVersion(client.startTs)
                                    .setCommitVersion(client.commitTs)
                                    .addKeys(bytes(key))
                                    .build());
        }

        private void read(long ts) {
            String key = "k" + random.nextInt(KEYS);
            Set<Long> bypass = new HashSet<>();
            for (int attempt = 0; ; attempt++) {
                assertThat(attempt).as("seed %d", seed).isLessThan(ATTEMPTS);
                GetResponse response =
                        txn.reads()
                                .get(
                                        GetRequest.newBuilder()
                                                .setContext(
                                                        Context.newBuilder()
                                                                .addAllResolvedLocks(bypass))
                                                .setKey(bytes(key))
                                                .setVersion(ts)
                                                .build());
                if (!response.hasError()) {
                    reads.add(new Seen(key, ts, response.getValue().toStringUtf8()));
                    return;
                }
                if (resolve(response.getError().getLocked(), ts)) {
                    bypass.add(response.getError().getLocked().getLockVersion());
                }
            }
        }

        private void scan(long ts) {
            Set<Long> bypass = new HashSet<>();
            boolean reverse = random.nextBoolean();
            for (int attempt = 0; ; attempt++) {
                assertThat(attempt).as("seed %d", seed).isLessThan(ATTEMPTS);
                List<KvPair> pairs =
                        txn.reads()
                                .scan(
                                        ScanRequest.newBuilder()
                                                .setContext(
                                                        Context.newBuilder()
                                                                .addAllResolvedLocks(bypass))
                                                .setLimit(100)
                                                .setReverse(reverse)
                                                .setVersion(ts)
                                                .build())
                                .getPairsList();
                @Nullable LockInfo lock = null;
                Map<String, String> found = new TreeMap<>();
                for (KvPair pair : pairs) {
                    if (pair.hasError()) {
                        lock = pair.getError().getLocked();
                    }
                    found.put(pair.getKey().toStringUtf8(), pair.getValue().toStringUtf8());
                }
                if (lock == null) {
                    for (int i = 0; i < KEYS; i++) {
                        String key = "k" + i;
                        reads.add(new Seen(key, ts, found.getOrDefault(key, "")));
                    }
                    return;
                }
                if (resolve(lock, ts)) {
                    bypass.add(lock.getLockVersion());
                }
            }
        }

        /** Whether the reader at {@code ts} may pass the lock; otherwise the lock is gone. */
        private boolean resolve(LockInfo lock, long ts) {
            boolean impatient = random.nextInt(3) == 0;
            CheckTxnStatusResponse status =
                    txn.percolator()
                            .checkTxnStatus(
                                    CheckTxnStatusRequest.newBuilder()
                                            .setPrimaryKey(lock.getPrimaryLock())
                                            .setLockTs(lock.getLockVersion())
                                            .setCallerStartTs(ts)
                                            .setCurrentTs(impatient ? -1L : clock)
                                            .setRollbackIfNotExist(true)
                                            .build());
            assertThat(status.hasError()).as("seed %d: %s", seed, status).isFalse();
            if (status.getLockTtl() > 0) {
                assertThat(status.getAction()).isEqualTo(Action.MinCommitTSPushed);
                return true;
            }
            ResolveLockRequest.Builder request =
                    ResolveLockRequest.newBuilder()
                            .setStartVersion(lock.getLockVersion())
                            .setCommitVersion(status.getCommitVersion());
            if (random.nextBoolean()) {
                request.addKeys(lock.getKey());
            }
            assertThat(txn.percolator().resolveLock(request.build()).hasError())
                    .as("seed %d", seed)
                    .isFalse();
            return false;
        }

        /** What was seen then must be what is known now to have been committed then. */
        void finish() {
            assertThat(model.isFirstCommitterWins()).as("seed %d", seed).isTrue();
            for (Seen seen : reads) {
                assertThat(seen.value())
                        .as("seed %d: %s at %d", seed, seen.key(), seen.ts())
                        .isEqualTo(model.at(seen.key(), seen.ts()));
            }
        }

        private static ByteString bytes(String text) {
            return ByteString.copyFromUtf8(text);
        }
    }
}
