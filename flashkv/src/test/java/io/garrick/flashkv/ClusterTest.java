package io.garrick.flashkv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.base.Timestamp;
import io.garrick.codec.key.Memcomparable;
import io.garrick.flashkv.kv.Access;
import io.garrick.flashkv.kv.Cf;
import io.garrick.flashkv.kv.Modify;
import io.garrick.flashkv.kv.Proposal;
import io.garrick.flashkv.kv.ReadIndexObserver;
import io.garrick.flashkv.kv.RegionKv;
import io.garrick.flashkv.kv.RegionSnapshot;
import io.garrick.flashkv.kv.TransactionLayer;
import io.garrick.flashkv.store.Store;
import io.garrick.kv.KvClient;
import io.garrick.kv.KvSnapshot;
import io.garrick.kv.KvTransaction;
import io.garrick.kv.PdClient;
import io.garrick.kv.RegionInfo;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.kvrpc.SplitRegionRequest;
import io.garrick.proto.kvrpc.SplitRegionResponse;
import io.garrick.proto.meta.PeerRole;
import io.garrick.proto.meta.Region;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A PD and stores in one process: replication, splits, failures, restarts. */
final class ClusterTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir private Path directory;

    private FlashKvConfig config() {
        return FlashKvConfig.of(directory)
                .withSyncWrites(false)
                .withTick(Duration.ofMillis(100))
                .withHeartbeatInterval(Duration.ofSeconds(1));
    }

    private static FlashKv start(FlashKvConfig config) throws IOException {
        return FlashKv.start(config, (_, _) -> new NoTransactions());
    }

    /** Only the regions are under test. */
    private static final class NoTransactions implements TransactionLayer {
        @Override
        public BindableService kvMethods() {
            return new TikvGrpc.TikvImplBase() {};
        }

        @Override
        public ReadIndexObserver readIndexObserver() {
            return ReadIndexObserver.NONE;
        }

        @Override
        public void close() {}
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

    private static ByteString encoded(String key) {
        return ByteString.copyFrom(Memcomparable.encode(key.getBytes(StandardCharsets.UTF_8)));
    }

    /** Reads and writes as a client does: ask PD, go to the leader, retry on region errors. */
    private record Client(FlashKv cluster, PdClient pd) implements AutoCloseable {
        static Client of(FlashKv cluster) {
            return new Client(
                    cluster,
                    PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT));
        }

        private @Nullable RegionKv leaderOf(RegionInfo info) {
            var leader = info.leader();
            if (leader == null) {
                return null;
            }
            for (int number = 1; number <= cluster.storeAddresses().size() + 1; number++) {
                try {
                    Store store = cluster.store(number);
                    if (store.id() == leader.getStoreId()) {
                        return store.regions();
                    }
                } catch (IllegalArgumentException | IndexOutOfBoundsException stopped) {
                    // Another one may lead.
                }
            }
            return null;
        }

        private static Context context(RegionInfo info) {
            Context.Builder context =
                    Context.newBuilder()
                            .setRegionId(info.region().getId())
                            .setRegionEpoch(info.region().getRegionEpoch());
            if (info.leader() != null) {
                context.setPeer(info.leader());
            }
            return context.build();
        }

        RegionInfo region(String key) {
            // Right after a split PD has not heard of every part yet.
            eventually("region of " + key, () -> find(key).isPresent());
            return find(key).orElseThrow();
        }

        private Optional<RegionInfo> find(String key) {
            return pd.regionByKey(Key.wrap(encoded(key).toByteArray()));
        }

        void put(String key, String value) {
            put(List.of(new Modify.Put(Cf.DEFAULT, encoded(key), ByteString.copyFromUtf8(value))));
        }

        void put(List<Modify> modifies) {
            eventually(
                    "put",
                    () -> {
                        Optional<RegionInfo> found =
                                pd.regionByKey(Key.wrap(modifies.getFirst().key().toByteArray()));
                        if (found.isEmpty()) {
                            return false;
                        }
                        RegionInfo info = found.get();
                        RegionKv kv = leaderOf(info);
                        if (kv == null) {
                            return false;
                        }
                        Proposal proposal = kv.propose(context(info), modifies).join();
                        return proposal instanceof Proposal.Applied;
                    });
        }

        @Nullable String get(String key) {
            AtomicReference<@Nullable String> value = new AtomicReference<>();
            eventually(
                    "get " + key,
                    () -> {
                        RegionInfo info = region(key);
                        RegionKv kv = leaderOf(info);
                        if (kv == null
                                || !(kv.snapshot(context(info)).join()
                                        instanceof Access.Granted(RegionSnapshot snapshot))) {
                            return false;
                        }
                        try (snapshot) {
                            byte[] found = snapshot.get(Cf.DEFAULT, encoded(key).toByteArray());
                            value.set(
                                    found == null
                                            ? null
                                            : new String(found, StandardCharsets.UTF_8));
                        }
                        return true;
                    });
            return value.get();
        }

        SplitRegionResponse split(String key) {
            RegionInfo info = region(key);
            String address =
                    pd.getStore(java.util.Objects.requireNonNull(info.leader()).getStoreId())
                            .orElseThrow()
                            .getAddress();
            ManagedChannel channel = NettyChannelBuilder.forTarget(address).usePlaintext().build();
            try {
                return TikvGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(20, TimeUnit.SECONDS)
                        .splitRegion(
                                SplitRegionRequest.newBuilder()
                                        .setContext(context(info))
                                        .addSplitKeys(ByteString.copyFromUtf8(key))
                                        .build());
            } finally {
                channel.shutdownNow();
            }
        }

        @Override
        public void close() {
            pd.close();
        }
    }

    private static long voters(Region region) {
        return region.getPeersList().stream()
                .filter(peer -> peer.getRole() == PeerRole.Voter)
                .count();
    }

    private static boolean everywhere(FlashKv cluster, int stores, int regions) {
        for (int number = 1; number <= stores; number++) {
            List<Region> here = cluster.store(number).regionList();
            if (here.size() != regions
                    || here.stream().anyMatch(region -> voters(region) != stores)) {
                return false;
            }
        }
        return true;
    }

    @Test
    void theFirstRegionSpreadsToThreeStoresAndSurvivesARestart() throws IOException {
        try (FlashKv cluster = start(config());
                Client client = Client.of(cluster)) {
            eventually("three replicas", () -> everywhere(cluster, 3, 1));
            client.put("a", "1");
            client.put("b", "2");
            client.put("a", "3");
            assertThat(client.get("a")).isEqualTo("3");
            assertThat(client.get("c")).isNull();
        }
        try (FlashKv cluster = start(config());
                Client client = Client.of(cluster)) {
            assertThat(client.get("a")).isEqualTo("3");
            assertThat(client.get("b")).isEqualTo("2");
            client.put("c", "4");
            assertThat(client.get("c")).isEqualTo("4");
        }
    }

    @Test
    void aSplitRegionServesBothHalvesOnAllStores() throws IOException {
        try (FlashKv cluster = start(config());
                Client client = Client.of(cluster)) {
            eventually("three replicas", () -> everywhere(cluster, 3, 1));
            client.put("a", "1");
            client.put("x", "2");
            SplitRegionResponse response = client.split("m");
            assertThat(response.hasRegionError()).as(response.toString()).isFalse();
            assertThat(response.getRegionsList()).hasSize(2);
            assertThat(response.getRegions(0).getEndKey()).isEqualTo(encoded("m"));
            eventually("two regions everywhere", () -> everywhere(cluster, 3, 2));
            eventually(
                    "pd knows",
                    () ->
                            client.region("a").region().getId()
                                    != client.region("x").region().getId());
            client.put("b", "3");
            client.put("y", "4");
            assertThat(client.get("a")).isEqualTo("1");
            assertThat(client.get("x")).isEqualTo("2");
            assertThat(client.get("b")).isEqualTo("3");
            assertThat(client.get("y")).isEqualTo("4");
        }
    }

    @Test
    void aRegionThatGrowsIsSplitBySize() throws IOException {
        try (FlashKv cluster = start(config().withRegionSplitBytes(256 << 10));
                Client client = Client.of(cluster)) {
            String value = "v".repeat(1000);
            for (int batch = 0; batch < 20; batch++) {
                for (int row = 0; row < 50; row++) {
                    client.put(
                            List.of(
                                    new Modify.Put(
                                            Cf.WRITE,
                                            encoded("row" + (10_000 + batch * 50 + row))
                                                    .concat(ByteString.copyFrom(new byte[8])),
                                            ByteString.copyFromUtf8(value))));
                }
            }
            eventually("three regions", () -> cluster.store(1).regionList().size() >= 3);
        }
    }

    @Test
    void aStoppedStoreMissesNothing() throws IOException {
        try (FlashKv cluster = start(config());
                Client client = Client.of(cluster)) {
            eventually("three replicas", () -> everywhere(cluster, 3, 1));
            client.put("a", "1");
            for (int number = 1; number <= 3; number++) {
                cluster.stopStore(number);
                client.put("k" + number, "while stopped");
                cluster.startStore(number);
            }
            for (int number = 1; number <= 3; number++) {
                assertThat(client.get("k" + number)).isEqualTo("while stopped");
            }
            assertThat(client.get("a")).isEqualTo("1");
        }
    }

    @Test
    void aLeaderThatIsCutOffAnswersNoReadAfterAnotherWasElected() throws IOException {
        try (FlashKv cluster = start(config());
                Client client = Client.of(cluster)) {
            eventually("three replicas", () -> everywhere(cluster, 3, 1));
            client.put("a", "before");
            Context asked = Client.context(client.region("a"));
            List<Store> stores = List.of(cluster.store(1), cluster.store(2), cluster.store(3));
            Store old =
                    stores.stream()
                            .filter(store -> store.id() == asked.getPeer().getStoreId())
                            .findFirst()
                            .orElseThrow();
            for (Store other : stores) {
                if (other.id() != old.id()) {
                    old.setLinkCut(other.id(), true);
                    other.setLinkCut(old.id(), true);
                }
            }
            eventually(
                    "another leader",
                    () ->
                            stores.stream()
                                    .anyMatch(store ->
                                            store.id() != old.id()
                                                    && !store.ledRegions().isEmpty()));
            assertThat(old.regions().snapshot(asked).join()).isInstanceOf(Access.Refused.class);
            client.put("a", "after");
            assertThat(client.get("a")).isEqualTo("after");
            for (Store other : stores) {
                old.setLinkCut(other.id(), false);
                other.setLinkCut(old.id(), false);
            }
            eventually("the old leader follows", () -> old.ledRegions().isEmpty());
        }
    }

    @Test
    void aDirectoryInUseIsRefused() throws IOException {
        FlashKvConfig config = config().withStores(1);
        try (FlashKv cluster = start(config)) {
            assertThat(cluster.storeAddresses()).hasSize(1);
            assertThatThrownBy(() -> start(config))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("in use");
        }
    }

    @Test
    void transactionsAreKeptByTheWholeCluster() throws IOException {
        Key row = Key.of("t_row".getBytes(StandardCharsets.UTF_8));
        Timestamp first;
        try (FlashKv cluster = FlashKv.start(config());
                PdClient pd = pd(cluster);
                KvClient client = KvClient.connect(pd)) {
            eventually("three replicas", () -> everywhere(cluster, 3, 1));
            KvTransaction transaction = client.begin();
            transaction.put(row, bytes("one"));
            first = transaction.commit();
            client.splitRegions(List.of(Key.of(bytes("s")), Key.of(bytes("u"))));
            eventually("three regions", () -> cluster.store(1).regionList().size() == 3);
            KvTransaction across = client.begin();
            across.put(row, bytes("two"));
            across.put(Key.of(bytes("a")), bytes("left"));
            across.put(Key.of(bytes("z")), bytes("right"));
            across.commit();
        }
        try (FlashKv cluster = FlashKv.start(config());
                PdClient pd = pd(cluster);
                KvClient client = KvClient.connect(pd)) {
            KvSnapshot now = client.snapshot(pd.timestamp());
            assertThat(now.get(row)).hasValue(bytes("two"));
            assertThat(now.get(Key.of(bytes("a")))).hasValue(bytes("left"));
            assertThat(now.get(Key.of(bytes("z")))).hasValue(bytes("right"));
            assertThat(client.snapshot(first).get(row)).hasValue(bytes("one"));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static PdClient pd(FlashKv cluster) {
        return PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT);
    }
}
