package io.garrick.flashkv.txn;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.garrick.base.KeyRange;
import io.garrick.proto.kvrpc.Action;
import io.garrick.proto.kvrpc.CheckSecondaryLocksRequest;
import io.garrick.proto.kvrpc.CheckSecondaryLocksResponse;
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
import io.garrick.proto.kvrpc.PrewriteResponse;
import io.garrick.proto.kvrpc.ResolveLockRequest;
import io.garrick.proto.kvrpc.ScanLockRequest;
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

    private enum Kind {
        TWO_PHASE,
        ASYNC,
        ONE_PHASE
    }

    private static final class Client {
        private final long startTs;
        private final Map<String, String> writes;
        private final List<String> keys;
        private Phase phase = Phase.PREWRITING;
        private int done;
        private long commitTs;
        private Kind kind;
        private long minCommitTs;
        private boolean told;

        Client(long startTs, Kind kind, Map<String, String> writes) {
            this.startTs = startTs;
            this.kind = kind;
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
                Kind kind =
                        switch (random.nextInt(3)) {
                            case 0 -> Kind.TWO_PHASE;
                            case 1 -> Kind.ASYNC;
                            default -> Kind.ONE_PHASE;
                        };
                clients.add(new Client(timestamp(), kind, writes()));
            }
            Client client = clients.get(random.nextInt(clients.size()));
            if (random.nextInt(40) == 0) {
                collect();
                return;
            }
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
            boolean atOnce = client.kind == Kind.ONE_PHASE;
            List<String> keys = atOnce ? client.keys : List.of(client.keys.get(client.done));
            PrewriteRequest.Builder request =
                    PrewriteRequest.newBuilder()
                            .setStartVersion(client.startTs)
                            .setPrimaryLock(bytes(client.keys.getFirst()))
                            .setLockTtl(1000)
                            .setMinCommitTs(client.startTs + 1)
                            .setTryOnePc(atOnce)
                            .setUseAsyncCommit(client.kind == Kind.ASYNC);
            if (client.kind != Kind.TWO_PHASE && random.nextInt(4) == 0) {
                request.setMaxCommitTs(client.startTs + 2);
            }
            if (client.kind == Kind.ASYNC && keys.contains(client.keys.getFirst())) {
                client.keys.stream()
                        .skip(1)
                        .forEach(secondary -> request.addSecondaries(bytes(secondary)));
            }
            keys.forEach(key -> request.addMutations(mutation(client, key)));
            PrewriteResponse response = txn.percolator().prewrite(request.build());
            if (response.getErrorsCount() == 0) {
                prewritten(client, keys, response);
            } else if (response.getErrors(0).hasLocked()) {
                resolve(response.getErrors(0).getLocked(), timestamp());
            } else {
                client.phase = Phase.OVER;
            }
        }

        private static Mutation mutation(Client client, String key) {
            String value = client.writes.getOrDefault(key, "");
            return Mutation.newBuilder()
                    .setOp(value.isEmpty() ? Op.Del : Op.Put)
                    .setKey(bytes(key))
                    .setValue(bytes(value))
                    .build();
        }

        private void prewritten(Client client, List<String> keys, PrewriteResponse response) {
            if (response.getOnePcCommitTs() != 0) {
                client.commitTs = response.getOnePcCommitTs();
                tell(client);
                // The answer may get lost, and the request come again.
                client.phase = random.nextInt(4) == 0 ? Phase.PREWRITING : Phase.OVER;
                return;
            }
            boolean fellBack =
                    client.kind == Kind.ONE_PHASE
                            || (client.kind == Kind.ASYNC && response.getMinCommitTs() == 0);
            if (fellBack) {
                client.kind = Kind.TWO_PHASE;
            }
            client.minCommitTs = Math.max(client.minCommitTs, response.getMinCommitTs());
            boolean last = keys.contains(client.keys.getLast());
            if (last && client.kind == Kind.ASYNC) {
                // All locks are down: it is committed, whoever learns of it.
                client.commitTs = client.minCommitTs;
                tell(client);
            }
            // A repeated request must change nothing.
            if (random.nextInt(4) != 0) {
                client.done += keys.size();
            }
            if (client.done >= client.keys.size()) {
                client.done = 0;
                client.commitTs = client.kind == Kind.ASYNC ? client.minCommitTs : timestamp();
                client.phase = Phase.COMMITTING;
            }
        }

        private void tell(Client client) {
            if (!client.told) {
                client.told = true;
                model.commit(client.startTs, client.commitTs, client.writes);
            }
        }

        /** As TiDB does it: old transactions end, their locks go, then old versions. */
        private void collect() {
            long safePoint = clock - random.nextInt(20);
            clients.removeIf(client -> client.startTs <= safePoint);
            for (int attempt = 0; ; attempt++) {
                assertThat(attempt).as("seed %d", seed).isLessThan(ATTEMPTS);
                List<LockInfo> locks =
                        txn.reads()
                                .scanLock(
                                        ScanLockRequest.newBuilder()
                                                .setMaxVersion(safePoint)
                                                .build())
                                .getLocksList();
                if (locks.isEmpty()) {
                    break;
                }
                resolve(locks.getFirst(), timestamp());
            }
            txn.gc().collect(Context.getDefaultInstance(), safePoint);
        }

        private void commitPrimary(Client client) {
            CommitResponse response = commit(client, client.keys.getFirst());
            if (!response.hasError()) {
                tell(client);
                client.done = Math.max(client.done, 1);
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
            if (status.getLockTtl() > 0 && status.getLockInfo().getUseAsyncCommit()) {
                if (impatient) {
                    resolveAsync(lock, status.getLockInfo());
                }
                return false;
            }
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

        /** The owner is taken for dead: its locks decide. */
        private void resolveAsync(LockInfo lock, LockInfo primary) {
            long commitTs = primary.getMinCommitTs();
            boolean rolledBack = false;
            if (primary.getSecondariesCount() != 0) {
                CheckSecondaryLocksResponse secondaries =
                        txn.percolator()
                                .checkSecondaryLocks(
                                        CheckSecondaryLocksRequest.newBuilder()
                                                .setStartVersion(lock.getLockVersion())
                                                .addAllKeys(primary.getSecondariesList())
                                                .build());
                boolean notAsync =
                        secondaries.getLocksList().stream()
                                .anyMatch(found -> !found.getUseAsyncCommit());
                if (notAsync) {
                    treatAsSync(lock);
                    return;
                }
                if (secondaries.getCommitTs() != 0) {
                    commitTs = secondaries.getCommitTs();
                } else if (secondaries.getLocksCount() == primary.getSecondariesCount()) {
                    for (LockInfo found : secondaries.getLocksList()) {
                        commitTs = Math.max(commitTs, found.getMinCommitTs());
                    }
                } else {
                    rolledBack = true;
                }
            }
            assertThat(
                            txn.percolator()
                                    .resolveLock(
                                            ResolveLockRequest.newBuilder()
                                                    .setStartVersion(lock.getLockVersion())
                                                    .setCommitVersion(rolledBack ? 0 : commitTs)
                                                    .build())
                                    .hasError())
                    .as("seed %d", seed)
                    .isFalse();
        }

        private void treatAsSync(LockInfo lock) {
            CheckTxnStatusResponse status =
                    txn.percolator()
                            .checkTxnStatus(
                                    CheckTxnStatusRequest.newBuilder()
                                            .setPrimaryKey(lock.getPrimaryLock())
                                            .setLockTs(lock.getLockVersion())
                                            .setCurrentTs(-1L)
                                            .setRollbackIfNotExist(true)
                                            .setForceSyncCommit(true)
                                            .build());
            assertThat(status.getLockTtl()).as("seed %d", seed).isZero();
            txn.percolator()
                    .resolveLock(
                            ResolveLockRequest.newBuilder()
                                    .setStartVersion(lock.getLockVersion())
                                    .setCommitVersion(status.getCommitVersion())
                                    .build());
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
