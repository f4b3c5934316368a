package io.garrick.flashkv;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.garrick.base.Key;
import io.garrick.codec.key.Memcomparable;
import io.garrick.kv.PdClient;
import io.garrick.kv.RegionInfo;
import io.garrick.proto.error.Error;
import io.garrick.proto.kvrpc.Context;
import io.garrick.proto.kvrpc.GetRequest;
import io.garrick.proto.kvrpc.GetResponse;
import io.garrick.proto.kvrpc.KeyError;
import io.garrick.proto.kvrpc.Mutation;
import io.garrick.proto.kvrpc.Op;
import io.garrick.proto.kvrpc.PessimisticLockRequest;
import io.garrick.proto.kvrpc.PessimisticLockResponse;
import io.garrick.proto.kvrpc.PrewriteRequest;
import io.garrick.proto.kvrpc.PrewriteResponse;
import io.garrick.proto.kvrpc.SplitRegionRequest;
import io.garrick.proto.meta.Region;
import io.garrick.proto.tikv.TikvGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Transactions as a TiDB asks for them, on three stores: two regions led by two of them. */
final class TransactionClusterTest {
    @TempDir static Path directory;

    private static FlashKv cluster;
    private static PdClient pd;
    private static Region beforeSplit = Region.getDefaultInstance();
    private static final Map<String, ManagedChannel> channels = new HashMap<>();

    @BeforeAll
    static void start() throws Exception {
        cluster =
                FlashKv.start(
                        FlashKvConfig.of(directory)
                                .withSyncWrites(false)
                                .withTick(Duration.ofMillis(50))
                                .withHeartbeatInterval(Duration.ofSeconds(1)));
        pd = PdClient.connect(List.of(cluster.pdAddress()), PdClient.Options.DEFAULT);
        eventually(
                "three voters",
                () -> cluster.store(1).regionList().getFirst().getPeersCount() == 3);
        eventually("pd knows", () -> region("a").region().getPeersCount() == 3);
        eventually(
                "two regions",
                () -> {
                    split();
                    return id("a") != id("z") && leader("z") != 0;
                });
        eventually("a leader", () -> leader("a") != 0);
        lead("z", otherStore(leader("a")));
    }

    /** Refused while replicas are still being added: asked again until it is done. */
    private static void split() {
        if (id("a") == id("z") && leader("a") != 0) {
            beforeSplit = region("a").region();
            SplitRegionRequest request =
                    SplitRegionRequest.newBuilder()
                            .setContext(context("a"))
                            .addSplitKeys(raw("m"))
                            .build();
            assertThat(store("a").splitRegion(request)).isNotNull();
        }
    }

    @AfterAll
    static void stop() {
        channels.values().forEach(ManagedChannel::shutdownNow);
        if (pd != null) {
            pd.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    private static void eventually(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
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

    private static ByteString raw(String key) {
        return ByteString.copyFromUtf8(key);
    }

    private static RegionInfo region(String key) {
        Key encoded = Memcomparable.encode(Key.wrap(raw(key).toByteArray()));
        // Right after a split PD has not heard of every part yet.
        eventually("region of " + key, () -> pd.regionByKey(encoded).isPresent());
        return pd.regionByKey(encoded).orElseThrow();
    }

    private static long id(String key) {
        return region(key).region().getId();
    }

    private static long leader(String key) {
        var leader = region(key).leader();
        return leader == null ? 0 : leader.getStoreId();
    }

    private static long otherStore(long than) {
        return region("a").region().getPeersList().stream()
                .mapToLong(peer -> peer.getStoreId())
                .filter(store -> store != than)
                .findFirst()
                .orElseThrow();
    }

    private static void lead(String key, long storeId) throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request =
                    HttpRequest.newBuilder(
                                    URI.create(
                                            "http://"
                                                    + cluster.pdHttpAddress()
                                                    + "/pd/api/v1/operators"))
                            .POST(
                                    HttpRequest.BodyPublishers.ofString(
                                            "{\"name\":\"transfer-leader\",\"region_id\":%d,\"to_store_id\":%d}"
                                                    .formatted(id(key), storeId)))
                            .build();
            assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
                    .isEqualTo(200);
        }
        eventually("store " + storeId + " leads " + key, () -> leader(key) == storeId);
    }

    private static Context context(String key) {
        RegionInfo info = region(key);
        return Context.newBuilder()
                .setRegionId(info.region().getId())
                .setRegionEpoch(info.region().getRegionEpoch())
                .setPeer(Objects.requireNonNull(info.leader()))
                .build();
    }

    private static TikvGrpc.TikvBlockingStub store(String key) {
        String address = pd.getStore(leader(key)).orElseThrow().getAddress();
        ManagedChannel channel =
                channels.computeIfAbsent(
                        address,
                        _ -> NettyChannelBuilder.forTarget(address).usePlaintext().build());
        return TikvGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    private static PessimisticLockResponse lock(long startTs, String key, long waitMillis) {
        return store(key)
                .kvPessimisticLock(
                        PessimisticLockRequest.newBuilder()
                                .setContext(context(key))
                                .setStartVersion(startTs)
                                .setForUpdateTs(startTs)
                                .setPrimaryLock(raw(key))
                                .setLockTtl(3000)
                                .setWaitTimeout(waitMillis)
                                .addMutations(
                                        Mutation.newBuilder()
                                                .setOp(Op.PessimisticLock)
                                                .setKey(raw(key)))
                                .build());
    }

    private static GetResponse get(String key, long ts) {
        return store(key)
                .kvGet(
                        GetRequest.newBuilder()
                                .setContext(context(key))
                                .setKey(raw(key))
                                .setVersion(ts)
                                .build());
    }

    private static PrewriteResponse onePhase(String key, long startTs) {
        return store(key)
                .kvPrewrite(
                        PrewriteRequest.newBuilder()
                                .setContext(context(key))
                                .setStartVersion(startTs)
                                .setPrimaryLock(raw(key))
                                .setLockTtl(3000)
                                .setTryOnePc(true)
                                .addMutations(
                                        Mutation.newBuilder()
                                                .setOp(Op.Put)
                                                .setKey(raw(key))
                                                .setValue(raw("v")))
                                .build());
    }

    private static long timestamp() {
        return pd.timestamp().value();
    }

    @Test
    void aCircleOfWaitsOverTwoStoresIsFound() throws Exception {
        long first = timestamp();
        long second = timestamp();
        assertThat(lock(first, "a-dead", -1).getErrorsList()).isEmpty();
        assertThat(lock(second, "z-dead", -1).getErrorsList()).isEmpty();
        // Both wait, and go on asking as a client does, until one is told of the deadlock.
        CompletableFuture<KeyError> one =
                CompletableFuture.supplyAsync(
                        () -> lockUntilTold(first, "z-dead"), Thread::startVirtualThread);
        CompletableFuture<KeyError> other =
                CompletableFuture.supplyAsync(
                        () -> lockUntilTold(second, "a-dead"), Thread::startVirtualThread);
        KeyError told = (KeyError) CompletableFuture.anyOf(one, other).get(30, TimeUnit.SECONDS);
        assertThat(told.hasDeadlock()).as(told.toString()).isTrue();
        assertThat(told.getDeadlock().getWaitChainList()).hasSize(1);
        assertThat(told.getDeadlock().getLockTs()).isIn(first, second);
    }

    private static KeyError lockUntilTold(long startTs, String key) {
        for (int attempt = 0; attempt < 20; attempt++) {
            PessimisticLockResponse response = lock(startTs, key, 1000);
            if (response.getErrorsCount() != 0 && response.getErrors(0).hasDeadlock()) {
                return response.getErrors(0);
            }
        }
        return KeyError.getDefaultInstance();
    }

    @Test
    void aNewLeaderChoosesCommitTimestampsAboveWhatTheOldOneLetRead() throws Exception {
        long startTs = timestamp();
        long readTs = timestamp();
        assertThat(get("z-moved", readTs).getNotFound()).isTrue();
        lead("z", otherStore(leader("z")));
        PrewriteResponse response = onePhase("z-moved", startTs);
        assertThat(response.getErrorsList()).isEmpty();
        assertThat(response.getOnePcCommitTs()).isGreaterThan(readTs);
        assertThat(get("z-moved", readTs).getNotFound()).isTrue();
        assertThat(get("z-moved", response.getOnePcCommitTs()).getValue()).isEqualTo(raw("v"));
    }

    @Test
    void anOldEpochIsAnsweredWithTheRegionAndItsNeighbour() {
        Context old = context("a").toBuilder().setRegionEpoch(beforeSplit.getRegionEpoch()).build();
        Error error =
                store("a")
                        .kvGet(
                                GetRequest.newBuilder()
                                        .setContext(old)
                                        .setKey(raw("a"))
                                        .setVersion(timestamp())
                                        .build())
                        .getRegionError();
        assertThat(error.getEpochNotMatch().getCurrentRegionsList())
                .extracting(Region::getId)
                .containsExactly(id("a"), id("z"));
    }

    @Test
    void aStaleReadIsSentToTheLeader() {
        Error error =
                store("a")
                        .kvGet(
                                GetRequest.newBuilder()
                                        .setContext(context("a").toBuilder().setStaleRead(true))
                                        .setKey(raw("a"))
                                        .setVersion(timestamp())
                                        .build())
                        .getRegionError();
        assertThat(error.getDataIsNotReady().getRegionId()).isEqualTo(id("a"));
    }

    @Test
    void aKeyOfTheOtherRegionIsRefused() {
        Error error =
                store("a")
                        .kvGet(
                                GetRequest.newBuilder()
                                        .setContext(context("a"))
                                        .setKey(raw("z"))
                                        .setVersion(timestamp())
                                        .build())
                        .getRegionError();
        assertThat(error.getKeyNotInRegion().getRegionId()).isEqualTo(id("a"));
    }

    @Test
    void aPeerThatIsNotTheOneAddressedSaysSo() {
        Context asked = context("a");
        Context wrong =
                asked.toBuilder()
                        .setPeer(asked.getPeer().toBuilder().setId(asked.getPeer().getId() + 1000))
                        .build();
        GetRequest.Builder request =
                GetRequest.newBuilder().setKey(raw("a")).setVersion(timestamp());
        assertThat(
                        store("a")
                                .kvGet(request.setContext(wrong).build())
                                .getRegionError()
                                .getMismatchPeerId()
                                .getStorePeerId())
                .isEqualTo(asked.getPeer().getId());
        Context elsewhere =
                asked.toBuilder().setPeer(asked.getPeer().toBuilder().setStoreId(999)).build();
        assertThat(
                        store("a")
                                .kvGet(request.setContext(elsewhere).build())
                                .getRegionError()
                                .getStoreNotMatch()
                                .getRequestStoreId())
                .isEqualTo(999);
        Context unknown = asked.toBuilder().setRegionId(12345).build();
        assertThat(
                        store("a")
                                .kvGet(request.setContext(unknown).build())
                                .getRegionError()
                                .getRegionNotFound()
                                .getRegionId())
                .isEqualTo(12345);
    }
}
